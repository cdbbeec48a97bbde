/**
 * The control plane's clock set back, while it runs and across a restart, and forward: entry times never go back,
 * every old checkpoint stays one of the log, and a point becomes stale, never falsely fresh. spec/log.md (LOG-7),
 * spec/revocation.md (REV-7).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registersOf, TestServer, type Caller, type Operator } from '../../apps/server/harness.ts'
import { openSnapshot } from '../../src/adapters/sqlite/offline.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { verifyTree } from '../../src/log/reader.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import { follow } from '../../src/revoke/follower.ts'
import { RevocationState } from '../../src/revoke/state.ts'

const HOUR_MS = 3_600_000

/** Only the control plane's clock is moved: callers and points have their own. */
let moved_ms: number
const clock: Clock = { now: () => Date.now() + moved_ms, monotonic: () => systemClock.monotonic() }
let server: TestServer
let ann: Operator
const heads: Checkpoint[] = []

beforeEach(async () => {
  moved_ms = 0
  heads.length = 0
  server = await new TestServer({ separation: 'after', clock, heartbeatMs: 20 }).start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterEach(() => server.remove())

/** Signed by the caller's word for the time, which must be near the server's. */
async function post(
  by: Caller,
  path: string,
  body: object,
): Promise<{ status: number; json: Record<string, unknown> }> {
  return by.post(path, body, { claims: { iat: Math.floor(clock.now() / 1000) } })
}

async function addSystems(count: number, name: string): Promise<void> {
  for (let i = 0; i < count; i++)
    expect((await post(ann.api, '/v1/systems', { name: `${name} ${i}` })).status).toBe(200)
}

function publishedHead(): Checkpoint {
  return openCheckpoint(
    nodeCrypto,
    readFileSync(join(server.dataDir, 'log', 'checkpoint')),
    server.running.vkey,
  )
}

async function restart(): Promise<void> {
  await server.restart()
  heads.push(publishedHead())
}

async function times(): Promise<number[]> {
  const snapshot = openSnapshot(join(server.dataDir, 'countersign.db'))
  const entries = await snapshot.entries.read(0, await snapshot.entries.size())
  snapshot.close()
  return entries.map((bytes) => Date.parse(decodeEntry(bytes).time))
}

test('set back while it runs and across restarts, it gives no entry an earlier time, and the log stays one', async () => {
  moved_ms -= 3 * HOUR_MS
  await restart()
  await addSystems(3, 'three hours back')
  moved_ms += 4 * HOUR_MS
  await addSystems(3, 'an hour on')
  moved_ms -= 2 * HOUR_MS // while it runs
  await addSystems(3, 'an hour back')
  await restart()
  moved_ms -= 24 * HOUR_MS
  await restart()
  await addSystems(3, 'a day back')
  moved_ms += 27 * HOUR_MS
  await addSystems(3, 'two hours on')
  await restart()

  const all = await times()
  expect(all).toEqual(all.toSorted((a, b) => a - b))
  expect(all.at(-1)! - all[0]!).toBeGreaterThan(HOUR_MS / 2)
  expect(await registersOf(join(server.dataDir, 'countersign.db'))).toMatchObject({ ok: true, backwards: [] })
  const tiles = fsTileStore(join(server.dataDir, 'log'))
  const end = publishedHead()
  for (const start of heads)
    expect(await verifyTree(nodeCrypto, tiles, end, { start })).toMatchObject({ ok: true, size: end.size })
})

test('set back to before its start, it takes no proof that it may have forgotten, and records again after a restart', async () => {
  moved_ms -= HOUR_MS
  expect((await post(ann.api, '/v1/people', { name: 'Ben' })).json).toMatchObject({
    error: { code: 'AUTH_STALE' },
  })
  await restart()
  const { json } = await post(ann.api, '/v1/people', { name: 'Ben' })
  const request = { kind: 'person', target: json.person, reason: 'typo' }
  expect((await post(ann.api, '/v1/revocations', request)).status).toBe(200)
})

/** What a point makes of the stream, looked at after each of its events. */
async function followed(api: Caller): Promise<{
  state: RevocationState
  /** Resolves with the state after an event for which `holds`. */
  readonly until: (holds: (state: RevocationState) => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}> {
  const info = (await (await fetch(`${server.base()}/v1/info`)).json()) as { frame_key: never }
  const signed: Clock = { now: () => clock.now(), monotonic: () => clock.monotonic() }
  const client = new ApiClient({
    url: server.base(),
    crypto: nodeCrypto,
    clock: signed,
    signer: nodeCrypto.signer(api.key),
  })
  const state = new RevocationState({ crypto: nodeCrypto, frameKey: info.frame_key, clock: systemClock })
  const watchers = new Set<() => void>()
  const follower = follow({
    crypto: nodeCrypto,
    source: httpControlPlane(client),
    state,
    onEvent: () => watchers.forEach((watch) => watch()),
  })
  await follower.ready
  return {
    state,
    until: (holds) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!holds(state)) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
      }),
    stop: () => follower.stop(),
  }
}

test('set back, a point that follows it is stale from then on, whatever it is told, until the clock has caught up', async () => {
  const { api } = await server.point(ann)
  const { state, until, stop } = await followed(api)
  expect(state.freshness()).not.toBeNull()
  moved_ms -= HOUR_MS
  // Its heartbeats carry earlier times now, and so does a new time answer: nothing makes the state fresh.
  await until((seen) => seen.freshness() === null || seen.freshness()!.age_ms > 200)
  state.expectTime('n'.repeat(24))
  for (let beats = 0; beats < 5; beats++) {
    await until(() => true)
    expect(state.freshness()?.age_ms ?? Infinity).toBeGreaterThan(100)
  }
  moved_ms += HOUR_MS
  await until((seen) => (seen.freshness()?.age_ms ?? Infinity) < 100)
  await stop()
})

test('set forward, a point is fresh again with a new time answer, and not for an hour without heartbeats', async () => {
  const { api } = await server.point(ann)
  const { state, until, stop } = await followed(api)
  moved_ms += HOUR_MS
  await until((seen) => seen.freshness() === null)
  await until((seen) => seen.freshness() !== null)
  const { t = 0, age_ms = Infinity } = state.freshness() ?? {}
  expect(t).toBeGreaterThan(Date.now() + HOUR_MS / 2)
  expect(age_ms).toBeLessThan(1_000)
  await stop()
})
