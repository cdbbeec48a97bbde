/**
 * OpenTelemetry as others make it: a process with the SDK exports to us, and the project's own library writes the same
 * JSON as we do. Nothing of the SDK is mocked.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer, type Caller, type Operator } from '../../apps/server/harness.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { tracesJson } from '../../src/observe/otlp/json.ts'
import { spansOfProtobuf } from '../../src/observe/otlp/protobuf.ts'
import { spansOfJson } from '../../src/observe/otlp/seen.ts'
import { raise } from '../../src/registry/alerts.ts'
import { reconcile, RECONCILE_MS } from '../../src/registry/spans.ts'
import { Spool } from '../fixtures/spool.ts'

/** A collector: keeps what it is sent. */
const received: { path: string; body: string; headers: Record<string, unknown> }[] = []
let isDown = true
const told = Promise.withResolvers<void>()
const collector = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    if (isDown) {
      isDown = false // once: it is tried again
      return response.writeHead(503).end()
    }
    received.push({
      path: request.url ?? '',
      body: Buffer.concat(parts).toString(),
      headers: request.headers,
    })
    if (received.some(({ path }) => path === '/v1/metrics')) told.resolve()
    return response.writeHead(200).end('{}')
  })
})

let server: TestServer
let ann: Operator
let agent: { id: string; key: Caller }
let spool: Spool

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  server = new TestServer({ otlp: { url: `http://127.0.0.1:${port}`, headers: { 'x-key': 'theirs' } } })
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  agent = await server.agent(ann, await server.invite(ann, 'Ben'))
  const { id: system } = (await ann.api.post('/v1/systems', { name: 'Files' })).json
  const tool = { system, server: 'files', tool: 'read', definition_hash: 'D'.repeat(43), measures: {} }
  await ann.api.post('/v1/tools', tool)
  spool = new Spool(await server.point(ann))
  await spool.open()
})
afterAll(async () => {
  await server.remove()
  collector.close()
})

test('a process with the SDK tells of two calls, of which one has a receipt', async () => {
  const input = { kind: 'otlp', agent: null }
  const { token } = (await ann.api.post('/v1/telemetry/sources', input)).json
  const call = { agent: agent.id, action: 'act_otlp', decision: 'allow' as const, reasons: [] }
  await spool.ship([spool.decide({ ...call, time: rfc3339(Date.now()) })])
  const script = join(import.meta.dirname, '../fixtures/otlp-agent.ts')
  const url = `${server.base()}/v1/otlp/v1/traces`
  const { stdout } = await promisify(execFile)(process.execPath, [script, url, `Bearer ${token}`, agent.id])
  const traces = JSON.parse(stdout) as string[]
  await told.promise // what we export, see below

  await server.running.close()
  const clock = { now: () => Date.now() + RECONCILE_MS + 60_000, monotonic: () => performance.now() }
  const store = openSqliteStore({ path: join(server.dataDir, 'countersign.db'), clock })
  await reconcile(store, raise)
  const rows = await store.query((db) =>
    db.selectFrom('entries').select('bytes').where('type', '=', 'span.unmatched').execute(),
  )
  await store.close()
  await server.start()
  const unmatched = rows.map(
    ({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as { body: { trace: string } },
  )
  expect(unmatched).toHaveLength(1)
  expect(unmatched[0]).toMatchObject({ subject: agent.id, body: { tool: 'read' } })
  expect(traces).toContain(unmatched[0]?.body.trace)
}, 30_000)

test('a collector that was away gets spans and metrics, without anything personal', async () => {
  await spool.ship([
    spool.decide({ agent: agent.id, time: rfc3339(Date.now()), reasons: ['SCOPE_VIOLATION'] }),
  ])
  await expect
    .poll(() => received.filter(({ path }) => path === '/v1/traces').length, { timeout: 20_000 })
    .toBeGreaterThan(0)
  const { body, headers } = received.find(({ path }) => path === '/v1/traces')!
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-key': 'theirs' })
  const [span] = spansOfJson(Buffer.from(body))
  expect(span!.attributes.get('gen_ai.operation.name')).toBe('execute_tool')
  expect(span!.attributes.get('gen_ai.agent.id')).toBe(agent.id)
  expect(body).not.toContain('Ben')
  const metrics = received.find(({ path }) => path === '/v1/metrics')!.body
  expect(JSON.parse(metrics).resourceMetrics[0].scopeMetrics[0].metrics[0].name).toBe('countersign.decisions')
}, 30_000)

test('the library of the project writes the JSON that we write, and we read its protobuf', async () => {
  const memory = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'countersign' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
  })
  const attributes = { 'gen_ai.tool.name': 'read', 'countersign.entry': 7, 'countersign.reasons': ['A', 'B'] }
  const [start, end] = [1_772_000_000_123, 1_772_000_000_456]
  const span = provider
    .getTracer('countersign')
    .startSpan('execute_tool read', { startTime: start, attributes })
  span.setStatus({ code: 2 })
  span.end(end)
  const finished = memory.getFinishedSpans()
  const { traceId, spanId } = span.spanContext()
  const ours = tracesJson({ 'service.name': 'countersign' }, 'countersign', '', [
    {
      traceId,
      spanId,
      name: 'execute_tool read',
      kind: 1,
      start_ms: start,
      end_ms: end,
      attributes,
      isError: true,
    },
  ])
  const theirs = Buffer.from(JsonTraceSerializer.serializeRequest(finished)!).toString()
  expect(comparable(JSON.parse(theirs))).toEqual(comparable(JSON.parse(JSON.stringify(ours))))

  const inProtobuf = spansOfProtobuf(ProtobufTraceSerializer.serializeRequest(finished)!)
  const inJson = spansOfJson(Buffer.from(theirs))
  expect(inProtobuf).toEqual(inJson)
  expect(inProtobuf).toMatchObject([{ trace: traceId, span: spanId, start_ms: start, end_ms: end }])
  await provider.shutdown()
})

/** Members that say nothing are written by some and left out by others; numbers may be text. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(comparable)
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : value
  const members = Object.entries(value)
    .filter(([name]) => !/^(flags|dropped\w+Count)$/.test(name))
    .map(([name, one]) => [name, comparable(one)] as const)
  return Object.fromEntries(members.filter(([, one]) => one !== undefined))
}
