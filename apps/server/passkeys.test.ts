/** More passkeys of one person, and how somebody comes back who lost them all. spec/people.md (PPL-8 to PPL-13). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { PASSKEYS_MAX } from '../../src/registry/passkeys.ts'
import { delegationOf, TestServer, type Answer, type Operator } from './harness.ts'

const place = { rp_id: 'localhost', origin: 'http://localhost' }
const A_PASSKEY = '00000000-0000-0000-0000-000000000000'

function authenticator(aaguid?: string): SoftwareAuthenticator {
  const options = aaguid === undefined ? place : { ...place, aaguid }
  return softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), options)
}

function code({ json }: Answer): string | undefined {
  return json.error?.code
}

/** Registered and named by the person, and added by a gesture of `by`. */
async function add(
  { api }: Operator,
  by: SoftwareAuthenticator,
  made = authenticator(),
  name?: string,
): Promise<Answer> {
  const { challenge } = (await api.get('/v1/passkeys/registration')).json
  const credential = made.register(challenge)
  const adding = await api.post('/v1/passkeys/adding', { credential })
  if (adding.status !== 200) return adding
  const gesture = by.assert(adding.json.challenge)
  return api.post('/v1/passkeys', { credential, ...gesture, ...(name === undefined ? {} : { name }) })
}

async function added(person: Operator, by = person.authenticator): Promise<SoftwareAuthenticator> {
  const made = authenticator()
  expect((await add(person, by, made)).status).toBe(200)
  return made
}

async function listed({
  api,
}: Operator): Promise<{ passkey: number; name: string | null; credential: string }[]> {
  return (await api.get('/v1/passkeys')).json.passkeys
}

async function indexOf(person: Operator, { jwk }: SoftwareAuthenticator): Promise<number> {
  const all = await listed(person)
  return all.find(({ credential }) => credential === thumbprint(nodeCrypto, jwk))?.passkey ?? -1
}

async function remove(
  person: Operator,
  which: SoftwareAuthenticator,
  by: SoftwareAuthenticator,
  reason = 'lost',
): Promise<Answer> {
  const index = await indexOf(person, which)
  const asked = await person.api.get(`/v1/passkeys/${index}/removal?reason=${reason}`)
  if (asked.status !== 200) return asked
  return person.api.post(`/v1/passkeys/${index}/remove`, { reason, ...by.assert(asked.json.challenge) })
}

/** An act that takes a gesture, by this passkey: whether it is taken. */
async function signs(server: TestServer, person: Operator, by: SoftwareAuthenticator): Promise<string> {
  const agent = (
    await person.api.post('/v1/agents', {
      name: 'Bot',
      class: 'coding',
      purpose: 'tests',
      systems: [],
      manifest: { version: '1' },
    })
  ).json.agent
  const answer = await server.approve({ ...person, authenticator: by }, agent)
  return code(answer) ?? 'taken'
}

async function lastEntry({ api }: Operator, type: string): Promise<object | undefined> {
  const { entries } = (await api.get(`/v1/entries/newest?type=${type}`)).json
  return entries[0]?.entry
}

describe('another passkey', () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let ben: Operator

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
  })
  beforeEach(async () => {
    ben = await server.invite(ann, 'Ben')
  })
  afterAll(() => server.remove())

  test('is added by a gesture of one that counts, and counts at once', async () => {
    const second = authenticator()
    const answer = await add(ben, ben.authenticator, second, 'laptop')
    expect(answer.status).toBe(200)
    const [first, other] = await listed(ben)
    expect(first).toMatchObject({ name: null, amr: ['swk'], adder: null, signed_in: null })
    expect(other).toMatchObject({ passkey: answer.json.passkey, name: 'laptop', adder: first?.passkey })
    expect(await lastEntry(ben, 'person.passkey_added')).toMatchObject({
      actor: { kind: 'person', id: ben.id },
      subject: ben.id,
      body: {
        act: { person: ben.id, registration: first?.passkey, credential: other?.credential },
        gesture: { registration: first?.passkey, role: 'principal' },
      },
    })
    expect(await signs(server, ben, second)).toBe('taken')
    expect(await signs(server, ben, ben.authenticator)).toBe('taken')
    await ben.api.post(`/v1/passkeys/${other?.passkey}/name`, { name: 'desk' })
    expect((await listed(ben))[1]).toMatchObject({ name: 'desk' })
    const seen = (await ann.api.get(`/v1/people/${ben.id}/passkeys`)).json.passkeys
    expect(seen).toEqual(await listed(ben))
  })

  test('seals a delegation, and its gesture names the entry that registered it', async () => {
    const second = await added(ben)
    const agent = await server.agent(ben, ann)
    const point = (await server.point(ben)).id
    expect((await server.delegate({ ...ben, authenticator: second }, agent, point)).chain).toBeTruthy()
  })

  test('is added by no gesture but one of the person, of one that counts, over its own thumbprint', async () => {
    const { challenge } = (await ben.api.get('/v1/passkeys/registration')).json
    const credential = authenticator().register(challenge)
    const other = authenticator()
    const adding = (await ben.api.post('/v1/passkeys/adding', { credential })).json
    for (const by of [other, ann.authenticator])
      expect(code(await ben.api.post('/v1/passkeys', { credential, ...by.assert(adding.challenge) }))).toBe(
        'GESTURE_INVALID',
      )
    // The act names the thumbprint: a gesture over one passkey adds no other.
    const swapped = other.register(challenge)
    const gesture = ben.authenticator.assert(adding.challenge)
    expect(code(await ben.api.post('/v1/passkeys', { credential: swapped, ...gesture }))).toBe(
      'GESTURE_INVALID',
    )
    expect(await listed(ben)).toHaveLength(1)
  })

  test('is registered over what the control plane asks, once', async () => {
    const made = authenticator()
    const { challenge } = (await ben.api.get('/v1/passkeys/registration')).json
    const early = made.register(challenge)
    await added(ben)
    expect(code(await ben.api.post('/v1/passkeys/adding', { credential: early }))).toBe('GESTURE_INVALID')
    expect(code(await ann.api.post('/v1/passkeys/adding', { credential: early }))).toBe('GESTURE_INVALID')
  })

  test('has one owner, for good', async () => {
    const second = await added(ben)
    expect(code(await add(ann, ann.authenticator, second))).toBe('KEY_IN_USE')
    expect(code(await add(ben, ben.authenticator, ben.authenticator))).toBe('KEY_IN_USE')
    expect((await remove(ben, second, ben.authenticator)).status).toBe(200)
    expect(code(await add(ben, ben.authenticator, second))).toBe('KEY_IN_USE')
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Carol' })).json
    const carol = server.caller()
    const { body } = server.enrolment(carol, invitation, second)
    expect(code(await carol.post('/v1/enroll', body))).toBe('KEY_IN_USE')
  })

  test('is of the sort of the others, and one of ten at most', async () => {
    expect(code(await add(ben, ben.authenticator, authenticator(A_PASSKEY)))).toBe('STATE_CONFLICT')
    for (let n = 1; n < PASSKEYS_MAX; n++) await added(ben)
    expect(code(await add(ben, ben.authenticator))).toBe('LIMIT_EXCEEDED')
  })

  test('is nothing for whom nobody endorsed', async () => {
    const carol = await server.enrol((await ann.api.post('/v1/people', { name: 'Carol' })).json.invitation)
    expect(code(await carol.api.get('/v1/passkeys/registration'))).toBe('NOT_ENDORSED')
  })
})

describe('a passkey that is removed', () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let ben: Operator
  let second: SoftwareAuthenticator

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
  })
  beforeEach(async () => {
    ben = await server.invite(ann, 'Ben')
    second = await added(ben)
  })
  afterAll(() => server.remove())

  test('signs nothing from then on', async () => {
    expect(code(await remove(ben, ben.authenticator, ben.authenticator))).toBe('GESTURE_INVALID')
    const removed = await indexOf(ben, ben.authenticator)
    expect((await remove(ben, ben.authenticator, second)).json).toMatchObject({
      frames: [],
      added: [await indexOf(ben, second)],
    })
    expect(await lastEntry(ben, 'person.passkey_removed')).toMatchObject({
      actor: { kind: 'person', id: ben.id },
      body: { passkey: removed, reason: 'lost', act: { passkey: removed, reason: 'lost' } },
    })
    expect(await signs(server, ben, ben.authenticator)).toBe('GESTURE_INVALID')
    expect(await signs(server, ben, second)).toBe('taken')
    expect(code(await ben.api.post(`/v1/passkeys/${removed}/name`, { name: 'x' }))).toBe('UNKNOWN_PASSKEY')
  })

  test('is never the last one by its own person', async () => {
    expect((await remove(ben, second, ben.authenticator)).status).toBe(200)
    const answer = await remove(ben, ben.authenticator, ben.authenticator)
    expect(code(answer)).toBe('STATE_CONFLICT')
    expect(answer.json.error.message).toContain('add another first')
  })

  test('is removed by somebody else without a gesture, the last one too', async () => {
    for (const each of [second, ben.authenticator]) {
      const index = await indexOf(ben, each)
      const path = `/v1/people/${ben.id}/passkeys/${index}/remove`
      expect(code(await ben.api.post(path, { reason: 'lost' }))).toBe('SAME_PERSON')
      expect((await ann.api.post(path, { reason: 'lost' })).status).toBe(200)
      expect(code(await ann.api.post(path, { reason: 'lost' }))).toBe('UNKNOWN_PASSKEY')
    }
    expect(await lastEntry(ann, 'person.passkey_removed')).toMatchObject({
      actor: { kind: 'person', id: ann.id },
      subject: ben.id,
    })
    expect(await signs(server, ben, second)).toBe('STATE_CONFLICT')
  })

  test('leaves what it sealed, unless it was compromised', async () => {
    const agent = await server.agent(ben, ann)
    const point = (await server.point(ben)).id
    const sealed = await server.delegate({ ...ben, authenticator: second }, agent, point)
    const other = await server.delegate(ben, agent, point)
    const third = await added(ben)
    const isRevoked = async ({ jti }: { jti: string }): Promise<boolean> => {
      const { delegations } = (await ben.api.get('/v1/delegations')).json
      return delegations.find((one: { jti: string }) => one.jti === jti).revoked
    }
    expect((await remove(ben, ben.authenticator, third)).json.frames).toEqual([])
    expect([await isRevoked(sealed), await isRevoked(other)]).toEqual([false, false])
    expect((await remove(ben, second, third, 'compromised')).json.frames).toHaveLength(1)
    expect([await isRevoked(sealed), await isRevoked(other)]).toEqual([true, false])
    expect(await lastEntry(ben, 'revocation')).toMatchObject({
      actor: { id: ben.id },
      body: { target: sealed.jti, frame: { kind: 'delegation', reason: 'compromised' } },
    })
  })

  test('is compromised later too, and what it sealed from then on is revoked', async () => {
    const agent = await server.agent(ben, ann)
    const point = (await server.point(ben)).id
    const early = await server.delegate({ ...ben, authenticator: second }, agent, point)
    const late = await server.delegate({ ...ben, authenticator: second }, agent, point)
    const { time: since } = (await lastEntry(ben, 'delegation.issued')) as { time: string }
    const index = await indexOf(ben, second)
    expect((await remove(ben, second, ben.authenticator)).json.frames).toEqual([])
    const isRevoked = async ({ jti }: { jti: string }): Promise<boolean> => {
      const { delegations } = (await ben.api.get('/v1/delegations')).json
      return delegations.find((one: { jti: string }) => one.jti === jti).revoked
    }
    const path = `/v1/people/${ben.id}/passkeys/${index}/remove`
    expect(code(await ann.api.post(path, { reason: 'lost' }))).toBe('UNKNOWN_PASSKEY')
    expect(code(await ann.api.post(path, { reason: 'lost', since }))).toBe('STATE_CONFLICT')
    const bad = [
      [rfc3339(Date.now() + 60_000), 'STATE_CONFLICT'],
      ['2026-01-01T00:00:00.0000Z', 'TIME_INVALID'],
      ['2026-01-01T00:00Z', 'REQUEST_INVALID'],
    ] as const
    for (const [moment, expected] of bad) {
      const wrong = { reason: 'compromised', since: moment }
      expect(code(await ann.api.post(path, wrong))).toBe(expected)
      const query = new URLSearchParams(wrong).toString()
      expect(code(await ben.api.get(`/v1/passkeys/${index}/removal?${query}`))).toBe(expected)
    }
    expect((await ann.api.post(path, { reason: 'compromised', since })).json.frames).toHaveLength(1)
    expect([await isRevoked(early), await isRevoked(late)]).toEqual([false, true])
    expect(await lastEntry(ann, 'person.passkey_removed')).toMatchObject({
      body: { passkey: index, reason: 'compromised', since },
    })
    const asked = await ben.api.get(`/v1/passkeys/${index}/removal?reason=compromised`)
    const gesture = ben.authenticator.assert(asked.json.challenge)
    const own = { reason: 'compromised', ...gesture }
    expect((await ben.api.post(`/v1/passkeys/${index}/remove`, own)).json.frames).toHaveLength(1)
    expect(await isRevoked(early)).toBe(true)
    expect(await signs(server, ben, ben.authenticator)).toBe('taken')
  })

  test('is missed by nobody who wants to stop: the person does by their key, and others in their own name', async () => {
    const agent = await server.agent(ben, ann)
    const point = (await server.point(ben)).id
    const [own, asked, all] = [
      await server.delegate(ben, agent, point),
      await server.delegate(ben, agent, point),
      await server.delegate({ ...ben, authenticator: second }, agent, point),
    ]
    for (const each of [second, ben.authenticator])
      await ann.api.post(`/v1/people/${ben.id}/passkeys/${await indexOf(ben, each)}/remove`, {
        reason: 'lost',
      })
    const revoke = async (by: Operator, target: string): Promise<Answer> =>
      by.api.post('/v1/revocations', { kind: 'delegation', target, reason: 'lost' })
    expect((await revoke(ben, own.jti)).status).toBe(200)
    const carol = await server.invite(ann, 'Carol')
    expect((await revoke(carol, asked.jti)).json.frames).toHaveLength(1)
    expect(await lastEntry(ann, 'revocation')).toMatchObject({ actor: { kind: 'person', id: carol.id } })
    // Of others Ben stops nothing more: nothing that he says counts until he is recovered.
    const other = await server.delegate(carol, agent, point)
    expect(code(await revoke(ben, other.jti))).toBe('STATE_CONFLICT')
    const body = { kind: 'person', target: ben.id, reason: 'lost' }
    expect((await ben.api.post('/v1/revocations', body)).status).toBe(200)
    const { delegations } = (await ann.api.get('/v1/delegations')).json
    const of = delegations.find(({ jti }: { jti: string }) => jti === all.jti)
    expect(of.principal).toBe(ben.id)
  })

  test('names what came of it, also through one that is gone', async () => {
    const third = await added(ben, second)
    const fourth = await added(ben, third)
    const last = await indexOf(ben, fourth)
    expect((await remove(ben, third, fourth)).json.added).toEqual([last])
    const { json } = await remove(ben, second, ben.authenticator, 'compromised')
    expect(json.added).toEqual([last])
  })

  test('takes back what it signed of a draft that waits', async () => {
    const agent = await server.agent(ben, ann)
    const point = (await server.point(ben)).id
    const carol = await server.invite(ann, 'Carol')
    const asked = { ...delegationOf(agent, point), approvers: { m: 1, of: [carol.id] } }
    const draft = (await ben.api.post('/v1/delegations/drafts', asked)).json
    const seal = `/v1/delegations/drafts/${draft.jti}/seal`
    expect((await ben.api.post(seal, second.assert(draft.challenge))).json.missing).toBe(1)
    await remove(ben, second, ben.authenticator)
    const approve = `/v1/delegations/drafts/${draft.jti}/approve`
    expect((await carol.api.post(approve, carol.authenticator.assert(draft.challenge))).json.missing).toBe(1)
    expect((await ben.api.post(seal, ben.authenticator.assert(draft.challenge))).json.missing).toBe(0)
  })

  test('ends the sessions that it began, and no other', async () => {
    const cookies = new Map<SoftwareAuthenticator, string>()
    for (const by of [ben.authenticator, second]) {
      const asked = await fetch(`${server.base()}/v1/session/challenge`, {
        method: 'POST',
        headers: own(server),
      })
      const { challenge } = (await asked.json()) as { challenge: string }
      const answer = await fetch(`${server.base()}/v1/session/passkey`, {
        method: 'POST',
        headers: { ...own(server), 'content-type': 'application/json' },
        body: JSON.stringify({
          challenge,
          credential_id: thumbprint(nodeCrypto, by.jwk),
          gesture: by.assert(challenge),
        }),
      })
      cookies.set(by, answer.headers.getSetCookie()[0]?.split(';')[0] ?? '')
    }
    const signedIn = async (by: SoftwareAuthenticator): Promise<number> =>
      (await fetch(`${server.base()}/v1/session`, { headers: { cookie: cookies.get(by) ?? '' } })).status
    expect([await signedIn(ben.authenticator), await signedIn(second)]).toEqual([200, 200])
    expect((await listed(ben)).every((one) => 'signed_in' in one && one.signed_in !== null)).toBe(true)
    await remove(ben, ben.authenticator, second)
    expect([await signedIn(ben.authenticator), await signedIn(second)]).toEqual([401, 200])
  })
})

function own(server: TestServer): Record<string, string> {
  return { origin: server.base(), 'sec-fetch-site': 'same-origin' }
}

interface Anew {
  readonly operator: Operator
  readonly answer: Answer
}

async function registerAnew(server: TestServer, invitation: string, rev = ''): Promise<Anew> {
  const api = server.caller()
  const { authenticator: made, body } = server.enrolment(api, invitation)
  const answer = await api.post('/v1/enroll', body)
  return { operator: { id: answer.json.person, rev, api, authenticator: made }, answer }
}

describe.each(['independent', 'after'] as const)('a recovery under separation %s', (separation) => {
  let server: TestServer
  let ann: Operator
  let ben: Operator
  let carol: Operator

  beforeEach(async () => {
    server = await new TestServer({ separation }).start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben')
    carol = await server.invite(ann, 'Carol')
  })
  afterEach(() => server.remove())

  const invited = async (by = ben): Promise<string> =>
    (await by.api.post(`/v1/people/${ann.id}/recover`, {})).json.invitation

  test('is begun by somebody else, and an invitation alone gives nothing', async () => {
    expect(code(await ann.api.post(`/v1/people/${ann.id}/recover`, {}))).toBe('SAME_PERSON')
    const { operator, answer } = await registerAnew(server, await invited())
    expect(answer.json).toMatchObject({ person: ann.id, rev: ann.rev, first: false, recovers: 'by_another' })
    expect((await operator.api.get('/v1/people')).status).toBe(401)
    expect(
      code(await server.approve({ ...ann, authenticator: operator.authenticator }, 'none')),
    ).toBeDefined()
    const gesture = async (path: string, body: object): Promise<string | undefined> =>
      code(await server.caller().post(path, body))
    expect(await gesture('/v1/recovery/endorsement', { secret: 'wrong' })).toBe('SECRET_INVALID')
    // Everything from before goes on.
    expect(await signs(server, ann, ann.authenticator)).toBe(separation === 'after' ? 'taken' : 'SAME_PERSON')
    expect((await ben.api.get('/v1/people')).json.people[0]).toMatchObject({
      passkeys: 1,
      recovery: { state: 'registered', inviter: ben.id },
    })
  })

  test('counts once a third person endorses it, and ends what was before', async () => {
    const { operator, answer } = await registerAnew(server, await invited(), ann.rev)
    expect((await server.endorse(carol, ann.id)).json).toEqual({ acted_alone: false })
    expect(await lastEntry(carol, 'person.endorsed')).toMatchObject({
      subject: ann.id,
      body: { act: { registration: answer.json.registration, endorser: carol.id }, acted_alone: false },
    })
    expect((await ann.api.get('/v1/people')).status).toBe(401)
    expect((await operator.api.get('/v1/passkeys')).json.passkeys).toHaveLength(1)
    const agent = await server.agent(ben, operator)
    const point = (await server.point(ben)).id
    expect((await server.delegate(operator, agent, point)).chain).toBeTruthy()
    expect(await signs(server, operator, ann.authenticator)).toBe(
      separation === 'after' ? 'GESTURE_INVALID' : 'SAME_PERSON',
    )
    expect((await ben.api.get('/v1/people')).json.people[0]).toMatchObject({ passkeys: 1, recovery: null })
  })

  test('of the first person makes nobody else the first, who could endorse themselves', async () => {
    const dora = await server.enrol((await ben.api.post('/v1/people', { name: 'Dora' })).json.invitation)
    await registerAnew(server, await invited())
    expect((await server.endorse(carol, ann.id)).status).toBe(200)
    const answer = await server.endorse(dora, dora.id)
    if (separation === 'independent') expect(code(answer)).toBe('SAME_PERSON')
    else expect(answer.json).toEqual({ acted_alone: true })
  })

  test('ends what the key from before had opened, and the links that it had asked for', async () => {
    const link = async (): Promise<string> => (await ann.api.post('/v1/viewer-links', {})).json.url
    const opened = (await server.comeIn(await link())) ?? ''
    const asked = await link()
    const look = async (cookie: string): Promise<number> =>
      (await fetch(`${server.base()}/v1/session`, { headers: { cookie } })).status
    expect(await look(opened)).toBe(200)
    await registerAnew(server, await invited())
    expect(await look(opened)).toBe(200)
    await server.endorse(carol, ann.id)
    expect(await look(opened)).toBe(401)
    expect(await look((await server.comeIn(asked)) ?? '')).toBe(401)
  })

  test('is endorsed by who invited under separation after alone, and the log says so', async () => {
    await registerAnew(server, await invited())
    const answer = await server.endorse(ben, ann.id)
    if (separation === 'independent') expect(code(answer)).toBe('SAME_PERSON')
    else expect(answer.json).toEqual({ acted_alone: true })
  })

  test('is not endorsed under independent by who could be the inviter’s own', async () => {
    const stands = async (inviter: Operator, endorser: Operator): Promise<string> => {
      const { invitation } = (await inviter.api.post(`/v1/people/${ann.id}/recover`, {})).json
      await registerAnew(server, invitation)
      return code(await server.endorse(endorser, ann.id)) ?? 'endorsed'
    }
    const own = await server.invite(ben, 'A puppet of Ben')
    const next = await server.invite(own, 'A puppet of that one')
    const refused = separation === 'independent' ? 'SAME_LINE' : 'endorsed'
    const pairs: (readonly [Operator, Operator])[] = [
      [ben, own],
      [own, ben],
      [ben, next],
      [own, next],
    ]
    for (const [inviter, endorser] of separation === 'independent' ? pairs : pairs.slice(0, 1))
      expect(await stands(inviter, endorser)).toBe(refused)
    if (separation === 'independent') expect(await stands(next, carol)).toBe('endorsed')
  })

  test('of somebody else is not endorsed by whom the first person brought in, if that one invited', async () => {
    const { invitation } = (await ann.api.post(`/v1/people/${carol.id}/recover`, {})).json
    await registerAnew(server, invitation)
    const answer = await server.endorse(ben, carol.id)
    if (separation === 'after') expect(answer.json).toEqual({ acted_alone: false })
    else {
      expect(code(answer)).toBe('SAME_LINE')
      expect(answer.json.error.message).toContain('--recover')
    }
  })

  test('counts for lines from then on, and what came before does not change', async () => {
    await registerAnew(server, await invited(), ann.rev).then(({ operator }) => {
      ann = operator
    })
    expect((await server.endorse(carol, ann.id)).status).toBe(200)
    const { invitation } = (await carol.api.post(`/v1/people/${ann.id}/recover`, {})).json
    await registerAnew(server, invitation)
    // Ben and Carol brought Ann back, who had brought in both before that.
    expect((await server.endorse(ben, ann.id)).json).toEqual({ acted_alone: false })
  })

  test('is never endorsed by the person themselves, while somebody else is there', async () => {
    const secret = await invited()
    const { operator } = await registerAnew(server, secret)
    expect(code(await server.endorse(ann, ann.id))).toBe('SAME_PERSON')
    const asked = await server.caller().post('/v1/recovery/endorsement', { secret })
    expect(code(asked)).toBe('SAME_PERSON')
    const { challenge } = (await carol.api.get(`/v1/people/${ann.id}/endorsement`)).json
    const body = { secret, ...operator.authenticator.assert(challenge) }
    expect(code(await server.caller().post('/v1/recovery/endorse', body))).toBe('SAME_PERSON')
  })

  test('ends with the next invitation, and with the person', async () => {
    const first = await invited()
    const { operator } = await registerAnew(server, first)
    const second = await invited(carol)
    expect(code((await registerAnew(server, first)).answer)).toBe('SECRET_INVALID')
    expect(code(await server.endorse(carol, ann.id))).toBe('STATE_CONFLICT')
    const key = operator.authenticator
    const { body } = server.enrolment(server.caller(), second, key)
    expect(code(await operator.api.post('/v1/enroll', body))).toBeDefined()
    await ben.api.post(`/v1/people/${ann.id}/leave`, { reason: 'left' })
    expect(code((await registerAnew(server, second)).answer)).toBe('SECRET_INVALID')
    expect(code(await ben.api.post(`/v1/people/${ann.id}/recover`, {}))).toBe('STATE_CONFLICT')
  })

  test('that ended before anybody endorsed it left no passkey that could have been compromised', async () => {
    const registered = async (by: Operator): Promise<number> =>
      (await registerAnew(server, await invited(by), ann.rev)).answer.json.registration
    const found = async (passkey: number): Promise<string | undefined> =>
      code(await ben.api.post(`/v1/people/${ann.id}/passkeys/${passkey}/remove`, { reason: 'compromised' }))
    const [counted] = await listed(ann)
    const first = await registered(ben)
    expect(await found(first)).toBe('UNKNOWN_PASSKEY')
    await registered(carol)
    expect(await found(first)).toBe('UNKNOWN_PASSKEY')
    expect((await server.endorse(ben, ann.id)).status).toBe(200)
    expect(await found(first)).toBe('UNKNOWN_PASSKEY')
    expect(await found(counted?.passkey ?? -1)).toBeUndefined()
    const last = await registered(carol)
    await ben.api.post(`/v1/people/${ann.id}/leave`, { reason: 'left' })
    expect(await found(last)).toBe('UNKNOWN_PASSKEY')
  })

  test('is for who was endorsed', async () => {
    const dora = await server.enrol((await ann.api.post('/v1/people', { name: 'Dora' })).json.invitation)
    expect(code(await ben.api.post(`/v1/people/${dora.id}/recover`, {}))).toBe('STATE_CONFLICT')
    expect(code(await ben.api.post('/v1/people/per_none/recover', {}))).toBe('UNKNOWN_PERSON')
    expect(code(await dora.api.post(`/v1/people/${ann.id}/recover`, {}))).toBe('NOT_ENDORSED')
  })
})

describe('a recovery by the machine of the control plane', () => {
  let server: TestServer
  let ann: Operator

  beforeEach(async () => {
    server = await new TestServer().start()
    ann = await server.enrol(server.bootstrapSecret)
  })
  afterEach(() => server.remove())

  test('lets the only person endorse themselves with the secret, and an alert says so', async () => {
    const secret = await server.recover(ann.id)
    const { operator, answer } = await registerAnew(server, secret, ann.rev)
    expect(answer.json).toMatchObject({ recovers: 'alone' })
    const asked = (await server.caller().post('/v1/recovery/endorsement', { secret })).json
    const wrong = { secret, ...ann.authenticator.assert(asked.challenge) }
    expect(code(await server.caller().post('/v1/recovery/endorse', wrong))).toBe('GESTURE_INVALID')
    const body = { secret, ...operator.authenticator.assert(asked.challenge) }
    expect((await server.caller().post('/v1/recovery/endorse', body)).json).toEqual({ person: ann.id })
    expect((await ann.api.get('/v1/people')).status).toBe(401)
    expect(await lastEntry(operator, 'person.recovery_invited')).toMatchObject({
      actor: { kind: 'system' },
      subject: ann.id,
    })
    expect(await lastEntry(operator, 'person.endorsed')).toMatchObject({
      body: { acted_alone: true },
    })
    const guess = (): Promise<Answer> =>
      server.caller().post('/v1/recovery/endorsement', { secret: 'guessed' })
    for (let n = 0; n < 29; n++) expect(code(await guess())).toBe('SECRET_INVALID')
    expect(code(await guess())).toBe('TOO_MANY')
    const { alerts } = (await operator.api.get('/v1/alerts')).json
    expect(alerts).toMatchObject([
      { rule: 'ACTED_ALONE', subject: ann.id },
      { rule: 'RECOVERY_BY_MACHINE', subject: ann.id },
    ])
    expect(code(await server.caller().post('/v1/recovery/endorse', body))).toBe('TOO_MANY')
  })

  test('is not needed of a log that nobody can act on: who has no passkey left is not somebody else', async () => {
    const ben = await server.invite(ann, 'Ben')
    const index = await indexOf(ben, ben.authenticator)
    await ann.api.post(`/v1/people/${ben.id}/passkeys/${index}/remove`, { reason: 'lost' })
    expect(code(await ann.api.post(`/v1/people/${ann.id}/leave`, { reason: 'left' }))).toBe('STATE_CONFLICT')
    const { answer } = await registerAnew(server, await server.recover(ann.id))
    expect(answer.json).toMatchObject({ recovers: 'alone' })
  })

  test('lets anybody endorse who is endorsed, where roles decide and theirs would not do', async () => {
    const [ben, carol] = [await server.invite(ann, 'Ben'), await server.invite(ann, 'Carol')]
    const asked = await ben.api.post('/v1/roles', { kind: 'role', person: ben.id, role: 'viewer' })
    const { challenge } = (await ann.api.get(`/v1/roles/${asked.json.role}/approval`)).json
    const gesture = ann.authenticator.assert(challenge)
    expect((await ann.api.post(`/v1/roles/${asked.json.role}/approve`, gesture)).status).toBe(200)
    const dora = await server.enrol((await ann.api.post('/v1/people', { name: 'Dora' })).json.invitation)
    // Invited by a person, an endorsement takes a role.
    const { invitation } = (await ann.api.post(`/v1/people/${carol.id}/recover`, {})).json
    await registerAnew(server, invitation)
    for (const waits of [carol, dora]) {
      expect(code(await ben.api.get(`/v1/people/${waits.id}/endorsement`))).toBe('ROLE_MISSING')
      expect(code(await server.endorse(ben, waits.id))).toBe('ROLE_MISSING')
    }
    const { operator } = await registerAnew(server, await server.recover(ann.id), ann.rev)
    expect(code(await server.endorse(dora, ann.id))).toBe('NOT_ENDORSED')
    expect((await server.endorse(ben, ann.id)).json).toEqual({ acted_alone: false })
    expect((await operator.api.get('/v1/scim/clients')).status).toBe(200)
    // It was for that once.
    expect(code(await ben.api.get(`/v1/people/${ann.id}/endorsement`))).toBe('ROLE_MISSING')
  })

  test('lets the other one of two endorse, who could not after inviting', async () => {
    const ben = await server.invite(ann, 'Ben')
    const secret = await server.recover(ann.id)
    const { answer } = await registerAnew(server, secret)
    expect(answer.json).toMatchObject({ recovers: 'by_another' })
    expect((await server.endorse(ben, ann.id)).json).toEqual({ acted_alone: false })
  })
})
