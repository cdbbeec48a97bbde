/** Over real connections, because a reader's buffer is its socket's. */
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectSse, SSE_HEADERS, SSE_WAITING_BYTES_MAX, sseEvent, SseStream } from './sse.ts'

const EVENT = sseEvent('frame', 'x'.repeat(64 * 1024))

let server: Server
let port: number
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A client that reads nothing until it is told to, and the stream that it asked for. */
async function listen(stream: SseStream): Promise<IncomingMessage> {
  server.once('request', (_: IncomingMessage, outgoing: ServerResponse) =>
    connectSse(stream.response, outgoing),
  )
  const [response] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
  return response
}

/** Until the machine's own buffers are full and bytes wait in ours, one turn after the other. */
async function fill(stream: SseStream, isFull: () => boolean): Promise<void> {
  while (!isFull()) {
    stream.send(EVENT)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('what was sent before there was a connection comes first, then what follows', async () => {
  const stream = new SseStream(() => undefined)
  stream.send(sseEvent('time', '1'))
  const response = await listen(stream)
  expect(response.headers).toMatchObject(SSE_HEADERS)
  stream.send(sseEvent('frame', '2', 7))
  stream.close()
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += String(part)
  expect(text).toBe('event: time\ndata: 1\n\nevent: frame\nid: 7\ndata: 2\n\n')
})

test('a reader that does not read is dropped once its buffer is full', async () => {
  let closed = 0
  const stream = new SseStream(() => closed++)
  const response = await listen(stream)
  response.on('error', () => undefined)
  await fill(stream, () => !stream.open)
  expect(closed).toBe(1)
  response.resume()
  await once(response, 'close')
})

test('without a connection too', () => {
  const stream = new SseStream(() => undefined)
  for (let sent = 0; sent <= SSE_WAITING_BYTES_MAX + EVENT.length; sent += EVENT.length) stream.send(EVENT)
  expect(stream.open).toBe(false)
})

test('a backlog waits for room and goes on when the reader reads', async () => {
  const stream = new SseStream(() => undefined)
  const response = await listen(stream)
  let hasRoom = true
  await fill(stream, () => {
    if (!hasRoom) return true
    hasRoom = false
    void stream.room().then(() => {
      hasRoom = true
    })
    return false
  })
  expect(stream.open).toBe(true)
  response.resume()
  await stream.room()
  expect(stream.open).toBe(true)
  response.destroy()
})

test('a reader that goes away ends the stream', async () => {
  const closed = Promise.withResolvers<void>()
  const stream = new SseStream(() => closed.resolve())
  const response = await listen(stream)
  response.destroy()
  await closed.promise
  stream.send(EVENT)
  await stream.room()
  expect(stream.open).toBe(false)
})

test('one that went away before it was answered is not waited for', async () => {
  const stream = new SseStream(() => undefined)
  server.once('request', (_: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.once('close', () => connectSse(stream.response, outgoing))
    request.destroy()
  })
  const request = get({ port, host: '127.0.0.1' }).on('error', () => undefined)
  await new Promise<void>((resolve) => {
    const look = (): void => void (stream.open ? setImmediate(look) : resolve())
    look()
  })
  expect(stream.open).toBe(false)
})
