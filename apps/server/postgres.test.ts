/**
 * Kills, limits, listeners, acknowledgements, retention and the frame key over PostgreSQL, which counts and sums in other
 * types; and a node that has not got the new frame key. What each of them does otherwise is tested over SQLite.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { readinessPlanSchema } from '../../src/evidence/readiness/plan.ts'
import { signAck } from '../../src/revoke/ack.ts'
import { signFrameKey, signKill, signRoster } from '../../src/revoke/kill-rules.ts'
import { DomainAsker, domainContract, READ } from '../../test/contract/domains.ts'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { until } from '../../test/fixtures/processes.ts'
import { debitOf, need, Spool } from '../../test/fixtures/spool.ts'
import { Caller, TestServer, type Operator } from './harness.ts'

let postgres: Postgres
let store: string
let server: TestServer
let ann: Operator
let ben: Operator
let breakGlass: Signer

beforeAll(async () => {
  postgres = await Postgres.start()
  store = await postgres.database()
  server = new TestServer({ store })
  server.skipsRebuild = true // there is no file to rebuild
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  const text = readFileSync(join(server.dataDir, 'keys/break-glass.jwk'), 'utf8')
  breakGlass = nodeCrypto.signer(JSON.parse(text))
}, 60_000)
afterAll(async () => {
  await server?.remove()
  await postgres?.remove()
})

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

async function revokePoint(by: Caller = ann.api): Promise<{ status: number; json: never }> {
  const point = await server.point(ann)
  return (await by.post('/v1/revocations', { kind: 'point', target: point.id, reason: 'lost' })) as never
}

describe.each(['calendar', 'sliding'])('a %s limit', (sort) => {
  const limit =
    sort === 'sliding' ? { per: 'PT1H', jti: 'dlg_s', max: 100 } : { per: 'day', jti: 'dlg_c', max: 100 }

  test('is leased, debited, settled by a head that accounts for it, and leased again', async () => {
    const spool = new Spool(await server.point(ann))
    await spool.open()
    const [lease] = (await spool.lease(need(60, limit))) ?? []
    if (lease === undefined) throw new Error('no lease')
    expect(await spool.lease(need(41, limit))).toBeUndefined()
    await spool.ship([spool.allow([debitOf(lease, 20)])], [], { returns: [lease.id] })
    expect(await spool.lease(need(81, limit))).toBeUndefined()
    expect(await spool.lease(need(80, limit))).toHaveLength(1)
    expect((await ann.api.get('/v1/topups')).status).toBe(200)
  })
})

domainContract(() => ({ server, ann }))

test('a kill is pulled by one, listed, and lifted by two of the roster', async () => {
  const { json } = await ann.api.post('/v1/kills/draft', { scope: { kind: 'global' }, reason: 'test' })
  const gesture = ann.authenticator.assert(json.challenge)
  const pulled = await ann.api.post('/v1/kills', { ...gesture, kill: json.act.kill })
  expect(pulled.status).toBe(200)
  const outside = signKill(breakGlass, 'break_glass', { ...json.act.kill, id: 'kil_outside' })
  expect((await ann.api.post('/v1/statements', { ...outside })).status).toBe(200)
  const drafted = await ann.api.post('/v1/rosters/draft', { people: [ann.id, ben.id], m: 2 })
  const roster = signRoster(breakGlass, drafted.json)
  expect((await ann.api.post('/v1/statements', { ...roster })).status).toBe(200)
  const kills = [pulled.json.kill, 'kil_outside']
  const { lift } = (await ann.api.post('/v1/lifts', { kills, reason: 'over' })).json
  for (const [by, missing] of [
    [ann, 1],
    [ben, 0],
  ] as const) {
    const { challenge } = (await by.api.get(`/v1/lifts/${lift}`)).json
    const signed = await by.api.post(`/v1/lifts/${lift}/sign`, { ...by.authenticator.assert(challenge) })
    expect(signed.json).toEqual({ missing })
  }
  expect((await ann.api.get('/v1/kills')).json).toMatchObject({ kills: [], lifts: [] })
  const point = await server.point(ann)
  const { statements } = (await point.api.get('/v1/points/self/statements')).json
  expect(statements.map((each: object) => Object.keys(each)[0])).toEqual(['roster', 'lift'])
})

test('a listener is added, polls and acknowledges', async () => {
  const { listener, token } = (await ann.api.post('/v1/listeners', { kind: 'ssf_poll', url: null })).json
  await revokePoint()
  const poll = async (body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify({ returnImmediately: true, ...body }) }
    const answer = await fetch(`${server.base()}/ssf/poll/${listener}`, request)
    return (await answer.json()) as { sets: Record<string, string>; moreAvailable: boolean }
  }
  const { sets } = await poll({})
  expect(Object.keys(sets)).toHaveLength(1)
  expect(await poll({ ack: Object.keys(sets) })).toEqual({ sets: {}, moreAvailable: false })
  expect((await ann.api.get('/v1/listeners')).json.listeners).toMatchObject([{ id: listener }])
})

test('acknowledgements are counted', async () => {
  const point = await server.point(ann)
  const { head } = (await revokePoint()).json as { head: number }
  const before = (await ann.api.get(`/v1/revocations/${head}/acks`)).json
  expect(before).toMatchObject({ of: expect.any(Number), acknowledged: 0 })
  const ack = { v: 1 as const, point: point.id, epoch: 1, head, kills: [], t: Date.now() }
  const signed = signAck(nodeCrypto.signer(point.api.key), ack)
  for (let i = 0; i < 2; i++) expect((await point.api.post('/v1/acks', { ...signed })).status).toBe(200) // once more, and it changes nothing
  const after = (await ann.api.get(`/v1/revocations/${head}/acks`)).json
  expect(after).toMatchObject({ of: before.of, acknowledged: 1 })
  expect(after.missing).not.toContainEqual(expect.objectContaining({ point: point.id }))
})

test('a pruning is planned', async () => {
  await until('a checkpoint', () => existing(join(server.dataDir, 'log')).includes('checkpoint') || null)
  const before = new Date(Date.now() - 400 * 86_400_000).toISOString()
  const plan = await ann.api.get(`/v1/log/pruning?before=${before}&unreported=true`)
  expect([plan.status, plan.json]).toMatchObject([200, { from: 0, to: 0, pruned_n: 0 }])
})

function existing(folder: string): string[] {
  return readdirSync(folder)
}

test('a memory domain is asked for at one node, and handed over at another', async () => {
  const other = new TestServer({ store, vault: join(server.dataDir, 'vault.db'), peers: [server.base()] })
  other.skipsRebuild = true
  cpSync(join(server.dataDir, 'keys'), join(other.dataDir, 'keys'), { recursive: true })
  await other.start()
  try {
    const one = await DomainAsker.open(server, ann)
    const { id, api } = await server.point(ann)
    const spool = new Spool({ id, api: new Caller(other.base, 'Ed25519', api.key) })
    await spool.open()
    const two = new DomainAsker(spool)
    await one.lease('agt_nodes')
    const wanted = one.wanted() // waits before anybody asks
    const asked = two.lease('agt_nodes')
    expect(await wanted).toEqual(['agt_nodes'])
    await one.handOver(one.signed('agt_nodes', 1, READ))
    expect(await asked).toMatchObject([{ turn: 2, begins: 'handed_over', taint: READ }])
  } finally {
    await other.remove()
  }
}, 30_000)

test('a node without the new frame key revokes nothing and says so, until it has the file', async () => {
  const other = new TestServer({ store, vault: join(server.dataDir, 'vault.db'), peers: [server.base()] })
  other.skipsRebuild = true
  cpSync(join(server.dataDir, 'keys'), join(other.dataDir, 'keys'), { recursive: true })
  await other.start()
  try {
    const elsewhere = new Caller(other.base, 'Ed25519', ann.api.key)
    expect((await revokePoint(elsewhere)).status).toBe(200)
    const drafted = (await ann.api.post('/v1/keys/frame/draft', {})).json
    const signed = signFrameKey(breakGlass, drafted)
    // Brought to the node that did not make it, it is refused there: nobody could sign.
    expect(code(await elsewhere.post('/v1/statements', { ...signed }))).toBe('FRAME_KEY_MISSING')
    expect((await ann.api.post('/v1/statements', { ...signed })).status).toBe(200)
    const info = async () => (await (await fetch(`${other.base()}/v1/info`)).json()) as object
    expect(await info()).toMatchObject({ frame_key: drafted.jwk, frame_epoch: 2, revokes: false })
    const refused = await revokePoint(elsewhere)
    expect([refused.status, code(refused)]).toEqual([503, 'FRAME_KEY_MISSING'])
    expect((await revokePoint()).status).toBe(200)
    await until('the old key is gone at the other', () =>
      existing(join(other.dataDir, 'keys')).includes('frame.jwk') ? null : true,
    )
    const name = `frame-${thumbprint(nodeCrypto, drafted.jwk)}.jwk`
    cpSync(join(server.dataDir, 'keys', name), join(other.dataDir, 'keys', name))
    expect(await info()).toMatchObject({ revokes: true })
    expect((await revokePoint(elsewhere)).status).toBe(200)
    const { heartbeat } = (await elsewhere.get('/v1/revocations/poll?epoch=2&after=0')).json
    expect(heartbeat.heartbeat).toMatchObject({ epoch: 2 })
  } finally {
    await other.remove()
  }
}, 30_000)

test('readiness counts the same', async () => {
  const { steps } = readinessPlanSchema.parse((await ann.api.get('/v1/readiness')).json)
  const measureOf = (id: string) => steps.find((step) => step.id === id)?.measure
  expect(measureOf('people')).toMatchObject({ wanted: 2 })
  expect(Number(measureOf('people')?.endorsed)).toBeGreaterThanOrEqual(2)
  const measured = steps.flatMap(({ measure }) => Object.values(measure))
  expect(measured.filter((value) => typeof value === 'number' && !Number.isFinite(value))).toEqual([])
  expect(measureOf('points')).toEqual({
    enrolled: expect.any(Number),
    recording: expect.any(Number),
    silent: expect.any(Number),
  })
})
