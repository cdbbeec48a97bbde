import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { signFrame, signHeartbeat, type SignedFrame, type SignedHeartbeat } from '../../src/revoke/frame.ts'
import { signProbe } from '../../src/revoke/kill-rules.ts'
import { Fanout, type Subscriber } from './fanout.ts'
import { connectSse } from './sse.ts'

const MANY = 18_000
const signer = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
const probe = signProbe(signer, 'frame', { v: 1, id: 'prb_1', iss: 'us', t: 1 })

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

function frame(seq: number): SignedFrame {
  return signFrame(signer, { epoch: 1, seq, prev: '', kind: 'key', handle: `h${seq}`, reason: 'test', t: 1 })
}

function beat(head: number): SignedHeartbeat {
  return signHeartbeat(signer, { epoch: 1, head, head_hash: '', t: 1 })
}

/** One who has all up to a frame. */
function add(fanout: Fanout, sent = 0): Subscriber {
  const subscriber = fanout.add(sent)
  subscriber.live = true
  return subscriber
}

/** What it reads, in short: the number of a frame, ♥ and the head of a heartbeat, the names of the rest. */
async function reading({ stream }: Subscriber): Promise<() => Promise<string[]>> {
  server.once('request', (_: IncomingMessage, outgoing: ServerResponse) =>
    connectSse(stream.response, outgoing),
  )
  const [response] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
  return async () => {
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += String(part)
    return [...text.matchAll(/event: (.*)\ndata: (.*)\n\n/g)].map(([, event, data]) => {
      const { frame, heartbeat } = JSON.parse(data ?? '') as Partial<SignedFrame & SignedHeartbeat>
      return frame ? String(frame.seq) : heartbeat ? `♥${heartbeat.head}` : (event ?? '')
    })
  }
}

/** First, in the middle and last of many. */
async function crowd(): Promise<{ fanout: Fanout; all: Subscriber[]; read: (() => Promise<string[]>)[] }> {
  const fanout = new Fanout()
  const all = Array.from({ length: MANY }, () => add(fanout))
  const read: (() => Promise<string[]>)[] = []
  for (const at of [0, MANY / 2, MANY - 1]) read.push(await reading(all[at]!))
  return { fanout, all, read }
}

test('who listens is in one group, of a thousand at most, and nobody who left is', () => {
  const fanout = new Fanout()
  const all = Array.from({ length: 2_300 }, () => fanout.add(0))
  expect(fanout.groups().map(({ length }) => length)).toEqual([1_000, 1_000, 300])
  expect(fanout.groups().flat()).toEqual(all)
  for (const { stream } of all.slice(0, 2_000)) stream.close()
  expect(fanout.groups()).toEqual([all.slice(2_000)])
  fanout.cut()
  expect(fanout.groups()).toEqual([])
})

test('whatever is sent while frames go round comes behind those that were there before it', async () => {
  const { fanout, all, read } = await crowd()
  void fanout.frames([frame(1), frame(2)])
  fanout.heartbeat(beat(2), all.slice(-1))
  void fanout.frames([frame(3)])
  fanout.statement(probe)
  await fanout.frames([frame(4)])
  fanout.heartbeat(beat(3), all) // signed before the fourth was known: of no use to who has it
  fanout.heartbeat(beat(4), all)
  fanout.cut()
  const [first, middle, last] = await Promise.all(read.map((each) => each()))
  expect(first).toEqual(['1', '2', '3', 'statement', '4', '♥4'])
  expect(middle).toEqual(first)
  expect(last).toEqual(['1', '2', '♥2', '3', 'statement', '4', '♥4'])
})

test('a heartbeat to all has reached everyone before the next frame does', async () => {
  const { fanout, read } = await crowd()
  fanout.heartbeatToAll(beat(0))
  void fanout.frames([frame(1)])
  fanout.heartbeatToAll(beat(1))
  await fanout.frames([frame(2)])
  fanout.cut()
  for (const each of read) expect(await each()).toEqual(['♥0', '1', '♥1', '2'])
})

test('nobody gets a frame twice, or one before it has caught up', async () => {
  const fanout = new Fanout()
  const [behind, elsewhere, catching] = [add(fanout), add(fanout, 2), fanout.add(0)]
  const read = [await reading(behind), await reading(elsewhere)]
  await fanout.frames([frame(1)])
  await fanout.frames([frame(2), frame(3)])
  catching.live = true
  catching.sent = 3
  const late = await reading(catching)
  await fanout.frames([frame(4)])
  fanout.cut()
  const all = await Promise.all([...read, late].map((each) => each()))
  expect(all).toEqual([['1', '2', '3', '4'], ['3', '4'], ['4']])
})
