import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { parseJws } from '../../src/core/sign.ts'
import { CEREMONY_TTL_MS } from '../../src/registry/ceremony-rows.ts'
import { ACT_TAG, ROOT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { Shown } from '../../src/token/shown.ts'
import { delegationOf, TestServer, type Answer, type Operator } from './harness.ts'

const code = (answer: Answer) => answer.json.error?.code

let offset_ms = 0
const clock = { now: () => Date.now() + offset_ms, monotonic: () => performance.now() + offset_ms }
const server = new TestServer({ clock })
let ann: Operator
let pam: Operator
let agent: Awaited<ReturnType<TestServer['agent']>>
let point: string

/** Plays a passkey in a browser. */
const passkey = (o: { origin?: string } = {}): SoftwareAuthenticator =>
  softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
    rp_id: 'localhost',
    origin: o.origin ?? 'http://localhost',
    aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
  })

/** What a page sends: no proof, no cookie, one secret. */
async function browser(path: 'open' | 'answer' | 'decline', body: object): Promise<Answer> {
  const response = await fetch(`${server.base()}/v1/ceremonies/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, json: await response.json() }
}

const secretOf = (made: Answer): string => new URL(made.json.url).hash.slice(1)
const act: JsonValue = { act: 'test.act', number: 7 }
const shownOf = (value: JsonValue): { challenge: string; shown: Shown } => ({
  challenge: challengeOf(nodeCrypto, ACT_TAG, value),
  shown: { tag: ACT_TAG, value },
})
const asked = (): Promise<Answer> => pam.api.post('/v1/ceremonies', shownOf(act))

async function enrolWithPasskey(name: string): Promise<Operator> {
  const { json } = await ann.api.post('/v1/people', { name })
  const [api, authenticator] = [server.caller(), passkey()]
  const made = await api.post('/v1/ceremonies/enrol', { secret: json.invitation, name })
  const secret = secretOf(made)
  const { challenge } = (await browser('open', { secret })).json
  const answer = await browser('answer', { secret, credential: authenticator.register(challenge) })
  expect(answer).toMatchObject({ status: 200, json: { next: null } })
  const { enrolled } = (await api.get(`/v1/ceremonies/${made.json.id}`)).json
  return { id: enrolled.person, rev: enrolled.rev, api, authenticator }
}

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  pam = await enrolWithPasskey('Pam')
  await server.endorse(ann, pam.id)
  agent = await server.agent(ann, pam)
  point = (await server.point(ann)).id
})
afterAll(() => server.remove())

describe('a gesture by ceremony', () => {
  test('is asked for with what is shown, answered once, and told to the key that asked', async () => {
    const made = await asked()
    expect(made.json.url).toMatch(/^http:\/\/localhost\/ceremony#[A-Za-z0-9_-]{43}$/)
    const secret = secretOf(made)
    const open = await browser('open', { secret })
    expect(open.json).toMatchObject({
      kind: 'gesture',
      state: 'open',
      person: { id: pam.id, name: 'Pam', rev: pam.rev },
      shown: { tag: ACT_TAG, value: act },
      rp_id: 'localhost',
      origins: ['http://localhost'],
    })
    const outcome = () => pam.api.get(`/v1/ceremonies/${made.json.id}`)
    expect((await outcome()).json).toEqual({ state: 'open' })
    const gesture = pam.authenticator.assert(open.json.challenge)
    expect((await browser('answer', { secret, gesture })).json).toEqual({ next: null })
    expect((await outcome()).json).toEqual({ state: 'done', gesture })
    expect(code(await ann.api.get(`/v1/ceremonies/${made.json.id}`))).toBe('UNKNOWN_CEREMONY')
    expect((await browser('open', { secret })).json.state).toBe('used')
    const replayed = await browser('answer', { secret, gesture })
    expect([replayed.status, code(replayed)]).toEqual([409, 'STATE_CONFLICT'])
  })

  test('seals a delegation whose root says that a passkey was used', async () => {
    const draft = (await pam.api.post('/v1/delegations/drafts', delegationOf(agent, point))).json
    const { header, payload, disclosures } = draft.shown
    const shown = { tag: ROOT_TAG, value: { header, payload }, disclosures }
    const made = await pam.api.post('/v1/ceremonies', { challenge: draft.challenge, shown })
    const secret = secretOf(made)
    const open = (await browser('open', { secret })).json
    expect(open.names).toMatchObject({ [agent.id]: 'Bot', [point]: 'gw', [pam.rev]: 'Pam' })
    await browser('answer', { secret, gesture: pam.authenticator.assert(open.challenge) })
    const { gesture } = (await pam.api.get(`/v1/ceremonies/${made.json.id}`)).json
    const { chain } = (await pam.api.post(`/v1/delegations/drafts/${draft.jti}/seal`, gesture)).json
    const { amr, acr } = parseJws(chain.slice(0, chain.indexOf('~'))).payload
    expect([amr, acr]).toEqual([['pop', 'user'], 'phr'])
  })

  test('trusts another issuer, and tells the page which entry proposed it', async () => {
    const key = () => nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    const issuer = {
      iss: 'other.example/log',
      rp_id: 'other.example',
      origins: ['https://other.example'],
      keys: [{ jwk: key() }],
      control_plane: 'https://other.example',
      frame_key: key(),
    }
    const { id, proposal } = (await ann.api.post('/v1/issuers', { issuer })).json
    const shown = (await pam.api.get(`/v1/issuers/${id}/approval`)).json
    const made = await pam.api.post('/v1/ceremonies', shownOf(shown.act))
    const secret = secretOf(made)
    const open = (await browser('open', { secret })).json
    expect(open.challenge).toBe(shown.challenge)
    expect(open.entry).toMatchObject({ index: proposal, entry: { actor: { id: ann.id }, body: { issuer } } })
    expect(open.names).toMatchObject({ [ann.id]: 'First operator', [pam.id]: 'Pam' })
    await browser('answer', { secret, gesture: pam.authenticator.assert(open.challenge) })
    const { gesture } = (await pam.api.get(`/v1/ceremonies/${made.json.id}`)).json
    expect((await pam.api.post(`/v1/issuers/${id}/approve`, gesture)).json).toEqual({
      acted_alone: false,
      seq: 2,
    })
  })

  test('shows the log entry that the act is about, and the names in it', async () => {
    const proposal = { name: 'Careful bot', class: 'coding', purpose: 'Reads', systems: [], manifest: {} }
    const { agent: id } = (await ann.api.post('/v1/agents', proposal)).json
    const { act: approval, challenge } = (await pam.api.get(`/v1/agents/${id}/approval`)).json
    const shown = { tag: ACT_TAG, value: approval }
    const secret = secretOf(await pam.api.post('/v1/ceremonies', { challenge, shown }))
    const { names, entry } = (await browser('open', { secret })).json
    expect(entry).toMatchObject({ index: approval.proposal, entry: { body: { purpose: 'Reads' } } })
    expect(names[id]).toBe('Careful bot')
  })

  test('that is declined stays declined', async () => {
    const made = await asked()
    const secret = secretOf(made)
    expect((await browser('decline', { secret })).json).toEqual({ ok: true })
    expect((await pam.api.get(`/v1/ceremonies/${made.json.id}`)).json).toEqual({ state: 'declined' })
    const { challenge } = shownOf(act)
    const late = await browser('answer', { secret, gesture: pam.authenticator.assert(challenge) })
    expect(code(late)).toBe('STATE_CONFLICT')
    expect(code(await browser('decline', { secret }))).toBe('STATE_CONFLICT')
  })

  test('is good for ten minutes', async () => {
    const made = await asked()
    const secret = secretOf(made)
    const gesture = pam.authenticator.assert(shownOf(act).challenge)
    try {
      offset_ms = CEREMONY_TTL_MS
      expect((await browser('open', { secret })).json.state).toBe('expired')
      expect(code(await browser('answer', { secret, gesture }))).toBe('STATE_CONFLICT')
      expect(code(await browser('decline', { secret }))).toBe('STATE_CONFLICT')
      const iat = Math.floor(clock.now() / 1000)
      const late = await pam.api.get(`/v1/ceremonies/${made.json.id}`, { claims: { iat } })
      expect(late.json).toEqual({ state: 'expired' })
      await pam.api.post('/v1/ceremonies', shownOf(act), { claims: { iat } })
      expect(code(await browser('open', { secret }))).toBe('UNKNOWN_CEREMONY')
    } finally {
      offset_ms = 0
    }
  })

  test('by a key in a file is not asked of a browser', async () => {
    expect(code(await ann.api.post('/v1/ceremonies', shownOf(act)))).toBe('STATE_CONFLICT')
  })

  test('is not asked of somebody whose registration does not count yet', async () => {
    const una = await enrolWithPasskey('Una')
    expect(code(await una.api.post('/v1/ceremonies', shownOf(act)))).toBe('NOT_ENDORSED')
  })

  test('of a secret that is nobody’s is unknown', async () => {
    const secret = base64url(new Uint8Array(32))
    for (const path of ['open', 'decline'] as const) {
      const answer = await browser(path, { secret })
      expect([answer.status, code(answer)]).toEqual([404, 'UNKNOWN_CEREMONY'])
    }
  })

  test.each<[string, (challenge: string) => object]>([
    ['over another challenge', () => pam.authenticator.assert(base64url(utf8('another')))],
    ['by another person', (challenge) => ann.authenticator.assert(challenge)],
    ['by another passkey', (challenge) => passkey().assert(challenge)],
    ['at another origin', (challenge) => passkey({ origin: 'http://127.0.0.1' }).assert(challenge)],
    [
      'without user verification',
      (challenge) => {
        const good = pam.authenticator.assert(challenge)
        const bytes = Buffer.from(good.authenticator_data, 'base64url')
        bytes[32]! &= ~0x04
        return { ...good, authenticator_data: base64url(bytes) }
      },
    ],
    ['that is no assertion', () => ({ client_data: 'e30', authenticator_data: 'AA', signature: 'AA' })],
  ])('%s is refused, and the link stays good', async (_, bend) => {
    const made = await asked()
    const secret = secretOf(made)
    const { challenge } = shownOf(act)
    const answer = await browser('answer', { secret, gesture: bend(challenge) })
    expect([answer.status, code(answer)]).toEqual([403, 'GESTURE_INVALID'])
    expect((await pam.api.get(`/v1/ceremonies/${made.json.id}`)).json).toEqual({ state: 'open' })
    const good = await browser('answer', { secret, gesture: pam.authenticator.assert(challenge) })
    expect(good.status).toBe(200)
  })

  test('cannot be answered as an enrolment, nor an enrolment as a gesture', async () => {
    const secret = secretOf(await asked())
    const credential = passkey().register(shownOf(act).challenge)
    expect(code(await browser('answer', { secret, credential }))).toBe('STATE_CONFLICT')
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Quin' })).json
    const other = secretOf(await server.caller().post('/v1/ceremonies/enrol', { secret: invitation }))
    const gesture = pam.authenticator.assert(shownOf(act).challenge)
    expect(code(await browser('answer', { secret: other, gesture }))).toBe('STATE_CONFLICT')
  })

  test('is refused when the challenge is not a digest of what would be shown', async () => {
    const draft = (await pam.api.post('/v1/delegations/drafts', delegationOf(agent, point))).json
    const { header, payload, disclosures } = draft.shown
    const good = { tag: ROOT_TAG, value: { header, payload }, disclosures }
    const of = async (shown: object, challenge = draft.challenge) =>
      code(await pam.api.post('/v1/ceremonies', { challenge, shown }))
    const other = base64url(
      utf8(JSON.stringify(['a'.repeat(22), { type: 'tool', server: 'x', actions: ['*'] }])),
    )
    expect(await of(good)).toBeUndefined()
    expect(await of({ ...good, value: { header, payload: { ...payload, depth_max: 0 } } })).toBe(
      'GESTURE_INVALID',
    )
    expect(await of({ ...good, disclosures: disclosures.slice(1) })).toBe('GESTURE_INVALID')
    expect(await of({ ...good, disclosures: [other, ...disclosures.slice(1)] })).toBe('GESTURE_INVALID')
    expect(await of({ ...good, disclosures: [...disclosures, other] })).toBe('GESTURE_INVALID')
    expect(await of({ ...good, tag: ACT_TAG })).toBe('GESTURE_INVALID')
    const value = { a: 1 }
    const foreign = challengeOf(nodeCrypto, 'countersign-frame-v1', value)
    expect(await of({ tag: 'countersign-frame-v1', value }, foreign)).toBe('GESTURE_INVALID')
    expect(await of({ ...shownOf(act).shown, disclosures: [other] }, shownOf(act).challenge)).toBe(
      'GESTURE_INVALID',
    )
  })
})

describe('an enrolment by ceremony', () => {
  test('wants a live invitation, and keeps its secret to itself', async () => {
    const api = server.caller()
    expect(code(await api.post('/v1/ceremonies/enrol', { secret: 'nothing' }))).toBe('SECRET_INVALID')
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Rob' })).json
    const made = await api.post('/v1/ceremonies/enrol', { secret: invitation, name: 'Robert' })
    const open = await browser('open', { secret: secretOf(made) })
    expect(open.json).toMatchObject({ kind: 'enrol', person: { name: 'Robert' }, jkt: api.jkt })
    expect(JSON.stringify(open.json)).not.toContain(invitation)
  })

  test('of two browsers that have links of one invitation enrols one', async () => {
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Sue' })).json
    const [one, two] = await Promise.all(
      [server.caller(), server.caller()].map(async (api) => {
        const secret = secretOf(await api.post('/v1/ceremonies/enrol', { secret: invitation }))
        const { challenge } = (await browser('open', { secret })).json
        return browser('answer', { secret, credential: passkey().register(challenge) })
      }),
    )
    expect(new Set([one!.status, two!.status])).toEqual(new Set([200, 403]))
  })

  test('over another challenge is refused, and the link stays good', async () => {
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Tom' })).json
    const secret = secretOf(await server.caller().post('/v1/ceremonies/enrol', { secret: invitation }))
    const wrong = passkey().register(base64url(utf8('another')))
    expect(code(await browser('answer', { secret, credential: wrong }))).toBe('GESTURE_INVALID')
    const { challenge } = (await browser('open', { secret })).json
    const good = await browser('answer', { secret, credential: passkey().register(challenge) })
    expect(good.status).toBe(200)
  })
})

test('the first person goes on to their own endorsement', async () => {
  const fresh = new TestServer()
  await fresh.start()
  const post = async (path: string, body: object) =>
    (
      await fetch(`${fresh.base()}/v1/ceremonies/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).json() as Promise<Answer['json']>
  try {
    const [api, authenticator] = [fresh.caller(), passkey()]
    const made = await api.post('/v1/ceremonies/enrol', { secret: fresh.bootstrapSecret, name: 'First' })
    const secret = secretOf(made)
    const { challenge } = await post('open', { secret })
    const { next } = await post('answer', { secret, credential: authenticator.register(challenge) })
    const second = await post('open', { secret: next })
    expect(second).toMatchObject({ kind: 'gesture', shown: { value: { act: 'person.endorse' } } })
    await post('answer', { secret: next, gesture: authenticator.assert(second.challenge) })
    const { enrolled } = (await api.get(`/v1/ceremonies/${made.json.id}`)).json
    const { gesture } = (await api.get(`/v1/ceremonies/${enrolled.next}`)).json
    expect((await api.post(`/v1/people/${enrolled.person}/endorse`, gesture)).json).toEqual({
      acted_alone: true,
    })
  } finally {
    await fresh.remove()
  }
})

describe('the page', () => {
  test('lets nothing run but its own files', async () => {
    const page = await fetch(`${server.base()}/ceremony`)
    const policy = page.headers.get('content-security-policy')!
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(policy).not.toMatch(/unsafe|http|\*/)
    const html = await page.text()
    for (const [, name] of html.matchAll(/(?:src|href)="\/(ceremony\/[a-z.]+)"/g)) {
      const part = await fetch(`${server.base()}/${name}`)
      expect([name, part.status, part.headers.get('x-content-type-options')]).toEqual([name, 200, 'nosniff'])
    }
    expect(html).not.toMatch(/<style|style=|onclick|<script(?![^>]*src)/)
  })

  test.each(['nothing.js', '..%2fserver.ts', 'ceremony.ts'])('has no part called %s', async (name) => {
    expect((await fetch(`${server.base()}/ceremony/${name}`)).status).toBe(404)
  })
})
