/** A relay between a running control plane and points: spec/revocation.md (REV-16), spec/kill.md (KIL-10). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpRevocations } from '../../src/adapters/http/revocations.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { followAll, type Follower, type FollowOptions } from '../../src/revoke/follower.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import type { Statement } from '../../src/revoke/statement.ts'
import { freePort } from '../../test/fixtures/postgres.ts'
import { TestServer, type Caller, type Operator } from '../server/harness.ts'
import { createRelay, type RunningRelay } from './server.ts'

const BOUND_MS = 2_000
let server: TestServer
let ann: Operator
let point: { id: string; api: Caller }
let relay: RunningRelay
let frameKey: never
const running: Follower[] = []

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
const newRelay = (from: string): Promise<RunningRelay> =>
  createRelay({ from, signer: nodeCrypto.signer(point.api.key), host: '127.0.0.1', port: 0 })
const sourceOf = (url: string, signed = false) =>
  httpRevocations(
    new ApiClient({
      url,
      crypto: nodeCrypto,
      clock: systemClock,
      ...(signed ? { signer: nodeCrypto.signer(point.api.key) } : {}),
    }),
  )
function newPoint(...urls: string[]): { state: RevocationState; ready: Promise<void>; heard: Statement[] } {
  const heard: Statement[] = []
  const state = new RevocationState({
    crypto: nodeCrypto,
    frameKey,
    clock: systemClock,
    onStatement: (statement) => heard.push(statement),
  })
  const follower = followAll(
    urls.map((url) => ({ source: sourceOf(url) })),
    { crypto: nodeCrypto, state },
  )
  running.push(follower)
  return { state, ready: follower.ready, heard }
}
const revokeAgent = async (): Promise<{ kind: 'agent'; handle: string }> => {
  const { id } = await server.agent(ann, ann)
  await ann.api.post('/v1/revocations', { kind: 'agent', target: id, reason: 'test' })
  return { kind: 'agent', handle: id }
}

beforeAll(async () => {
  const port = await freePort()
  server = await new TestServer({ separation: 'after', heartbeatMs: 50, port }).start()
  ann = await server.enrol(server.bootstrapSecret)
  point = await server.point(ann)
  const info = (await (await fetch(`${server.base()}/v1/info`)).json()) as { frame_key: never }
  frameKey = info.frame_key
  await revokeAgent()
  relay = await newRelay(server.base())
  await relay.ready
})
afterAll(async () => {
  await Promise.all(running.map((follower) => follower.stop()))
  await relay.close()
  await server.remove()
})

test('a point behind a relay, and one behind a relay of the relay, are fresh and hear of what is revoked', async () => {
  const second = await createRelay({ from: relay.url, host: '127.0.0.1', port: 0 })
  await second.ready
  const points = [newPoint(relay.url), newPoint(second.url), newPoint(relay.url, second.url)]
  await Promise.all(points.map(({ ready }) => ready))
  const handle = await revokeAgent()
  await until(() => points.every(({ state }) => state.isRevoked(handle)))
  await until(() => points.every(({ state }) => (state.freshness()?.age_ms ?? Infinity) < BOUND_MS))
  expect(points.map(({ state }) => state.isRevoked({ kind: 'agent', handle: 'another' }))).toEqual([
    false,
    false,
    false,
  ])
  await second.close()
})

test('what is asked of another epoch is a snapshot, passed on with its body', async () => {
  const source = sourceOf(relay.url)
  const { signal } = new AbortController()
  const ask = () => source.poll({ epoch: 7, after: 0 }, signal)
  let answer = await ask()
  while (answer.heartbeat === null) answer = await ask() // the frame of the test before came, its heartbeat comes
  const { snapshot, heartbeat } = answer
  const header = snapshot?.snapshot
  expect(header?.head).toBe(heartbeat?.heartbeat.head)
  expect(await source.snapshot(header?.digest ?? '', 16 * (header?.count ?? 0), signal)).toHaveLength(
    16 * (header?.count ?? 0),
  )
})

test('a poll is answered with the time, frames and the last heartbeat', async () => {
  const answer = await sourceOf(relay.url).poll(
    { epoch: 1, after: 0, nonce: 'n'.repeat(22) },
    new AbortController().signal,
  )
  expect(answer.time?.time.nonce).toBe('n'.repeat(22))
  expect(answer.frames.map(({ frame }) => frame.seq)).toEqual(answer.frames.map((_, i) => i + 1))
  expect(answer.frames.at(-1)?.frame.seq).toBe(answer.heartbeat?.heartbeat.head)
})

describe('a statement', () => {
  const push = async (body: unknown): Promise<[number, unknown]> => {
    const response = await fetch(`${relay.url}/statements`, { method: 'POST', body: JSON.stringify(body) })
    return [response.status, await response.json()]
  }
  const kill = (id: string) => ({
    kill: { v: 1, id, iss: 'us', scope: { kind: 'global' }, reason: 'test', t: 1 },
    by: 'break_glass',
    sig: 'x',
  })

  test('is passed on once to all, and to who comes later', async () => {
    const { ready, heard } = newPoint(relay.url)
    await ready
    expect(await push(kill('kil_1'))).toMatchObject([200, { passed_on: true }])
    expect(await push(kill('kil_1'))).toMatchObject([200, { passed_on: false }])
    await until(() => heard.length > 0)
    const later = newPoint(relay.url)
    await until(() => later.heard.length > 0)
    expect([heard, later.heard]).toEqual([[kill('kil_1')], [kill('kil_1')]])
  })

  test.each([{}, { kill: {} }, { ...kill('kil_2'), more: 1 }, 'text'])(
    'that is none is refused: %j',
    async (body) => {
      expect(await push(body)).toMatchObject([400, { error: { code: 'REQUEST_INVALID' } }])
    },
  )

  test('of a stranger who pushes many large ones keeps nobody from connecting', async () => {
    const own = await newRelay(server.base())
    await own.ready
    const gesture = {
      rev: 'r',
      role: 'approver',
      jwk: point.api.jwk,
      registration: 1,
      client_data: 'x'.repeat(2048),
      authenticator_data: 'x'.repeat(1024),
      signature: 'x',
    }
    const lift = { v: 1, iss: 'us', kills: ['kil_1'], roster: 1, reason: 'test', t: 1 }
    const gestures = Array.from({ length: 12 }, () => gesture)
    for (let i = 0; i < 40; i++) {
      const body = JSON.stringify({ lift: { ...lift, id: `lft_${i}` }, gestures })
      expect((await fetch(`${own.url}/statements`, { method: 'POST', body })).status).toBe(200)
    }
    const { heard } = newPoint(own.url)
    await until(() => heard.length >= 40)
    expect(new Set(heard.map((each) => ('lift' in each ? each.lift.id : ''))).size).toBe(40)
    await own.close()
  })

  test('that the break-glass key signed gets through a flood, where the relay knows the key', async () => {
    const key = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const rp = { rp_id: 'localhost', origins: ['http://localhost'] }
    const trust = { iss: 'us', rp, frameKey, breakGlass: key.publicJwk, alone: false }
    const signer = nodeCrypto.signer(point.api.key)
    const own = await createRelay({ from: server.base(), signer, trust, host: '127.0.0.1', port: 0 })
    await own.ready
    const give = async (body: unknown): Promise<number> =>
      (await fetch(`${own.url}/statements`, { method: 'POST', body: JSON.stringify(body) })).status
    const { heard, ready } = newPoint(own.url)
    await ready
    const flood = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        give({ ...kill(`kil_${i}`), by: i % 4 ? 'frame' : 'break_glass' }),
      ),
    )
    expect(new Set(flood)).toEqual(new Set([403, 503]))
    const held = signKill(key, 'break_glass', { ...kill('kil_true').kill, v: 1, scope: { kind: 'global' } })
    expect(await give(held)).toBe(200)
    await until(() => heard.length > 0)
    expect(heard).toEqual([held])
    await own.close()
  })

  test('is refused when too large, or one of too many', async () => {
    expect((await push({ kill: 'x'.repeat(48 * 1024) }))[0]).toBe(413)
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => push(kill(`kil_many_${i}`))))
    expect(answers.filter(([status]) => status === 503).length).toBeGreaterThan(10)
  })
})

test('while its upstream is away it has all frames for who comes, and nobody is fresh; then all are again', async () => {
  const before = newPoint(relay.url)
  await before.ready
  const handle = await revokeAgent()
  await until(() => before.state.isRevoked(handle))
  await server.running.close()
  const late = newPoint(relay.url)
  await until(() => late.state.isRevoked(handle))
  expect(late.state.freshness()).toBeNull()
  await until(() => (before.state.freshness()?.age_ms ?? Infinity) > BOUND_MS)
  await server.start()
  await Promise.all(
    [before, late].map(({ state }) => until(() => (state.freshness()?.age_ms ?? Infinity) < BOUND_MS)),
  )
  const next = await revokeAgent()
  await until(() => before.state.isRevoked(next) && late.state.isRevoked(next))
  expect(late.state.resume).toEqual(before.state.resume)
}, 60_000)

test('on standby, the control plane is polled only when a relay does not keep the state fresh', async () => {
  const own = await newRelay(server.base())
  const state = new RevocationState({ crypto: nodeCrypto, frameKey, clock: systemClock })
  const control = sourceOf(server.base(), true)
  let polls = 0
  const polled: FollowOptions['source'] = {
    ...control,
    poll: (from, signal) => {
      polls++
      return control.poll(from, signal)
    },
  }
  const follower = followAll([{ source: sourceOf(own.url) }, { source: polled, standby: true }], {
    crypto: nodeCrypto,
    state,
  })
  running.push(follower)
  await follower.ready
  expect(polls).toBeLessThan(2)
  await own.close()
  const handle = await revokeAgent()
  await until(() => state.isRevoked(handle))
  await until(() => (state.freshness()?.age_ms ?? Infinity) < BOUND_MS)
  expect(polls).toBeGreaterThan(0)
}, 30_000)
