/**
 * What an HTTP gateway does when one side is slow, silent or gone: back-pressure, idle sessions, answers that never
 * come, streams that were cut, bodies that break off. spec/gateway.md (GWH-3, GWH-5, GWH-7 to GWH-10). Time is moved,
 * not waited for; the tool server does what a test tells it to.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { HostedDelegations } from '../../src/enforce/hosted.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { until } from '../../test/fixtures/processes.ts'
import { SERVER, Stage } from '../../test/fixtures/stage.ts'
import { SettableClock } from '../../test/fixtures/tokens.ts'
import { Access } from './access.ts'
import type { ServerConfig } from './config.ts'
import { openFront, type Front } from './http-front.ts'
import { Sessions } from './http-sessions.ts'
import { openPoint, type OpenPoint } from './point.ts'

const TELLING = fileURLToPath(new URL('../../test/fixtures/telling-server.ts', import.meta.url))
const IDLE_S = 60
const ANSWER_S = 40
/** 64 MiB: more than pipes, sockets and the memory of a session hold. */
const FLOOD_N = 4096

let stage: Stage
let open: OpenPoint
let front: Front
let sessions: Sessions
let file = ''
const clock = new SettableClock()
const faults: unknown[] = []

beforeAll(async () => {
  stage = await Stage.set()
  file = join(stage.folder, 'told')
  const staged = await stage.point('http')
  const onFault = (error: unknown): number => faults.push(error)
  open = await openPoint(staged.path, { onFault })
  const hosting = new HostedDelegations({
    crypto: nodeCrypto,
    clock: systemClock,
    point: open.point.id,
    plane: { register: async () => 32, delegation: async () => null },
    keys: [],
    keep: async () => undefined,
    onFault,
  })
  sessions = new Sessions({ point: open.point, clock, log: () => undefined })
  const command = { command: process.execPath, args: [TELLING, file], env: {}, cwd: undefined }
  const server: ServerConfig = {
    name: SERVER,
    secrets: [],
    upstream: { kind: 'stdio', ...command },
    access: 'keys',
    limits: { sessions: 8, sessions_per_client: 4, idle_s: IDLE_S, answer_s: ANSWER_S },
  }
  front = await openFront({
    listen: { host: '127.0.0.1', port: 0 },
    public_url: undefined,
    origins: () => [],
    servers: () => new Map([[SERVER, server]]),
    access: new Access({ point: open.point, tokens: null, hosting, hosted: false }),
    sessions,
    issuer: null,
    onFault,
  })
}, 60_000)

afterAll(async () => {
  await front?.close()
  await open?.point.close()
  await stage?.remove()
  if (faults.length > 0) throw new AggregateError(faults, 'the gateway had unexpected faults')
}, 60_000)

const urlOf = (): string => `${front.url}/servers/${SERVER}/mcp`
const told = (): { sent?: number; cancelled?: { requestId: string }; ended?: boolean }[] =>
  readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const headersOf = (session?: string): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  ...(session === undefined ? {} : { 'mcp-session-id': session }),
})

function post(body: object, session?: string, signal?: AbortSignal): Promise<Response> {
  return fetch(urlOf(), {
    method: 'POST',
    headers: headersOf(session),
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function begun(): Promise<string> {
  const clientInfo = { name: 'raw', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const answer = await post({ id: 1, method: 'initialize', params })
  await answer.text()
  return answer.headers.get('mcp-session-id') ?? ''
}
const end = async (session: string): Promise<void> =>
  void (await fetch(urlOf(), { method: 'DELETE', headers: headersOf(session) }))
const ping = async (session: string, params: object = {}, id = 'ping'): Promise<Response> =>
  post({ id, method: 'ping', params }, session)

/** `{id, data}` of the events in a text. */
function eventsIn(text: string): { id: string; data: { method?: string; params?: { progress: number } } }[] {
  return [...text.matchAll(/id: (\S+)\ndata: (.*)\n\n/g)].map(([, id = '', data = '']) => ({
    id,
    data: JSON.parse(data),
  }))
}

/** A request whose answer nobody reads until it is asked for. */
async function unread(body: object, session: string): Promise<IncomingMessage> {
  const request = httpRequest(urlOf(), { method: 'POST', headers: headersOf(session) })
  request.end(JSON.stringify({ jsonrpc: '2.0', ...body }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

test('a reader that is slow holds up its server, and no other; what it reads then is whole', async () => {
  const [slow, other] = [await begun(), await begun()]
  const params = { flood: FLOOD_N, _meta: { progressToken: 'p' } }
  const response = await unread({ id: 'flood', method: 'ping', params }, slow)
  const sent = (): number => told().at(-1)?.sent ?? 0
  await until('the server is held up', async () => {
    const before = sent()
    for (let i = 0; i < 50; i++) expect((await ping(other)).status).toBe(200)
    return before > 0 && sent() === before
  })
  expect(sent()).toBeLessThan(FLOOD_N / 2)

  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += String(part)
  const events = eventsIn(text)
  const steps = events.map(({ data }) => data.params?.progress).filter((step) => step !== undefined)
  expect(steps).toEqual(Array.from({ length: FLOOD_N }, (_, i) => i + 1))
  expect(events.at(-1)?.data).toMatchObject({ id: 'flood', result: {} })
  await Promise.all([end(slow), end(other)])
}, 60_000)

test('a session that nobody uses ends, with its server; one that is listened to or asked does not', async () => {
  const [idle, listened, asked] = [await begun(), await begun(), await begun()]
  const listening = new AbortController()
  const headers = headersOf(listened)
  const stream = await fetch(urlOf(), { headers, signal: listening.signal })
  expect(stream.status).toBe(200)
  const waiting = ping(asked, { hold: 'a' }, 'waits')
  await until('it waits', () => sessions.load === 1)
  clock.advance(IDLE_S * 500)
  sessions.sweep()
  expect((await ping(idle)).status).toBe(200)

  const before = told().filter(({ ended }) => ended).length
  clock.advance(ANSWER_S * 1000 - 15_000)
  // Its use is 25 s ago: nothing ends.
  sessions.sweep()
  expect((await ping(idle)).status).toBe(200)
  expect(told().filter(({ ended }) => ended).length).toBe(before)
  await waiting // it was given up: it is idle from here on
  clock.advance(IDLE_S * 1000)
  sessions.sweep()
  await until('two servers have ended', () => told().filter(({ ended }) => ended).length === before + 2)
  expect((await ping(idle)).status).toBe(404)
  expect((await ping(asked)).status).toBe(404)
  expect((await ping(listened)).status).toBe(200)
  listening.abort()
  await end(listened)
}, 30_000)

test('an answer that does not come is given up: the server is told, and so is the client', async () => {
  const session = await begun()
  const answer = ping(session, { hold: 'b' }, 'late')
  await until('it waits', () => sessions.load === 1)
  clock.advance(ANSWER_S * 1000 - 1)
  sessions.sweep()
  expect(sessions.load).toBe(1)
  clock.advance(1)
  sessions.sweep()
  const [event] = eventsIn(await (await answer).text())
  expect(event?.data).toMatchObject({ id: 'late', error: { code: -32004 } })
  await until('the server is told', () => told().some(({ cancelled }) => cancelled?.requestId === 'late'))
  expect((await ping(session)).status).toBe(200)
  await end(session)
})

test('a silent answer becomes a stream after 15 s, with something to hear', async () => {
  const session = await begun()
  const answer = ping(session, { hold: 'c' }, 'quiet')
  await until('it waits', () => sessions.load === 1)
  clock.advance(15_000)
  sessions.sweep()
  const response = await answer
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  await ping(session, { release: 'c' })
  const text = await response.text()
  expect(text).toContain(': waiting\n\n')
  expect(eventsIn(text).at(-1)?.data).toMatchObject({ id: 'quiet', result: { released: true } })
  await end(session)
})

test('a stream that was cut goes on where the client says that it was, and nowhere else', async () => {
  const session = await begun()
  const cut = new AbortController()
  const params = { hold: 'd', _meta: { progressToken: 'd' } }
  const response = await post({ id: 'cut', method: 'ping', params }, session, cut.signal)
  const reader = response.body?.getReader()
  const first = await reader?.read()
  const [event] = eventsIn(Buffer.from(first?.value ?? []).toString())
  expect(event?.data.params?.progress).toBe(1)
  cut.abort()
  await ping(session, { release: 'd' }) // while nobody reads

  const resume = (last: string, who = session): Promise<Response> =>
    fetch(urlOf(), { headers: { ...headersOf(who), 'last-event-id': last } })
  const missed = eventsIn(await (await resume(event?.id ?? '')).text())
  expect(missed.map(({ data }) => data)).toMatchObject([
    { method: 'notifications/progress', params: { progress: 2 } },
    { id: 'cut', result: { released: true } },
  ])
  const [again] = eventsIn(await (await resume(missed[0]?.id ?? '')).text())
  expect(again?.data).toMatchObject({ id: 'cut' })
  for (const unknown of ['999-1', `${event?.id}9`, 'x']) expect((await resume(unknown)).status).toBe(400)
  const other = await begun()
  expect((await resume(event?.id ?? '', other)).status).toBe(400)
  await Promise.all([end(session), end(other)])
})

test.each([
  ['in the middle of its body', 'x'.repeat(100)],
  ['in the middle of a large body', `{"x":"${'x'.repeat(200_000)}`],
])('a stranger who goes away %s is no fault of the gateway', async (_, part) => {
  const { port } = new URL(front.url)
  const socket = connectSocket(Number(port), '127.0.0.1')
  const lines = [
    `POST /servers/${SERVER}/mcp HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    'content-length: 1000000',
  ]
  await new Promise<void>((resolve) => socket.write(`${lines.join('\r\n')}\r\n\r\n${part}`, () => resolve()))
  // A round trip on another connection: the gateway has read what came before.
  await end(await begun())
  socket.destroy()
  await once(socket, 'close')
  await end(await begun())
  expect(faults).toEqual([])
})
