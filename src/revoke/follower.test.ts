import { afterEach, beforeEach, expect, test } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import type { RevocationSource, StreamEvent } from '../ports/control-plane.ts'
import { follow, type Follower } from './follower.ts'
import { frameHash, signFrame, signHeartbeat, signTime, type SignedFrame } from './frame.ts'
import { RevocationState, TIME_RENEW_MS } from './state.ts'

const w = new World()
const signer = w.signer('frames')

/** A control plane in memory: it answers as a real one does, and can be cut. */
class Source implements RevocationSource {
  readonly frames: SignedFrame[] = []
  readonly asked: { epoch: number; after: number }[] = []
  readonly askedTwice = Promise.withResolvers<void>()
  timesAsked = 0
  refuse = false
  #queue: StreamEvent[] = []
  #wake: (() => void) | null = null
  #cut = false
  readonly clock: SettableClock

  constructor(clock: SettableClock) {
    this.clock = clock
  }

  async *stream(
    from: { epoch: number; after: number; nonce: string },
    signal: AbortSignal,
  ): AsyncIterable<StreamEvent> {
    this.asked.push({ epoch: from.epoch, after: from.after })
    if (this.asked.length === 2) this.askedTwice.resolve()
    if (this.refuse) throw new Error('away')
    this.#cut = false
    this.#queue = [
      { type: 'time', data: signTime(signer, from.nonce, this.clock.now()) },
      ...this.frames.slice(from.after).map((data): StreamEvent => ({ type: 'frame', data })),
      this.heartbeat(),
    ]
    signal.addEventListener('abort', () => this.#wake?.())
    while (!signal.aborted && !this.#cut) {
      const event = this.#queue.shift()
      if (event !== undefined) yield event
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async time(nonce: string) {
    this.timesAsked++
    if (this.refuse) throw new Error('away')
    return signTime(signer, nonce, this.clock.now())
  }

  poll(): Promise<never> {
    return Promise.reject(new Error('no polls here'))
  }

  snapshot(): Promise<never> {
    return Promise.reject(new Error('no snapshots here'))
  }

  heartbeat(): StreamEvent {
    const last = this.frames.at(-1)
    const head_hash = last === undefined ? '' : frameHash(w.crypto, last.frame)
    return {
      type: 'heartbeat',
      data: signHeartbeat(signer, { epoch: 1, head: this.frames.length, head_hash, t: this.clock.now() }),
    }
  }

  revoke(handle: string): StreamEvent {
    const last = this.frames.at(-1)
    const prev = last === undefined ? '' : frameHash(w.crypto, last.frame)
    const data = signFrame(signer, {
      epoch: 1,
      seq: this.frames.length + 1,
      prev,
      kind: 'delegation',
      handle,
      reason: '',
      t: this.clock.now(),
    })
    this.frames.push(data)
    return { type: 'frame', data }
  }

  send(...events: StreamEvent[]): void {
    this.#queue.push(...events)
    this.#wake?.()
  }

  cut(): void {
    this.#cut = true
    this.#wake?.()
  }
}

let clock: SettableClock
let source: Source
let state: RevocationState
let follower: Follower
let seen: StreamEvent[]
let listeners: (() => void)[]

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise<void>((resolve) => listeners.push(resolve))
}
const start = (): void => {
  follower = follow({
    crypto: w.crypto,
    source,
    state,
    onEvent: (event) => {
      seen.push(event)
      for (const each of listeners.splice(0)) each()
    },
  })
}
const isRevoked = (handle: string): boolean => state.isRevoked({ kind: 'delegation', handle })

beforeEach(() => {
  clock = new SettableClock()
  source = new Source(clock)
  state = new RevocationState({ crypto: w.crypto, frameKey: signer.publicJwk, clock })
  seen = []
  listeners = []
})
afterEach(() => follower.stop())

test('becomes ready with everything that was revoked before', async () => {
  source.revoke('a')
  source.revoke('b')
  start()
  await follower.ready
  expect([isRevoked('a'), isRevoked('b')]).toEqual([true, true])
  expect(state.freshness()).toMatchObject({ epoch: 1, head: 2, age_ms: 0 })
  expect(seen.map(({ type }) => type)).toEqual(['time', 'frame', 'frame', 'heartbeat'])
})

test('resumes after the last frame when the connection is cut', async () => {
  source.revoke('a')
  start()
  await follower.ready
  source.revoke('b') // while nobody listens
  source.cut()
  await until(() => isRevoked('b'))
  expect(source.asked).toEqual([
    { epoch: 0, after: 0 },
    { epoch: 1, after: 1 },
  ])
  expect(isRevoked('a')).toBe(true)
})

test('drops a connection that brings a forged frame, and comes back for the true ones', async () => {
  start()
  await follower.ready
  const { frame } = signFrame(w.signer('thief'), {
    epoch: 1,
    seq: 1,
    prev: '',
    kind: 'delegation',
    handle: 'innocent',
    reason: '',
    t: 0,
  })
  source.send({ type: 'frame', data: signFrame(w.signer('thief'), frame) })
  await until(() => source.asked.length === 2 && state.freshness() !== null)
  expect(isRevoked('innocent')).toBe(false)
  source.send(source.revoke('guilty'))
  await until(() => isRevoked('guilty'))
})

test('asks for the time again after ten minutes', async () => {
  start()
  await follower.ready
  clock.advance(TIME_RENEW_MS + 1)
  expect(state.needsTime()).toBe(true)
  source.send(source.heartbeat())
  await until(() => source.timesAsked === 1 || seen.length > 2)
  expect(source.timesAsked).toBe(1)
  source.send(source.heartbeat())
  await until(() => seen.length === 4)
  expect(state.needsTime()).toBe(false)
  expect(state.freshness()).toMatchObject({ age_ms: 0 })
})

test('stays stale but alive while the time cannot be had', async () => {
  start()
  await follower.ready
  source.refuse = true
  clock.advance(2 * TIME_RENEW_MS + 1)
  source.send(source.heartbeat())
  await until(() => seen.length === 3)
  expect(state.freshness()).toBeNull()
  source.refuse = false
  source.send(source.heartbeat())
  await until(() => seen.length === 4)
  source.send(source.heartbeat())
  await until(() => seen.length === 5)
  expect(state.freshness()).not.toBeNull()
})

test('keeps trying while the control plane is away', async () => {
  source.refuse = true
  start()
  await source.askedTwice.promise
  source.refuse = false
  await follower.ready
  expect(state.freshness()).not.toBeNull()
})

test('stops, also before it was ready', async () => {
  source.refuse = true
  start()
  await follower.stop()
  await expect(follower.ready).rejects.toThrow(/stopped/)
})
