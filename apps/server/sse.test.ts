import { expect, test } from 'vitest'
import { SSE_WAITING_BYTES_MAX, SseStream } from './sse.ts'

const KIB = new Uint8Array(1024)

test('a reader that does not read is dropped once its buffer is full', () => {
  let closed = 0
  const stream = new SseStream(() => closed++)
  for (let sent = 0; sent < SSE_WAITING_BYTES_MAX - 1024; sent += 1024) stream.send(KIB)
  expect([stream.open, closed]).toEqual([true, 0])
  stream.send(KIB)
  stream.send(KIB)
  expect([stream.open, closed]).toEqual([false, 1])
})

test('a backlog waits for room and goes on when the reader reads', async () => {
  const stream = new SseStream(() => undefined)
  for (let sent = 0; sent < SSE_WAITING_BYTES_MAX - 1024; sent += 1024) stream.send(KIB)
  let hasRoom = false
  const room = stream.room().then(() => {
    hasRoom = true
  })
  const reader = stream.response.body?.getReader()
  await reader?.read()
  expect(hasRoom).toBe(false)
  for (let read = 1; read < SSE_WAITING_BYTES_MAX / 2048 + 2; read++) await reader?.read()
  await room
  expect(hasRoom).toBe(true)
})

test('a reader that goes away ends the stream', async () => {
  let closed = 0
  const stream = new SseStream(() => closed++)
  await stream.response.body?.cancel()
  stream.send(KIB)
  await stream.room()
  expect([stream.open, closed]).toEqual([false, 1])
})
