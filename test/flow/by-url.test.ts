/** `connect({ url, key })`: an address and a key file, over Streamable HTTP, and nothing else to set up. spec/sdk.md SDK-2. */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { call, connect, serve } from 'countersign'
import { protectTransport } from 'countersign/mcp-server'
import { openHttpGateway } from '../../apps/gateway/http-gateway.ts'
import type { Served } from '../../src/enforce/served.ts'
import { listening, stopped } from './http-frameworks.ts'
import { sdkPoint, type SdkPoint } from './stage-sdk.ts'
import { FILES_SERVER, NOTES, setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
let at: SdkPoint
let served: Served
let url: string
const servers: Server[] = []
const headers: (string | undefined)[] = []

/** A server of SDK v2 over HTTP, each tool decided in its own process. */
async function notesServer(): Promise<string> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const opened = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    const capabilities = { logging: {} }
    const server = new McpServer({ name: 'notes', version: '1.0.0' }, { capabilities })
    const inputSchema = z.object({ path: z.string() })
    server.registerTool('read_note', { inputSchema }, async ({ path }, ctx) => {
      await ctx.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data: 'reading' } })
      return { content: [{ type: 'text', text: `text of ${path}` }] }
    })
    server.registerTool('delete_note', { inputSchema }, () => ({ content: [] }))
    await server.connect(protectTransport(transport, served))
    return transport
  }
  const handle = async (request: Request): Promise<Response> => {
    const known = sessions.get(request.headers.get('mcp-session-id') ?? '')
    headers.push(request.headers.get('countersign-proof') ?? undefined)
    return (known ?? (await opened())).handleRequest(request)
  }
  const listener = getRequestListener(handle)
  const server = createServer((request, response) => void listener(request, response))
  servers.push(server)
  return `${await listening(server)}/servers/notes/mcp`
}

beforeAll(async () => {
  stage = await setFlowStage()
  at = await sdkPoint(stage, 'by-url', 'tool_side')
  served = await serve(at)
  url = await notesServer()
})
afterAll(async () => {
  for (const server of servers) await stopped(server)
  await served.close()
  await stage.remove()
})

test('an address and a key file are enough', async () => {
  const notes = await connect({ url, key: at.key })
  expect(notes.server).toBe('notes')
  expect((await notes.listTools()).tools.map(({ name }) => name)).toEqual(['read_note'])
  const allowed = await notes.callTool({ name: 'read_note', arguments: { path: 'public/a.txt' } })
  expect(allowed).toMatchObject({
    decision: 'allow',
    result: { content: [{ type: 'text', text: 'text of public/a.txt' }] },
  })
  const denied = await notes.callTool({ name: 'read_note', arguments: { path: 'secret/a.txt' } })
  expect(denied).toMatchObject({ decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
  await notes.close()
  expect(new Set(headers)).toEqual(new Set(['call']))
})

test('one call alone connects, calls and closes', async () => {
  const answer = await call({ url, key: at.key }, 'read_note', { path: 'public/b.txt' })
  expect(answer).toMatchObject({ decision: 'allow' })
})

test('calls in flight together, each with its own proof', async () => {
  const notes = await connect({ url, key: at.key })
  const paths = Array.from({ length: 20 }, (_, i) => `public/${i}.txt`)
  const answers = await Promise.all(
    paths.map((path) => notes.callTool({ name: 'read_note', arguments: { path } })),
  )
  expect(answers.map(({ result }) => result.content)).toEqual(
    paths.map((path) => [{ type: 'text', text: `text of ${path}` }]),
  )
  await notes.close()
})

test('a gateway in front of a server that knows nothing of us', async () => {
  const path = join(stage.folder, 'countersign.yaml')
  const files = { command: process.execPath, args: [FILES_SERVER, 'files'], cwd: stage.folder }
  const settings = {
    v: 1,
    point: 'gateway.json',
    listen: '127.0.0.1:0',
    servers: { files: { stdio: files } },
  }
  await writeFile(path, stringify(settings))
  const gateway = await openHttpGateway({ config: path, say: () => undefined, onFault: () => undefined })
  try {
    const key = join(stage.folder, 'agent.key.json')
    const notes = await connect({ url: `${gateway.url}/servers/files/mcp`, key })
    const read = (name: string): ReturnType<typeof notes.callTool> =>
      notes.callTool({ name: 'read_text_file', arguments: { path: join(stage.folder, name) } })
    expect(await read('files/notes.txt')).toMatchObject({
      decision: 'allow',
      result: { content: [{ type: 'text', text: NOTES }] },
    })
    expect(await read('agent.key.json')).toMatchObject({ decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
    await notes.close()
  } finally {
    await gateway.close()
  }
})

test('a chain of another agent is refused by name', async () => {
  const other = await sdkPoint(stage, 'elsewhere', 'tool_side')
  await expect(connect({ url, key: other.key })).rejects.toMatchObject({
    code: 'CONNECTION_DENIED',
    reasons: ['AUDIENCE_MISMATCH'],
  })
})
