import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type Attestation,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Alg } from '../../src/core/crypto.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { parseJws } from '../../src/core/sign.ts'
import { enrolAct } from '../../src/registry/enrolment.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { delegationOf, TestServer, type Answer, type Caller, type Operator } from './harness.ts'

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

/** AAGUIDs of real authenticators. The middle one is no RFC 9562 UUID. */
const MODELS = [
  '00000000-0000-0000-0000-000000000000',
  'd548826e-79b4-db40-a3d8-11116f7e8349',
  'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
]

const server = new TestServer()
let ann: Operator
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

const invitation = async (name = 'Somebody new'): Promise<string> =>
  (await ann.api.post('/v1/people', { name })).json.invitation

const challengeFor = (api: Caller, secret: string): string =>
  challengeOf(nodeCrypto, ACT_TAG, enrolAct(nodeCrypto, api.jwk, secretHash(nodeCrypto, secret)))

/** Plays a passkey: what an authenticator says of itself is attested by nobody. */
const passkey = (o: { origin?: string; rp_id?: string; aaguid?: string; alg?: Alg } = {}) =>
  softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey(o.alg ?? 'ES256'), {
    rp_id: o.rp_id ?? 'localhost',
    origin: o.origin ?? 'http://localhost',
    aaguid: o.aaguid ?? MODELS[1]!,
  })

const lastEntry = async (type: string) => {
  const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
  return entries.findLast((one: { entry: { type: string } }) => one.entry.type === type).entry
}

describe('registration', () => {
  test.each(MODELS)('of a passkey that says it is %s is marked as one', async (aaguid) => {
    const [api, secret] = [server.caller(), await invitation()]
    const credential = passkey({ aaguid }).register(challengeFor(api, secret))
    const answer = await api.post('/v1/enroll', { secret, credential })
    expect(answer).toMatchObject({ status: 200, json: { first: false } })
    const { person, registration, credential: key } = answer.json
    const { act } = (await ann.api.get(`/v1/people/${person}/endorsement`)).json
    expect(act).toMatchObject({ registration, credential: key })
    const { body } = await lastEntry('person.enrolled')
    expect(body.credential).toMatchObject({ amr: ['pop', 'user'], aaguid, backed_up: false })
  })

  test('of our software authenticator is marked swk', async () => {
    await server.enrol(await invitation())
    const { body } = await lastEntry('person.enrolled')
    expect(body.credential).toMatchObject({
      amr: ['swk'],
      aaguid: 'a717186e-ee2c-4833-8e82-4e76d089a357',
    })
  })

  test('takes an Ed25519 key as well', async () => {
    const [api, secret] = [server.caller(), await invitation()]
    const authenticator = passkey({ alg: 'Ed25519' })
    const credential = authenticator.register(challengeFor(api, secret))
    expect((await api.post('/v1/enroll', { secret, credential })).status).toBe(200)
    const { body } = await lastEntry('person.enrolled')
    expect(body.credential.jwk).toEqual(authenticator.jwk)
  })

  const clientData = (challenge: string, edit: object): string =>
    base64url(
      utf8(
        JSON.stringify({
          type: 'webauthn.create',
          challenge,
          origin: 'http://localhost',
          crossOrigin: false,
          ...edit,
        }),
      ),
    )
  /** `authData` begins after the CBOR head of the attestation object. */
  const withAuthData = (edit: (bytes: Buffer, at: number) => void) => (attestation: Attestation) => {
    const bytes = Buffer.from(fromBase64url(attestation.attestation_object))
    edit(bytes, bytes.indexOf('authData') + 'authData'.length + 2)
    return { ...attestation, attestation_object: base64url(bytes) }
  }
  const made = (o: Parameters<typeof passkey>[0]) => (_: Attestation, challenge: string) =>
    passkey(o).register(challenge)

  test.each<[string, (good: Attestation, challenge: string) => Attestation]>([
    ['over another challenge', () => passkey().register(base64url(utf8('another')))],
    ['made at another origin', made({ origin: 'http://localhost:1' })],
    ['made for another relying party', made({ rp_id: 'example.com' })],
    ['without user verification', withAuthData((bytes, at) => (bytes[at + 32]! &= ~0x04))],
    ['without user presence', withAuthData((bytes, at) => (bytes[at + 32]! &= ~0x01))],
    ['without a key', withAuthData((bytes, at) => (bytes[at + 32]! &= ~0x40))],
    ['of an algorithm that we did not ask for', withAuthData((bytes, at) => (bytes[at + 91] = 0x29))],
    ['that is cut short', (good) => ({ ...good, attestation_object: good.attestation_object.slice(0, 60) })],
    [
      'that is no CBOR',
      (good) => ({ ...good, attestation_object: base64url(new Uint8Array(300).fill(0xff)) }),
    ],
    ['that is empty CBOR', (good) => ({ ...good, attestation_object: 'oA' })],
    ['of another identifier than it says', (good) => ({ ...good, id: base64url(utf8('another')) })],
    [
      'of another attestation format',
      (good) => {
        const bytes = Buffer.from(fromBase64url(good.attestation_object))
        bytes.write('nona', bytes.indexOf('none'))
        return { ...good, attestation_object: base64url(bytes) }
      },
    ],
    [
      'that is an assertion',
      (good, challenge) => ({ ...good, client_data: clientData(challenge, { type: 'webauthn.get' }) }),
    ],
    [
      'made in a foreign frame',
      (good, challenge) => ({ ...good, client_data: clientData(challenge, { crossOrigin: true }) }),
    ],
  ])('%s is refused and leaves the invitation as it was', async (_, bend) => {
    const [api, secret] = [server.caller(), await invitation()]
    const challenge = challengeFor(api, secret)
    const credential = bend(passkey().register(challenge), challenge)
    const answer = await api.post('/v1/enroll', { secret, credential })
    expect([answer.status, code(answer)]).toEqual([403, 'GESTURE_INVALID'])
    const good = passkey().register(challenge)
    expect((await api.post('/v1/enroll', { secret, credential: good })).status).toBe(200)
  })

  test('of one credential identifier under two keys is refused', async () => {
    const first = passkey()
    const [api, secret] = [server.caller(), await invitation()]
    const taken = first.register(challengeFor(api, secret))
    await api.post('/v1/enroll', { secret, credential: taken })
    const [other, another] = [server.caller(), await invitation()]
    const fresh = passkey().register(challengeFor(other, another))
    const bytes = Buffer.from(fromBase64url(fresh.attestation_object))
    const [own, theirs] = [fresh, taken].map(({ id }) => Buffer.from(fromBase64url(id)))
    theirs!.copy(bytes, bytes.indexOf(own!))
    const credential = { ...fresh, id: taken.id, attestation_object: base64url(bytes) }
    expect(code(await other.post('/v1/enroll', { secret: another, credential }))).toBe('KEY_IN_USE')
  })
})

describe('before somebody endorses a registration', () => {
  let ben: Operator
  beforeAll(async () => {
    ben = await server.enrol(await invitation('Ben, not endorsed'))
  })

  const refused = (answer: Answer): void =>
    expect([answer.status, code(answer)]).toEqual([403, 'NOT_ENDORSED'])

  test('that person revokes nothing but themselves and what is theirs', async () => {
    const eve = await server.enrol(await invitation('Eve, not endorsed'))
    const { id } = await server.agent(ann, ann)
    for (const [kind, target] of [
      ['agent', id],
      ['person', ann.id],
      ['delegation', 'dlg_of_nobody'],
    ])
      refused(await eve.api.post('/v1/revocations', { kind, target, reason: 'test' }))
    const own = await eve.api.post('/v1/revocations', { kind: 'person', target: eve.id, reason: 'test' })
    expect(own.status).toBe(200)
  })

  test('no gesture of that person counts: drafts, approvals, endorsements', async () => {
    const proposal = { name: 'Bot', class: 'c', purpose: 'p', systems: [], manifest: {} }
    const agent = (await ann.api.post('/v1/agents', proposal)).json.agent
    refused(await server.approve(ben, agent))
    refused(
      await ben.api.post(
        '/v1/delegations/drafts',
        delegationOf({ id: agent, key: server.caller() }, 'pnt_x'),
      ),
    )
    const carol = await server.enrol(await invitation('Carol'))
    refused(await server.endorse(ben, carol.id))
    expect(await lastEntry('person.enrolled')).toMatchObject({ subject: carol.id })
  })

  test('that person sees what they need for it, and nothing of anybody or anything else', async () => {
    const eve = await server.enrol(await invitation('Eve'))
    for (const path of [
      'people',
      'entries?limit=1',
      'entries/newest',
      'entries/stream',
      'agents',
      'roles',
      'evidence',
      'checkpoints',
    ])
      expect([path, code(await eve.api.get(`/v1/${path}`))]).toEqual([path, 'NOT_ENDORSED'])
    expect(code(await eve.api.post('/v1/people', { name: 'Another of Eve' }))).toBe('NOT_ENDORSED')
    expect(code(await eve.api.post('/v1/viewer-links', {}))).toBe('NOT_ENDORSED')
    expect((await eve.api.get('/v1/passkeys')).status).toBe(200)
    expect((await eve.api.get(`/v1/people/${eve.id}/endorsement`)).json.act).toMatchObject({ person: eve.id })
    for (const of of [ann.id, ben.id, 'per_nobody'])
      expect(code(await eve.api.get(`/v1/people/${of}/endorsement`))).toBe('NOT_ENDORSED')
    // In a session likewise, which says who they are and that they may do nothing yet.
    const headers = { origin: server.base(), 'content-type': 'application/json' }
    const post = (path: string, body: object) =>
      fetch(server.base() + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const { challenge } = (await (await post('/v1/session/challenge', {})).json()) as { challenge: string }
    const credential_id = thumbprint(nodeCrypto, eve.authenticator.jwk)
    const gesture = eve.authenticator.assert(challenge)
    const entered = await post('/v1/session/passkey', { challenge, credential_id, gesture })
    const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const look = async (path: string): Promise<unknown> =>
      (await fetch(server.base() + path, { headers: { cookie } })).json()
    expect(await look('/v1/session')).toMatchObject({ person: { id: eve.id, endorsed: false }, roles: [] })
    expect(await look('/v1/people')).toMatchObject({ error: { code: 'NOT_ENDORSED' } })
    await server.endorse(ann, eve.id)
    expect(await look('/v1/people')).toMatchObject({ people: expect.any(Array) })
    expect((await eve.api.get('/v1/agents')).status).toBe(200)
  })

  test('they do not endorse themselves', async () => {
    const answer = await server.endorse(ben, ben.id)
    expect([answer.status, code(answer)]).toEqual([403, 'SAME_PERSON'])
  })

  test('an endorsement is over one registration, by who makes it', async () => {
    const carol = await server.enrol(await invitation('Carol, two'))
    const { json } = await ann.api.get(`/v1/people/${carol.id}/endorsement`)
    const parts = ann.authenticator.assert(json.challenge)
    expect(code(await ann.api.post(`/v1/people/${ben.id}/endorse`, parts))).toBe('GESTURE_INVALID')
    const foreign = ben.authenticator.assert(
      (await ann.api.get(`/v1/people/${ben.id}/endorsement`)).json.challenge,
    )
    expect(code(await ann.api.post(`/v1/people/${ben.id}/endorse`, foreign))).toBe('GESTURE_INVALID')
    const invited = (await ann.api.post('/v1/people', { name: 'Dan' })).json.person
    expect(code(await ann.api.get(`/v1/people/${invited}/endorsement`))).toBe('STATE_CONFLICT')
    expect(code(await ann.api.get('/v1/people/per_nobody/endorsement'))).toBe('UNKNOWN_PERSON')
  })

  test('and afterwards they do, and the list and the log say so', async () => {
    const listed = async () =>
      (await ann.api.get('/v1/people')).json.people.find(({ id }: { id: string }) => id === ben.id)
    expect(await listed()).toMatchObject({ status: 'enrolled', endorsed: false })
    expect((await server.endorse(ann, ben.id)).json).toEqual({ acted_alone: false })
    expect(await listed()).toMatchObject({ status: 'enrolled', endorsed: true })
    expect(await lastEntry('person.endorsed')).toMatchObject({
      actor: { kind: 'person', id: ann.id },
      subject: ben.id,
      body: { act: { act: 'person.endorse', person: ben.id, endorser: ann.id }, acted_alone: false },
    })
    const again = await server.endorse(ann, ben.id)
    expect([again.status, code(again)]).toEqual([409, 'STATE_CONFLICT'])
    const agent = await server.agent(ann, ben)
    const { id: point } = await server.point(ann)
    const { chain } = await server.delegate(ben, agent, point)
    const { amr, acr } = parseJws(chain.slice(0, chain.indexOf('~'))).payload
    expect([amr, acr]).toEqual([['swk'], undefined])
  })
})

test('a person who endorsed themselves first is on record as having acted alone', async () => {
  const { entries } = (await ann.api.get('/v1/entries')).json
  const first = entries.find((one: { entry: { type: string } }) => one.entry.type === 'person.endorsed').entry
  expect(first).toMatchObject({ subject: ann.id, actor: { id: ann.id }, body: { acted_alone: true } })
})

test('under separation `after` anyone may endorse themselves, on record', async () => {
  const alone = new TestServer({ separation: 'after' })
  await alone.start()
  try {
    const one = await alone.enrol(alone.bootstrapSecret)
    const two = await alone.enrol((await one.api.post('/v1/people', { name: 'Two' })).json.invitation)
    expect((await alone.endorse(two, two.id)).json).toEqual({ acted_alone: true })
  } finally {
    await alone.remove()
  }
})
