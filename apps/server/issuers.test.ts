/** Other issuers at a running control plane: proposed by one person, approved by another. spec/keys.md (KEY-9). @module */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { signedTrustListSchema, verifyTrustList, type TrustList } from '../../src/revoke/trust-list.ts'
import { TestServer, type Answer, type Caller, type Operator } from './harness.ts'

let server: TestServer
let ann: Operator
let ben: Operator

beforeEach(async () => {
  server = await new TestServer().start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
})
afterEach(() => server.remove())

const OTHER = 'other.example/log'
const newKey = () => nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
const record = (edit: JsonObject = {}): JsonObject => ({
  iss: OTHER,
  rp_id: 'other.example',
  origins: ['https://other.example'],
  keys: [{ jwk: { ...newKey() } }],
  control_plane: 'https://other.example:7400',
  frame_key: { ...newKey() },
  ...edit,
})
const codeOf = ({ status, json }: Answer): [number, string] => [status, json.error?.code]

async function listFor(point: Caller): Promise<TrustList> {
  const signed = signedTrustListSchema.parse((await point.get('/v1/points/self/trust')).json)
  const { frame_key } = (await (await fetch(`${server.base()}/v1/info`)).json()) as { frame_key: never }
  expect(verifyTrustList(nodeCrypto, frame_key, signed)).toBe(true)
  return signed.list
}

const propose = async (issuer: JsonObject, by = ann): Promise<string> =>
  (await by.api.post('/v1/issuers', { issuer })).json.id
const shownTo = async (by: Operator, id: string): Promise<{ act: JsonObject; challenge: string }> =>
  (await by.api.get(`/v1/issuers/${id}/approval`)).json
const handIn = (by: Operator, id: string, gesture: object): Promise<Answer> =>
  by.api.post(`/v1/issuers/${id}/approve`, gesture)
const approve = async (id: string, by = ben): Promise<Answer> => {
  const shown = await by.api.get(`/v1/issuers/${id}/approval`)
  return shown.status === 200 ? handIn(by, id, by.authenticator.assert(shown.json.challenge)) : shown
}
const trust = async (issuer: JsonObject): Promise<Answer> => approve(await propose(issuer))
const drop = (iss = OTHER): Promise<Answer> => ann.api.post('/v1/issuers/drop', { iss, reason: 'over' })
/** What stands, without what the tests do not look at. */
const standing = async (): Promise<[string, JsonObject][]> =>
  (await ann.api.get('/v1/issuers')).json.issuers.map((one: { status: string; issuer: JsonObject }) => [
    one.status,
    one.issuer,
  ])

describe('another issuer', () => {
  test('of our own name is told how to get one of its own, and our own address that it is ours', async () => {
    const own = (await ann.api.get('/v1/info')).json.record as JsonObject
    const said = async (issuer: JsonObject): Promise<string> =>
      (await ann.api.post('/v1/issuers', { issuer })).json.error.message
    expect(await said(own)).toContain('give the address of the other one')
    const namesake = await said(record({ iss: own.iss ?? '' }))
    expect(namesake).toContain('both control planes are called countersign.localhost')
    expect(namesake).toContain('"countersign start --origin NAME"')
  })

  test('is proposed by one, trusted by a gesture of another, reaches the points, and is dropped', async () => {
    const point = await server.point(ann)
    const issuer = record()
    const id = await propose(issuer)
    expect(await standing()).toEqual([['proposed', issuer]])
    const first = await listFor(point.api)
    expect([first.seq, first.issuers.length]).toEqual([1, 1])

    const { act } = await shownTo(ben, id)
    const { proposal, proposer } = (await ben.api.get(`/v1/issuers/${id}`)).json
    expect(proposer).toBe(ann.id)
    expect(act).toEqual({ act: 'issuer.trust', approver: ben.id, issuer, proposal, seq: 2 })
    expect((await approve(id)).json).toEqual({ acted_alone: false, seq: 2 })
    expect(await standing()).toEqual([['trusted', issuer]])
    const second = await listFor(point.api)
    expect([second.seq, second.issuers[1]]).toEqual([2, issuer])
    const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
    expect(entries.slice(-2)).toMatchObject([
      { index: proposal, entry: { type: 'issuer.proposed', subject: id, actor: { id: ann.id } } },
      { entry: { type: 'issuer.trusted', subject: id, actor: { id: ben.id }, body: { act } } },
    ])

    expect((await drop()).json).toEqual({ seq: 3 })
    expect((await listFor(point.api)).issuers).toHaveLength(1)
    expect(codeOf(await drop())).toEqual([404, 'UNKNOWN_ISSUER'])
    await server.restart()
    expect((await listFor(point.api)).seq).toBe(3)
    expect((await ann.api.get(`/v1/issuers/${id}`)).json.status).toBe('dropped')
  })

  test('is trusted again with another record, in place of the first once that is approved', async () => {
    const [issuer, renewed] = [record(), record()]
    await trust(issuer)
    const id = await propose(renewed, ben)
    expect(await standing()).toEqual([
      ['trusted', issuer],
      ['proposed', renewed],
    ])
    await approve(id, ann)
    expect(await standing()).toEqual([['trusted', renewed]])
  })

  test('is not trusted by who proposed it, whose gesture holds', async () => {
    const id = await propose(record())
    expect(codeOf(await approve(id, ann))).toEqual([403, 'SAME_PERSON'])
    expect((await standing()).map(([status]) => status)).toEqual(['proposed'])
    expect((await approve(id)).status).toBe(200)
  })

  test('is not trusted by somebody whom nobody endorsed, nor at all without a person’s key', async () => {
    const { invitation } = (await ann.api.post('/v1/people', { name: 'Eve' })).json
    const eve = await server.enrol(invitation)
    const id = await propose(record())
    expect(codeOf(await approve(id, eve))).toEqual([403, 'NOT_ENDORSED'])
    const { api } = await server.point(ann)
    expect(codeOf(await api.post('/v1/issuers', { issuer: record() }))).toEqual([403, 'FORBIDDEN'])
    const { challenge } = await shownTo(ben, id)
    const gesture = ben.authenticator.assert(challenge)
    expect(codeOf(await api.post(`/v1/issuers/${id}/approve`, gesture))).toEqual([403, 'FORBIDDEN'])
  })

  test('is not trusted by a gesture of somebody else', async () => {
    const id = await propose(record())
    const { challenge } = await shownTo(ben, id)
    const gesture = ann.authenticator.assert(challenge)
    expect(codeOf(await handIn(ben, id, gesture))).toEqual([403, 'GESTURE_INVALID'])
  })

  test('is not trusted by a gesture over another proposal, though it is of the same record', async () => {
    const issuer = record()
    const one = await propose(issuer)
    const { challenge } = await shownTo(ben, one)
    const gesture = ben.authenticator.assert(challenge)
    const two = await propose(issuer)
    expect(codeOf(await handIn(ben, two, gesture))).toEqual([403, 'GESTURE_INVALID'])
    const third = await propose(record({ iss: 'third.example/log' }))
    expect(codeOf(await handIn(ben, third, gesture))).toEqual([403, 'GESTURE_INVALID'])
  })

  test('is not trusted by a gesture over another record than was proposed', async () => {
    const id = await propose(record())
    const { act } = await shownTo(ben, id)
    const challenge = challengeOf(nodeCrypto, ACT_TAG, { ...act, issuer: record() })
    expect(codeOf(await handIn(ben, id, ben.authenticator.assert(challenge)))).toEqual([
      403,
      'GESTURE_INVALID',
    ])
  })

  test('is not trusted by a gesture that was made before the list changed, nor by one that was used', async () => {
    const issuer = record()
    const id = await propose(issuer)
    const { challenge } = await shownTo(ben, id)
    const gesture = ben.authenticator.assert(challenge)
    await ann.api.post('/v1/keys/issuer/rotate', {})
    expect(codeOf(await handIn(ben, id, gesture))).toEqual([403, 'GESTURE_INVALID'])
    const used = ben.authenticator.assert((await shownTo(ben, id)).challenge)
    expect((await handIn(ben, id, used)).status).toBe(200)
    expect(codeOf(await handIn(ben, id, used))).toEqual([409, 'STATE_CONFLICT'])
    await drop()
    expect(codeOf(await handIn(ben, id, used))).toEqual([409, 'STATE_CONFLICT'])
    expect(codeOf(await handIn(ben, await propose(issuer), used))).toEqual([403, 'GESTURE_INVALID'])
    expect((await standing()).map(([status]) => status)).toEqual(['proposed'])
  })

  test('is not trusted as it was shown once another record of its name is proposed', async () => {
    const id = await propose(record())
    const { challenge } = await shownTo(ben, id)
    await propose(record())
    expect(codeOf(await handIn(ben, id, ben.authenticator.assert(challenge)))).toEqual([
      409,
      'STATE_CONFLICT',
    ])
    expect((await ben.api.get(`/v1/issuers/${id}`)).json.status).toBe('replaced')
  })

  test('of two approvals at once is trusted by one', async () => {
    const cat = await server.invite(ann, 'Cat')
    const id = await propose(record())
    const answers = await Promise.all([approve(id, ben), approve(id, cat)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  })

  test('that is dropped takes what is proposed of it along, and a proposal alone is turned down so', async () => {
    await trust(record())
    const id = await propose(record())
    const { challenge } = await shownTo(ben, id)
    await drop()
    expect(codeOf(await handIn(ben, id, ben.authenticator.assert(challenge)))).toEqual([
      409,
      'STATE_CONFLICT',
    ])
    const next = await propose(record())
    expect((await drop()).status).toBe(200)
    expect(codeOf(await approve(next))).toEqual([409, 'STATE_CONFLICT'])
    expect(await standing()).toEqual([])
  })

  test('is proposed among sixteen at most, and trusted among sixteen at most', async () => {
    const named = (n: number): JsonObject => record({ iss: `${n}.example/log` })
    for (let n = 0; n < 16; n++) await propose(named(n))
    const refused = await ann.api.post('/v1/issuers', { issuer: named(16) })
    expect(codeOf(refused)).toEqual([409, 'LIMIT_EXCEEDED'])
    const last = await propose(named(15)) // in place of the open one
    await drop('0.example/log')
    expect((await approve(last)).status).toBe(200)
    for (let n = 16; n < 31; n++) await trust(named(n))
    const { challenge } = await shownTo(ben, await propose(named(31)))
    const { id } = (await ann.api.get('/v1/issuers')).json.issuers.find(
      ({ issuer }: { issuer: JsonObject }) => issuer.iss === '31.example/log',
    )
    expect(codeOf(await handIn(ben, id, ben.authenticator.assert(challenge)))).toEqual([
      409,
      'LIMIT_EXCEEDED',
    ])
  })

  test.each([
    ['itself', { iss: 'countersign.localhost' }, 'STATE_CONFLICT'],
    ['no keys', { keys: [] }, 'REQUEST_INVALID'],
    ['an address that is no HTTP', { control_plane: 'file:///etc/passwd' }, 'REQUEST_INVALID'],
    [
      'a frame key of small order',
      { frame_key: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } },
      'KEY_INVALID',
    ],
  ])('with %s is not even proposed', async (_, edit, code) => {
    const answer = await ann.api.post('/v1/issuers', { issuer: record(edit) })
    expect(answer.json.error.code).toBe(code)
  })

  test('that nobody proposed is unknown', async () => {
    expect(codeOf(await ben.api.get('/v1/issuers/isp_none'))).toEqual([404, 'UNKNOWN_ISSUER'])
    expect(codeOf(await ben.api.get('/v1/issuers/isp_none/approval'))).toEqual([404, 'UNKNOWN_ISSUER'])
  })

  test('gets a point in under the identifier that it has at home, once', async () => {
    const api = server.caller()
    const guest = {
      id: 'pnt_01kmxwy1yna3dq95pftz2bwmnr',
      name: 'guest',
      placement: 'gateway',
      servers: ['files'],
    }
    const admit = (jwk: object, id = guest.id) => ann.api.post('/v1/points', { ...guest, id, jwk })
    expect((await admit(api.jwk)).json).toEqual({ point: guest.id })
    expect((await api.get('/v1/points/self/trust')).status).toBe(200)
    expect((await admit(newKey())).json.error.code).toBe('STATE_CONFLICT')
    expect((await admit(newKey(), 'per_01kmxwy1yna3dq95pftz2bwmnr')).json.error.code).toBe('ID_INVALID')
    const { points } = (await ann.api.get('/v1/points')).json
    expect(points).toMatchObject([{ id: guest.id, jwk: api.jwk, jkt: thumbprint(nodeCrypto, api.jwk) }])
  })
})

test('under separation `after` one person proposes and approves, and the entry says so', async () => {
  await server.remove()
  server = await new TestServer({ separation: 'after' }).start()
  ann = await server.enrol(server.bootstrapSecret)
  expect((await approve(await propose(record()), ann)).json).toEqual({ acted_alone: true, seq: 2 })
  const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
  const approved = entries.findLast(
    ({ entry }: { entry: { type: string } }) => entry.type === 'issuer.trusted',
  )
  expect(approved.entry.body.acted_alone).toBe(true)
})
