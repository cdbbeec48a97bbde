/** The gateway before real MCP servers at an address, of both revisions, with sessions and without. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import {
  createMcpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { HostedDelegations } from '../../src/enforce/hosted.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { until } from '../../test/fixtures/processes.ts'
import { SERVER, Stage, type StagedPoint } from '../../test/fixtures/stage.ts'
import { Access } from './access.ts'
import type { ServerConfig } from './config.ts'
import { openFront, type Front } from './http-front.ts'
import { HttpLink, HttpServer } from './http-link.ts'
import { Sessions } from './http-sessions.ts'
import { openPoint, type OpenPoint } from './point.ts'
import { runStdioFront } from './stdio-front.ts'

const anyResult = z.record(z.string(), z.unknown())

let stage: Stage
let staged: StagedPoint
let open: OpenPoint
let front: Front
let sessions: Sessions
let upstream: Server
let upstreamUrl = ''
/** What reached the server. */
const seen: IncomingMessage['headers'][] = []
const legacy = new Map<string, WebStandardStreamableHTTPServerTransport>()
const servers = new Map<string, ServerConfig>()
const faults: unknown[] = []

/** As `test/fixtures/echo-server.ts` defines it, so that its registration holds; it says how far it is before it answers. */
function echoServer(): McpServer {
  const server = new McpServer({ name: 'echo', version: '1.0.0' })
  const inputSchema = z.object({ text: z.string() })
  server.registerTool(
    'echo',
    { description: 'Repeats a text', inputSchema },
    async ({ text }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      if (progressToken !== undefined)
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress: 1, total: 2 },
        })
      return { content: [{ type: 'text', text }] }
    },
  )
  return server
}

const modern = createMcpHandler(() => echoServer(), { legacy: 'reject' })

async function serve(request: Request): Promise<Response> {
  seen.push(Object.fromEntries(request.headers))
  const id = request.headers.get('mcp-session-id')
  const isModern = (request.headers.get('mcp-protocol-version') ?? '') >= '2026-07-28'
  if (isModern) return modern.fetch(request)
  let transport = legacy.get(id ?? '')
  if (transport === undefined) {
    if (id !== null) return new Response(null, { status: 404 })
    const made = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (session) => void legacy.set(session, made),
    })
    await echoServer().connect(made)
    transport = made
  }
  return transport.handleRequest(request)
}

const listener = getRequestListener(serve)

beforeAll(async () => {
  upstream = createHttpServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp`
  stage = await Stage.set()
  staged = await stage.point('http')
  const onFault = (error: unknown): number => faults.push(error)
  open = await openPoint(staged.path, { onFault })
  const plane = { register: async () => 32, delegation: async () => null }
  const point = open.point.id
  const hosting = new HostedDelegations({
    crypto: nodeCrypto,
    clock: systemClock,
    point,
    plane,
    keys: [],
    keep: async () => undefined,
    onFault,
  })
  sessions = new Sessions({ point: open.point, clock: systemClock, log: () => undefined })
  const limits = { sessions: 8, sessions_per_client: 4, idle_s: 60, answer_s: 20 }
  const headers = { authorization: 'Bearer of-the-gateway' }
  servers.set(SERVER, {
    name: SERVER,
    secrets: ['authorization'],
    upstream: { kind: 'http', url: upstreamUrl, headers },
    access: 'keys',
    limits,
  })
  front = await openFront({
    listen: { host: '127.0.0.1', port: 0 },
    public_url: undefined,
    origins: () => [],
    servers: () => servers,
    access: new Access({ point: open.point, tokens: null, hosting, hosted: false }),
    sessions,
    issuer: null,
    onFault,
  })
}, 120_000)

afterAll(async () => {
  await front?.close()
  await open?.point.close()
  await stage?.remove()
  upstream.closeAllConnections()
  upstream.close()
  if (faults.length > 0) throw new AggregateError(faults, 'the gateway had unexpected faults')
}, 60_000)

test.each(['legacy', 'auto'] as const)(
  'a client that negotiates %s calls, with progress, and none of its secrets goes on',
  async (mode) => {
    seen.length = 0
    const client = new Client({ name: 'up', version: '1.0.0' }, { versionNegotiation: { mode } })
    const headers = { cookie: 'mine=1', 'x-own': 'no' }
    const url = new URL(`${front.url}/servers/${SERVER}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
    const { chain } = await stage.delegate(staged)
    const session = await CountersignMcpSession.open({
      crypto: nodeCrypto,
      clock: systemClock,
      chain,
      holder: stage.agent.holder,
      request: (method, params) => client.request({ method, params }, anyResult),
    })
    const args = { text: `over ${mode}` }
    const progress: unknown[] = []
    const said = await client.callTool(
      { name: 'echo', arguments: args, _meta: session.metaFor('echo', args) },
      { onprogress: (one) => progress.push(one) },
    )
    expect(said.content).toEqual([{ type: 'text', text: `over ${mode}` }])
    expect(progress).toEqual([{ progress: 1, total: 2 }])
    const denied = await client.callTool({ name: 'echo', arguments: args })
    expect(denied.isError).toBe(true)
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every((each) => each.authorization === 'Bearer of-the-gateway')).toBe(true)
    expect(seen.some((each) => each.cookie !== undefined || each['x-own'] !== undefined)).toBe(false)
    await client.close()
  },
)

test('a server that lost its session ends the client’s, which begins again', async () => {
  const client = new Client({ name: 'up', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } })
  const url = new URL(`${front.url}/servers/${SERVER}/mcp`)
  const transport = new StreamableHTTPClientTransport(url)
  await client.connect(transport)
  const { sessionId = '' } = transport
  expect(sessionId).not.toBe('')
  expect(legacy.has(sessionId)).toBe(false) // the server's own is none of the client's business
  legacy.clear()
  await expect(client.ping()).rejects.toThrow(/ended/)
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': sessionId,
  }
  const body = '{"jsonrpc":"2.0","id":9,"method":"ping"}'
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(404)
  await client.close().catch(() => undefined)
})

test('a client on standard streams reaches the same server', async () => {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const lines: string[] = []
  stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)))
  const server = new HttpServer(upstreamUrl, {}, 20_000)
  const stop = new AbortController()
  const running = runStdioFront(
    {
      point: open.point,
      server: SERVER,
      hosted: false,
      link: (events, passed) => new HttpLink(server, events, passed),
      stdin,
      stdout,
      say: () => undefined,
    },
    stop.signal,
  )
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  }
  stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
  await until('initialized', () => lines.find((line) => line.includes('serverInfo')))
  stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  const call = { name: 'echo', arguments: { text: 'x' } }
  stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call })}\n`)
  expect(await until('denied', () => lines.find((line) => line.includes('"id":2')))).toContain('NO_CHAIN')
  stdin.end()
  await running
  server.close()
})
