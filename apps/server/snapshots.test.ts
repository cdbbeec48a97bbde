/** Snapshots and polls of a running control plane, and a point that follows it by them. spec/revocation.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpRevocations } from '../../src/adapters/http/revocations.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { RevocationSource, StreamEvent } from '../../src/ports/control-plane.ts'
import { follow } from '../../src/revoke/follower.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import { markOf } from '../../src/revoke/marks.ts'
import { isBodyOf, signedSnapshotSchema, verifySnapshot } from '../../src/revoke/snapshot.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import { TestServer, type Caller, type Operator } from './harness.ts'

const NONCE = 'n'.repeat(22)
const server = new TestServer({ separation: 'after', heartbeatMs: 20 })
let ann: Operator
let point: { id: string; api: Caller }
let source: RevocationSource
let frameKey: never
const agents: string[] = []

const revokeAgent = async (): Promise<string> => {
  const { id } = await server.agent(ann, ann)
  await ann.api.post('/v1/revocations', { kind: 'agent', target: id, reason: 'test' })
  agents.push(id)
  return id
}
const newState = () => new RevocationState({ crypto: nodeCrypto, frameKey, clock: systemClock })

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  point = await server.point(ann)
  const info = (await (await fetch(`${server.base()}/v1/info`)).json()) as { frame_key: never }
  frameKey = info.frame_key
  const signer = nodeCrypto.signer(point.api.key)
  source = httpRevocations(
    new ApiClient({ url: server.base(), crypto: nodeCrypto, clock: systemClock, signer }),
  )
  await revokeAgent()
  await revokeAgent()
})
afterAll(() => server.remove())

test('a snapshot has a mark of every handle, and its body may be kept for ever', async () => {
  const { json } = await point.api.get('/v1/revocations/snapshot')
  const signed = signedSnapshotSchema.parse(json.snapshot)
  expect(verifySnapshot(nodeCrypto, frameKey, signed)).toBe(true)
  expect(json.body).toBe(`/v1/revocations/snapshots/${signed.snapshot.digest}`)
  const response = await point.api.fetch('GET', json.body)
  expect(response.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  const body = new Uint8Array(await response.arrayBuffer())
  expect(isBodyOf(nodeCrypto, signed.snapshot, body)).toBe(true)
  for (const handle of agents) {
    const mark = Buffer.from(markOf(nodeCrypto, { kind: 'agent', handle }))
    expect(Buffer.from(body).includes(mark)).toBe(true)
  }
})

test.each([
  '/v1/revocations/snapshot',
  `/v1/revocations/snapshots/${'a'.repeat(43)}`,
  '/v1/revocations/poll',
])('%s is closed to strangers', async (path) => {
  expect((await server.caller().get(path)).status).toBe(401)
})

test('a body that nobody was told of is not there', async () => {
  expect((await point.api.get(`/v1/revocations/snapshots/${'a'.repeat(43)}`)).status).toBe(404)
})

describe('a poll', () => {
  test('answers with the time that was asked for, what is new, and a heartbeat of it', async () => {
    const { time, frames, heartbeat, snapshot } = await source.poll(
      { epoch: 1, after: 1, nonce: NONCE },
      new AbortController().signal,
    )
    expect([time?.time.nonce, snapshot]).toEqual([NONCE, undefined])
    expect(frames[0]?.frame.seq).toBe(2)
    expect(heartbeat?.heartbeat.head).toBe(frames.at(-1)?.frame.seq)
  })

  test('of another epoch answers with a snapshot and what came after it', async () => {
    const answer = await source.poll({ epoch: 7, after: 0 }, new AbortController().signal)
    const seen = (answer.snapshot?.snapshot.head ?? 0) + answer.frames.length
    expect([answer.snapshot?.snapshot.epoch, seen]).toEqual([1, answer.heartbeat?.heartbeat.head])
  })
})

describe('a point that follows', () => {
  /** As a point that is far behind would ask. */
  const fromAfar = (events: StreamEvent[]): RevocationSource => ({
    ...source,
    async *stream(from, signal) {
      for await (const event of source.stream({ ...from, epoch: from.epoch || 7 }, signal)) {
        events.push(event)
        yield event
      }
    },
  })

  test('loads a snapshot, is fresh, and goes on with the stream', async () => {
    const events: StreamEvent[] = []
    const state = newState()
    const follower = follow({ crypto: nodeCrypto, source: fromAfar(events), state })
    await follower.ready
    expect(events.map(({ type }) => type).slice(0, 2)).toEqual(['time', 'snapshot'])
    for (const handle of agents) expect(state.isRevoked({ kind: 'agent', handle })).toBe(true)
    const handle = await revokeAgent()
    while (!state.isRevoked({ kind: 'agent', handle })) await new Promise((resolve) => setImmediate(resolve))
    await follower.stop()
  })

  test('polls while no stream passes: fresh, and told of what is revoked', async () => {
    const state = newState()
    let polls = 0
    const blocked: RevocationSource = {
      ...source,
      // oxlint-disable-next-line require-yield
      async *stream() {
        throw new Error('no stream passes here')
      },
      poll: (from, signal) => {
        polls++
        return source.poll(from, signal)
      },
    }
    const follower = follow({ crypto: nodeCrypto, source: blocked, state })
    await follower.ready
    expect(state.freshness()?.age_ms).toBeLessThan(1_000)
    const handle = await revokeAgent()
    while (!state.isRevoked({ kind: 'agent', handle })) await new Promise((resolve) => setImmediate(resolve))
    await follower.stop()
    expect(polls).toBeGreaterThan(1)
  })

  test('is fresh by frames when more kills are in force than a snapshot holds', async () => {
    const key = JSON.parse(readFileSync(join(server.dataDir, 'keys/break-glass.jwk'), 'utf8'))
    const { issuer } = (await (await fetch(`${server.base()}/v1/info`)).json()) as { issuer: string }
    const scope = { kind: 'class', id: 'none' } as const
    for (let i = 0; i <= 1_000; i++) {
      const kill = { v: 1, id: `kil_${i}`, iss: issuer, scope, reason: 'test', t: 1 } as const
      await ann.api.post('/v1/statements', { ...signKill(nodeCrypto.signer(key), 'break_glass', kill) })
    }
    const events: StreamEvent[] = []
    const state = newState()
    const follower = follow({ crypto: nodeCrypto, source: fromAfar(events), state })
    await follower.ready
    expect(events.map(({ type }) => type).slice(0, 2)).toEqual(['time', 'frame'])
    await follower.stop()
  }, 60_000)
})
