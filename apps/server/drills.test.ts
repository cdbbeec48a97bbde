import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Spool } from '../../test/fixtures/spool.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { KILL_CALL } from '../../src/log/drill-report.ts'
import { SYSTEM } from '../../src/registry/context.ts'
import { ALERT_APART_MS, insertDrill, OVERDUE_MS } from '../../src/registry/drills.ts'
import { signRoster } from '../../src/revoke/kill-rules.ts'
import { DrillRunner } from './drill-runner.ts'
import { TestServer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: { id: string }
let spool: Spool
let silent: { id: string }

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  spool = new Spool(await server.point(ann))
  await spool.open()
  silent = await server.point(ann)
  const key = JSON.parse(readFileSync(join(server.dataDir, 'keys/break-glass.jwk'), 'utf8'))
  const { json } = await ann.api.post('/v1/rosters/draft', { people: [ann.id, ben.id], m: 2 })
  await ann.api.post('/v1/statements', { ...signRoster(nodeCrypto.signer(key), json) })
})
afterAll(() => server.remove())

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

async function plan(by: Operator, mode: string, scope: JsonObject = { kind: 'agent', id: agent.id }) {
  const { json } = await by.api.post('/v1/drills', { mode, scope, at: '2026-03-01T09:00:00Z' })
  return json.drill as string
}

async function pull(by: Operator, scope: JsonObject) {
  const { challenge, act } = (await by.api.post('/v1/kills/draft', { scope, reason: 'drill' })).json
  return { ...by.authenticator.assert(challenge), kill: act.kill }
}

async function lift(kill: string): Promise<void> {
  const { json } = await ann.api.post('/v1/lifts', { kills: [kill], reason: 'over' })
  for (const by of [ann, ben]) {
    const { challenge } = (await by.api.get(`/v1/lifts/${json.lift}`)).json
    await by.api.post(`/v1/lifts/${json.lift}/sign`, by.authenticator.assert(challenge))
  }
}

const listed = async (drill: string) =>
  (await ann.api.get('/v1/drills')).json.drills.find(({ id }: { id: string }) => id === drill)

describe('a drill in production', () => {
  test('pulls a kill on its scope, shows who denies, and closes with a report once it is lifted', async () => {
    const scope = { kind: 'agent', id: agent.id }
    const drill = await plan(ann, 'production')
    expect(await listed(drill)).toMatchObject({ status: 'planned', scope, planner: ann.id, kill: null })
    const time = rfc3339(Date.now())
    await spool.ship([
      spool.decide({ decision: 'allow', reasons: [], agent: agent.id, action: 'act_x', time }),
    ])
    const begun = await ben.api.post(`/v1/drills/${drill}/start`, { pull: await pull(ben, scope) })
    const { kill } = begun.json
    expect(await listed(drill)).toMatchObject({ status: 'started', kill })
    const open = (await ann.api.get(`/v1/drills/${drill}/report`)).json
    expect(open.report).toMatchObject({ points_n: 2, answered_n: 0, kill: { id: kill }, lift: null })

    const at = Date.parse(open.report.kill.at)
    const denied = { tool: KILL_CALL, reasons: ['KILLED'], kill, time: rfc3339(at + 12) }
    await spool.ship([spool.decide(denied)])
    expect((await ben.api.get(`/v1/kills/${kill}`)).json).toMatchObject({
      statement: { kill: { id: kill, scope } },
      at,
      lift: null,
      points_n: 2,
      answered_n: 1,
      points: [
        { point: silent.id, denied_ms: null },
        { point: spool.point.id, denied_ms: 12 },
      ],
    })
    expect(code(await ben.api.get('/v1/kills/kil_none'))).toBe('UNKNOWN_KILL')
    expect(code(await ben.api.post(`/v1/drills/${drill}/close`, {}))).toBe('STATE_CONFLICT')
    await lift(kill)
    const { kills } = (await ann.api.get('/v1/kills/history')).json
    expect(kills).toMatchObject([
      { statement: { kill: { id: kill } }, at, by_person: ben.id, lift: { people_n: 2 } },
    ])
    expect(code(await ann.api.post(`/v1/drills/${drill}/close`, {}))).toBe('SAME_PERSON')
    const closed = await ben.api.post(`/v1/drills/${drill}/close`, {})
    expect(closed.status).toBe(200)
    expect(closed.json.report).toMatchObject({
      answered_n: 1,
      first_ms: 12,
      last_ms: 12,
      points: [
        { point: silent.id, denied_ms: null },
        { point: spool.point.id, denied_ms: 12 },
      ],
      in_flight: { open: 1 },
      lift: { people_n: 2, first_allow_ms: null },
    })
    expect((await ann.api.get(`/v1/drills/${drill}/report`)).json).toMatchObject({
      drill: { status: 'closed' },
      ...closed.json,
    })
    expect(code(await ben.api.post(`/v1/drills/${drill}/close`, {}))).toBe('STATE_CONFLICT')
  })

  test('begins once, with a kill, on no other scope than was planned', async () => {
    const drill = await plan(ann, 'production')
    const wider = await pull(ann, { kind: 'global' })
    const start = (asked: object | null) => ann.api.post(`/v1/drills/${drill}/start`, { pull: asked })
    expect(code(await start(null))).toBe('STATE_CONFLICT')
    expect(code(await start(wider))).toBe('STATE_CONFLICT')
    expect(code(await ben.api.post(`/v1/drills/${drill}/close`, {}))).toBe('STATE_CONFLICT')
    expect((await ann.api.get('/v1/kills')).json.kills).toEqual([])
    const good = await pull(ann, { kind: 'agent', id: agent.id })
    const { kill } = (await start(good)).json
    expect(code(await start(await pull(ann, { kind: 'agent', id: agent.id })))).toBe('STATE_CONFLICT')
    await lift(kill)
  })

  test('is not planned on what nobody knows, and not found under another name', async () => {
    const scope = { kind: 'class', id: 'none' }
    expect(code(await ann.api.post('/v1/drills', { mode: 'production', scope }))).toBe('UNKNOWN_CLASS')
    expect(code(await ann.api.post('/v1/drills/drl_none/close', {}))).toBe('UNKNOWN_DRILL')
    expect(code(await ann.api.get('/v1/drills/drl_none/report'))).toBe('UNKNOWN_DRILL')
  })
})

test('a tabletop pulls nothing, and says so', async () => {
  const drill = await plan(ann, 'tabletop', { kind: 'global' })
  const asked = { pull: await pull(ann, { kind: 'global' }) }
  expect(code(await ann.api.post(`/v1/drills/${drill}/start`, asked))).toBe('STATE_CONFLICT')
  expect((await ann.api.post(`/v1/drills/${drill}/start`, { pull: null })).json).toEqual({ kill: null })
  expect((await ann.api.get('/v1/kills')).json.kills).toEqual([])
  const { report } = (await ben.api.post(`/v1/drills/${drill}/close`, {})).json
  expect(report).toMatchObject({ mode: 'tabletop', kill: null, points_n: 0 })
})

test('a quarter without a closed drill raises an alert, once a week, until one is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-drills-'))
  let now = 1_772_000_000_000
  const clock = { now: () => now, monotonic: () => now }
  const store = openSqliteStore({ path: join(folder, 'state.db'), clock })
  const faults: unknown[] = []
  const runner = new DrillRunner({ registry: { store }, report: (fault) => faults.push(fault) })
  const alerts = async () => {
    await runner.look()
    const entries = (await store.entries.read(0, await store.entries.size())).map(decodeEntry)
    return entries
      .filter((entry) => entry.type === 'alert.raised')
      .map(({ body: { rule, detail } }) => ({ rule, detail }))
  }
  expect(await alerts()).toEqual([]) // there is no log yet
  await store.write((tx) => tx.append({ type: 'system.added', actor: SYSTEM, body: { name: 'Files' } }))
  const since = now / 1000
  now += OVERDUE_MS - 1
  expect(await alerts()).toEqual([])
  now += 1
  const alert = { rule: 'DRILL_OVERDUE', detail: { since } }
  expect([await alerts(), await alerts()]).toEqual([[alert], [alert]])
  now += ALERT_APART_MS
  expect(await alerts()).toEqual([alert, alert])
  await store.write(async ({ db }) => {
    const scope_json = '{"kind":"global"}'
    await insertDrill(db, { id: 'drl_1', entry: 0, mode: 'tabletop', scope_json, at: now, planner: 'per_1' })
    await db.updateTable('drills').set({ started: 0, closed: 0, closed_ms: now }).execute()
  })
  now += ALERT_APART_MS
  expect(await alerts()).toHaveLength(2)
  now += OVERDUE_MS
  expect(await alerts()).toHaveLength(3)
  expect(faults).toEqual([])
  await runner.stop()
  await store.close()
  rmSync(folder, { recursive: true })
})
