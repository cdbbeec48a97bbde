/**
 * The revocation stream: frames as they commit, heartbeats in between. spec/revocation.md (REV-4, Stream).
 * Invariants: a heartbeat's time is taken before its head is read, and it follows every frame up to that head on
 * each stream; without a good read nothing is signed.
 * @module
 */
import type { Signer } from '../../src/core/crypto.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { FRAMES_EPOCH, framesAfter, lastFrame } from '../../src/registry/frames.ts'
import { frameHash, signHeartbeat, signTime, type SignedFrame } from '../../src/revoke/frame.ts'
import { ApiError } from './errors.ts'
import { sseEvent, SseStream } from './sse.ts'

/** Points that may listen at once. */
export const SUBSCRIBERS_MAX = 20_000
const PAGE = 500
/** Who gets a heartbeat in one turn: a frame that commits meanwhile waits for so many writes, not for all. */
const BEAT_MAX = 1_000

interface Subscriber {
  readonly stream: SseStream
  /** The last frame sent. */
  sent: number
  /** Whether it has caught up and gets broadcasts. */
  live: boolean
}

export interface HubOptions {
  readonly registry: Pick<RegistryContext, 'store' | 'crypto'>
  readonly signer: Signer
  readonly heartbeat_ms: number
}

export class RevocationHub {
  readonly #options: HubOptions
  readonly #subscribers = new Set<Subscriber>()
  #head = 0
  #headHash = ''
  #reading: Promise<void> = Promise.resolve()
  #queued = false
  #timer: NodeJS.Timeout | undefined
  #rest: NodeJS.Timeout | undefined
  #restUntil = 0
  #isClosed = false
  #leave: () => void = () => undefined

  constructor(options: HubOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { registry, heartbeat_ms } = this.#options
    const last = await registry.store.query(lastFrame)
    if (last) this.#advance(last)
    this.#leave = registry.store.onCommit(() => this.#wake())
    void this.#beats(heartbeat_ms)
  }

  /** @param after the last frame that the point has; @param nonce of its time request, if it made one */
  subscribe(after: number, nonce: string | undefined): Response {
    if (this.#subscribers.size >= SUBSCRIBERS_MAX) throw new ApiError('TOO_MANY', 'too many points listen')
    const stream = new SseStream(() => this.#subscribers.delete(subscriber))
    const subscriber: Subscriber = { stream, sent: after, live: false }
    this.#subscribers.add(subscriber)
    void this.#begin(subscriber, nonce).catch(() => stream.close())
    return stream.response
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#rest)
    this.#leave()
    for (const { stream } of this.#subscribers) stream.close()
  }

  async #begin(subscriber: Subscriber, nonce: string | undefined): Promise<void> {
    const { registry, signer } = this.#options
    if (nonce !== undefined) {
      // By the clock of frames and heartbeats, which is the database's: the point compares them (REV-5).
      const time = signTime(signer, nonce, await registry.store.now())
      subscriber.stream.send(sseEvent('time', JSON.stringify(time)))
    }
    await this.#catchUp(subscriber)
  }

  async #catchUp(subscriber: Subscriber): Promise<void> {
    const { store } = this.#options.registry
    while (subscriber.sent < this.#head && subscriber.stream.open) {
      const frames = await store.query((db) => framesAfter(db, subscriber.sent, PAGE))
      for (const signed of frames) {
        subscriber.stream.send(sseEvent('frame', JSON.stringify(signed)))
        subscriber.sent = signed.frame.seq
      }
      await subscriber.stream.room()
      if (frames.length === 0) break
    }
    subscriber.live = true // in the turn in which it was found to have all: no broadcast lies between
    await this.#beat([subscriber])
  }

  #wake(): void {
    if (this.#queued) return
    this.#queued = true
    // The next heartbeat tries again, and says nothing if it fails too.
    const read = (): void => void this.#read().catch(() => undefined)
    const wait_ms = this.#restUntil - performance.now()
    if (wait_ms < 1) read()
    else this.#rest = setTimeout(read, wait_ms)
  }

  /** Reads and broadcasts new frames, one read at a time. */
  #read(): Promise<void> {
    const run = this.#reading.then(() => this.#load())
    this.#reading = run.catch(() => undefined)
    return run
  }

  async #load(): Promise<void> {
    this.#queued = false
    for (;;) {
      const frames = await this.#options.registry.store.query((db) => framesAfter(db, this.#head, PAGE))
      this.#broadcast(frames)
      if (frames.length < PAGE) return
    }
  }

  /**
   * Frames that were read together go out together: one write to each who listens. Then it rests for as long as that took,
   * so that who revokes a lot is served in between, and what they revoke goes out together.
   */
  #broadcast(frames: readonly SignedFrame[]): void {
    const events = frames.map((signed) => sseEvent('frame', JSON.stringify(signed)))
    for (const signed of frames) this.#advance(signed)
    const all = Buffer.concat(events)
    const begun = performance.now()
    const before = this.#head - frames.length
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live || subscriber.sent >= this.#head) continue
      // Who caught up from the database meanwhile has the first of them already.
      const has = Math.max(0, subscriber.sent - before)
      subscriber.stream.send(has === 0 ? all : Buffer.concat(events.slice(has)))
      subscriber.sent = this.#head
    }
    const now = performance.now()
    this.#restUntil = now + (now - begun)
  }

  #advance({ frame }: SignedFrame): void {
    this.#head = frame.seq
    this.#headHash = frameHash(this.#options.registry.crypto, frame)
  }

  /**
   * Once an interval to everybody, spread over it, and one after the other: a beat that waits for the database is not
   * overtaken by the next.
   */
  async #beats(heartbeat_ms: number): Promise<void> {
    while (!this.#isClosed) {
      const subscribers = [...this.#subscribers] // who comes later had a beat of its own when it caught up
      const turns = Math.max(1, Math.ceil(subscribers.length / BEAT_MAX))
      const begun = performance.now()
      for (let turn = 0; turn < turns && !this.#isClosed; turn++) {
        await this.#until(begun + ((turn + 1) * heartbeat_ms) / turns)
        await this.#beat(subscribers.slice(turn * BEAT_MAX, (turn + 1) * BEAT_MAX))
      }
    }
  }

  #until(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, time - performance.now())
    })
  }

  async #beat(subscribers: Iterable<Subscriber>): Promise<void> {
    let t: number
    try {
      t = await this.#options.registry.store.horizon() // every frame of an earlier time is in the read below
      await this.#read()
    } catch {
      return // we cannot tell what was revoked: points go stale and deny
    }
    const heartbeat = { epoch: FRAMES_EPOCH, head: this.#head, head_hash: this.#headHash, t }
    const bytes = sseEvent('heartbeat', JSON.stringify(signHeartbeat(this.#options.signer, heartbeat)))
    for (const { live, stream } of subscribers) if (live) stream.send(bytes)
  }
}
