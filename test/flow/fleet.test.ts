/** The fleet as its control plane sees it: counts, health, metrics, and telemetry from outside held against receipts. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fleetOf } from '../../apps/server/fleet-view.ts'
import { TestServer, type Caller, type Operator } from '../../apps/server/harness.ts'
import { openSnapshot } from '../../src/adapters/sqlite/offline.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { decodeEntry, type AnyEntry } from '../../src/log/entries.ts'
import { raise } from '../../src/registry/alerts.ts'
import { reconcile, RECONCILE_MS } from '../../src/registry/spans.ts'
import { Spool } from '../fixtures/spool.ts'

const now = Date.now()
const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: { id: string; key: Caller }
let spool: Spool

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  const { id: system } = (await ann.api.post('/v1/systems', { name: 'Files' })).json
  const tool = { system, server: 'files', tool: 'read', definition_hash: 'D'.repeat(43), measures: {} }
  await ann.api.post('/v1/tools', tool)
  spool = new Spool(await server.point(ann))
  await spool.open()
})
afterAll(() => server.remove())

async function entries(): Promise<AnyEntry[]> {
  const { json } = await ann.api.get('/v1/entries?limit=1000')
  return json.entries.map(({ entry }: { entry: object }) => decodeEntry(Buffer.from(JSON.stringify(entry))))
}

/** Watches the fleet until it hears of this. */
async function heard(what: RegExp): Promise<string> {
  const watching = new AbortController()
  const response = await ann.api.fetch('GET', '/v1/fleet/stream', '', {}, watching.signal)
  const reader = response.body!.getReader()
  let text = ''
  while (!what.test(text)) text += Buffer.from((await reader.read()).value ?? []).toString()
  watching.abort()
  return text
}

/** As the server would, later. */
async function reconcileAt(time_ms: number): Promise<void> {
  await server.running.close()
  const clock = { now: () => time_ms, monotonic: () => performance.now() }
  const store = openSqliteStore({ path: join(server.dataDir, 'countersign.db'), clock })
  await reconcile(store, raise)
  await store.close()
  await server.start()
}

describe('a fleet', () => {
  test('is counted from its receipts, and streamed to who watches', async () => {
    const call = { agent: agent.id, time: rfc3339(now) }
    await spool.ship([
      spool.decide({ ...call, action: 'act_a', decision: 'allow', reasons: [] }),
      spool.decide({ ...call, action: 'act_b', reasons: ['SCOPE_VIOLATION'] }),
    ])
    const text = await heard(
      new RegExp(`event: agent\ndata: {[^\n]*"${agent.id}"[^\n]*"allowed":1,"denied":1`),
    )
    expect(text).toMatch(/^event: fleet\ndata: \{"time":/)
    const { json } = await ann.api.get('/v1/telemetry?by=agent,tool&step=all')
    expect(json.rows).toMatchObject([{ agent: agent.id, tool: 'read', allowed: 1, denied: 1 }])
    const reasons = await ann.api.get(`/v1/telemetry?of=reason&agent=${agent.id}&step=all`)
    expect(reasons.json.rows).toMatchObject([{ name: 'SCOPE_VIOLATION', n: 1 }])
    expect((await ann.api.get('/v1/telemetry?by=person')).status).toBe(400)
  })

  test('says how each agent and point is', async () => {
    const { json } = await ann.api.get('/v1/fleet')
    const health = json.agents.find(({ id }: { id: string }) => id === agent.id)
    expect(health).toMatchObject({ status: 'active', last_hour: { allowed: 1, denied: 1 }, waiting: 0 })
    expect(json.points).toMatchObject([{ state: 'live', last_hour: { allowed: 1 } }])
    const one = (await ann.api.get(`/v1/fleet/agents/${agent.id}`)).json
    expect(one.last_day.rows).toMatchObject([{ server: 'files', tool: 'read', allowed: 1 }])
    expect((await ann.api.get('/v1/fleet/agents/agt_nobody')).status).toBe(404)
    expect((await spool.point.api.get('/v1/fleet')).status).toBe(403)
  })

  test('counts the last whole minute, and what waits for people', async () => {
    const { json } = await ann.api.get('/v1/fleet')
    expect([json.alerts_n, json.waiting_n]).toEqual([0, 0])
    const snapshot = openSnapshot(join(server.dataDir, 'countersign.db'))
    try {
      const minutes = [now, now + 60_000, now + 120_000]
      const counted = await Promise.all(minutes.map((at) => fleetOf(snapshot.db, '', at)))
      expect(counted.map(({ last_minute_n }) => last_minute_n)).toEqual([0, 2, 0])
    } finally {
      snapshot.close()
    }
  })

  test('of more agents than are asked for has those that need a look, and counts all', async () => {
    const other = await server.agent(ann, ben)
    const { json } = await ann.api.get('/v1/fleet?agents=1')
    expect(json.agents).toMatchObject([{ id: agent.id, last_hour: { denied: 1 } }])
    expect([json.agents_n, json.active_n]).toEqual([2, 2])
    const all = (await ann.api.get('/v1/fleet')).json.agents.map(({ id }: { id: string }) => id)
    expect(all.sort()).toEqual([agent.id, other.id].sort())
    expect((await ann.api.get('/v1/fleet?agents=0')).status).toBe(400)
  })

  test('is read by a Prometheus server with a token that reads nothing else', async () => {
    expect((await fetch(`${server.base()}/metrics`)).status).toBe(401)
    const added = (await ann.api.post('/v1/telemetry/sources', { kind: 'metrics', agent: null })).json
    const headers = { authorization: `Bearer ${added.token}` }
    const response = await fetch(`${server.base()}/metrics`, { headers })
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const lines = (await response.text()).split('\n')
    expect(lines).toContain(`countersign_decisions_total{agent="${agent.id}",decision="deny"} 1`)
    expect(lines).toContain('# TYPE countersign_call_duration_seconds histogram')
    expect((await fetch(`${server.base()}/v1/fleet`, { headers })).status).toBe(401)
    const spans = await fetch(`${server.base()}/v1/otlp/v1/traces`, { method: 'POST', headers, body: '{}' })
    expect(spans.status).toBe(401)
    await ann.api.post(`/v1/telemetry/sources/${added.source}/remove`, {})
    expect((await fetch(`${server.base()}/metrics`, { headers })).status).toBe(401)
  })
})

describe('spans of agents', () => {
  let headers: Record<string, string>

  function spanOf(at: number, span: string, tool = 'read', parent = ''): object {
    const nano = (ms: number): string => `${ms}000000`
    return {
      traceId: 'a'.repeat(32),
      spanId: span.repeat(16),
      parentSpanId: parent.repeat(16),
      name: `execute_tool ${tool}`,
      startTimeUnixNano: nano(at),
      endTimeUnixNano: nano(at + 100),
      attributes: [
        { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
        { key: 'gen_ai.tool.name', value: { stringValue: tool } },
      ],
    }
  }

  function send(...spans: object[]): Promise<Response> {
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
    return fetch(`${server.base()}/v1/otlp/v1/traces`, { method: 'POST', headers, body })
  }

  test('are held against receipts, and one without is an entry and an alert', async () => {
    const input = { kind: 'otlp', agent: agent.id }
    const { token } = (await ann.api.post('/v1/telemetry/sources', input)).json
    headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    await spool.ship([spool.decide({ agent: agent.id, time: rfc3339(now), action: 'act_c' })])
    // A call, the protocol beneath it, the same tool once more, and one that nobody registered.
    const sent = await send(
      spanOf(now, '1'),
      spanOf(now, '2', 'read', '1'),
      spanOf(now + 5, '3'),
      spanOf(now, '4', 'add'),
    )
    expect(sent.status).toBe(200)
    await reconcileAt(now + RECONCILE_MS + 60_000)
    const all = await entries()
    const unmatched = all.filter((one) => one.type === 'span.unmatched')
    expect(unmatched).toMatchObject([{ subject: agent.id, body: { tool: 'read', span: '3'.repeat(16) } }])
    const raised = all.filter((one) => one.type === 'alert.raised' && one.body.rule === 'BYPASS_SUSPECTED')
    expect(raised).toMatchObject([
      { subject: agent.id, body: { rule: 'BYPASS_SUSPECTED', detail: { trace: 'a'.repeat(32) } } },
    ])
    await reconcileAt(now + 2 * 86_400_000)
    const days = (await entries()).filter((one) => one.type === 'spans.reconciled')
    expect(days).toMatchObject([{ body: { matched: 2, unmatched: 1, unknown: 1 } }])
  })

  test('are refused when they are no spans, or too large', async () => {
    const post = (body: string | Uint8Array<ArrayBuffer>, type: string): Promise<Response> =>
      fetch(`${server.base()}/v1/otlp/v1/traces`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      })
    expect((await post('{"resourceSpans":7}', 'application/json')).status).toBe(400)
    expect((await post('nothing', 'application/json')).status).toBe(400)
    expect((await post(Uint8Array.of(0x0a, 0x7f, 1), 'application/x-protobuf')).status).toBe(400)
    expect((await post('x'.repeat(4 * 1024 * 1024 + 1), 'application/json')).status).toBe(413)
  })
})
