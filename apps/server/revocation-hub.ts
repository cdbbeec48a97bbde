/**
 * The revocation stream: frames as they commit, heartbeats in between. spec/revocation.md (REV-4, REV-14, REV-15).
 * Invariants: a heartbeat's time is taken before its head and its key are read, and it follows every frame up to that
 * head on each stream; without a good read nothing is signed. No frame of an earlier epoch is sent: a snapshot stands for
 * them (KIL-21).
 * @module
 */
import type { RegistryContext } from '../../src/registry/context.ts'
import { lastFrameKey } from '../../src/registry/frame-keys.ts'
import type { FrameSigner } from '../../src/registry/frame-ring.ts'
import { AckBoard } from '../../src/registry/acks.ts'
import { framesAfter, keyAndFrames, lastFrame } from '../../src/registry/frames.ts'
import { Snapshots, type MadeSnapshot } from '../../src/registry/snapshots.ts'
import {
  frameHash,
  signHeartbeat,
  signTime,
  type SignedFrame,
  type SignedHeartbeat,
  type SignedTime,
} from '../../src/revoke/frame.ts'
import { POLL_FRAMES_MAX, type PollAnswer } from '../../src/revoke/poll.ts'
import { eventOf, Fanout, type Subscriber } from './fanout.ts'
import { rest } from './sweep.ts'

const PAGE = 500
/** REV-14: who is further behind gets a snapshot. */
export const FRAMES_BEHIND_MAX = 10_000
/** REV-18: of the time in which the fleet acknowledges, this much is each point's. */
const ACK_SPREAD_MS = 2
/** A poll is answered with the last heartbeat for so long, in milliseconds: thousands may poll at once. */
const BEAT_SHARED_MS = 100

/** Where a point wants to go on. */
export interface Asked {
  /** Absent or 0: it knows none. */
  readonly epoch?: number | undefined
  /** The last frame that it has. */
  readonly after: number
  /** Of its time request, if it makes one. */
  readonly nonce?: string | undefined
}

export interface HubOptions {
  readonly registry: Pick<RegistryContext, 'store' | 'crypto' | 'frame'>
  readonly clock: { monotonic(): number }
  readonly heartbeat_ms: number
  readonly report: (error: unknown) => void
  readonly onAck?: (head: number, now_ms: number) => void
}

export class RevocationHub {
  readonly acks: AckBoard
  readonly #options: HubOptions
  readonly #fanout = new Fanout()
  readonly #snapshots: Snapshots
  /** As it was read last. Null: this node does not have it, or nothing was read yet. */
  #key: FrameSigner | null = null
  /** {@link #key} as the database had it. */
  #keyText = ''
  /** Of the stream that is served, whether or not this node has its key. */
  #epoch = 0
  #head = 0
  #headHash = ''
  #reading: Promise<void> = Promise.resolve()
  #queued = false
  #beating: Promise<void> | null = null
  #waiting: ((heartbeat: SignedHeartbeat) => void)[] = []
  #lastBeat: { readonly at: number; readonly signed: SignedHeartbeat } | null = null
  #timer: NodeJS.Timeout | undefined
  #rested: Promise<void> = Promise.resolve()
  #isClosed = false
  #leave: () => void = () => undefined

  constructor(options: HubOptions) {
    this.#options = options
    this.#snapshots = new Snapshots(options.registry, options.report)
    this.acks = new AckBoard(options.registry, options.onAck)
  }

  async start(): Promise<void> {
    const { registry, heartbeat_ms } = this.#options
    const last = await registry.store.query(lastFrame)
    if (last) this.#advance(last)
    await this.#read().catch(() => undefined) // without the key nothing is signed, and the next beat looks again
    this.#leave = registry.store.onCommit(() => this.#wake())
    void this.#beats(heartbeat_ms)
  }

  subscribe(asked: Asked): Response {
    const subscriber = this.#fanout.add(asked.after)
    void this.#begin(subscriber, asked).catch(() => subscriber.stream.close())
    return subscriber.stream.response
  }

  /** REV-15. */
  async poll({ epoch, after, nonce }: Asked): Promise<PollAnswer> {
    const time = nonce === undefined ? {} : { time: await this.time(nonce) }
    const made = this.#wantsSnapshot(epoch, after) ? await this.snapshot() : null
    const from = made?.signed.snapshot.head ?? after
    const heartbeat = await this.#sharedBeat(from)
    const { store } = this.#options.registry
    const head = heartbeat?.heartbeat.head ?? this.#head
    const frames = from < head ? await store.query((db) => framesAfter(db, from, POLL_FRAMES_MAX)) : []
    return {
      ...time,
      ...(made === null ? {} : { snapshot: made.signed }),
      frames: frames.filter(({ frame }) => frame.seq <= head), // later ones come with a later heartbeat
      heartbeat,
    }
  }

  /** By the clock of frames and heartbeats, which is the database's: the point compares them (REV-5). */
  async time(nonce: string): Promise<SignedTime> {
    const { store, frame } = this.#options.registry
    const { signer } = this.#key ?? (await store.query((db) => frame.current(db)))
    return signTime(signer, nonce, await store.now())
  }

  /** Null when more is revoked than a snapshot holds. */
  readonly snapshot = (): Promise<MadeSnapshot | null> =>
    this.#snapshots.latest(this.#head, this.#key?.epoch ?? 0)

  /** Null when nobody was told of that body lately. */
  snapshotBody(digest: string): Uint8Array | null {
    return this.#snapshots.body(digest)
  }

  /** Over how long points are to spread their acknowledgements: of those that listen here, or that relays serve. */
  get spreadMs(): number {
    return ACK_SPREAD_MS * Math.max(this.#fanout.size, this.acks.heard)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#leave()
    this.#fanout.cut()
    await this.acks.close()
  }

  async #begin(subscriber: Subscriber, { epoch, after, nonce }: Asked): Promise<void> {
    const { stream } = subscriber
    // First: what follows is signed by the key that it names.
    if (epoch !== this.#key?.epoch) await this.#sendKey(subscriber)
    if (nonce !== undefined) stream.send(eventOf('time', await this.time(nonce)))
    if (this.#wantsSnapshot(epoch, after)) await this.#sendSnapshot(subscriber)
    await this.#catchUp(subscriber)
  }

  #wantsSnapshot(epoch: number | undefined, after: number): boolean {
    const now = this.#key?.epoch ?? epoch
    const isOther = epoch !== undefined && epoch !== 0 && epoch !== now
    return isOther || this.#head - after > FRAMES_BEHIND_MAX || after < (this.#key?.after ?? 0)
  }

  async #sendSnapshot(subscriber: Subscriber): Promise<void> {
    const made = await this.snapshot()
    if (made === null) return // frames are all there is
    subscriber.stream.send(eventOf('snapshot', made.signed))
    subscriber.sent = made.signed.snapshot.head
  }

  /** KIL-10. */
  async #sendKey({ stream }: Subscriber): Promise<void> {
    const signed = await this.#options.registry.store.query(lastFrameKey)
    if (signed !== null) stream.send(eventOf('statement', signed))
  }

  async #catchUp(subscriber: Subscriber): Promise<void> {
    const { store } = this.#options.registry
    while (subscriber.sent < this.#head && subscriber.stream.open) {
      const frames = await store.query((db) => framesAfter(db, subscriber.sent, PAGE))
      for (const signed of frames) {
        subscriber.stream.send(eventOf('frame', signed))
        subscriber.sent = signed.frame.seq
      }
      await subscriber.stream.room()
      if (frames.length === 0) break
    }
    subscriber.live = true // in the turn in which it was found to have all: no broadcast lies between
    await this.#beat((heartbeat) => this.#fanout.heartbeat(heartbeat, [subscriber]))
  }

  #wake(): void {
    if (this.#queued) return
    this.#queued = true
    // The next heartbeat tries again, and says nothing if it fails too.
    void this.#rested.then(() => this.#read()).catch(() => undefined)
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
      const { store } = this.#options.registry
      const { key, frames } = await store.query((db) => keyAndFrames(db, this.#head, PAGE))
      await this.#useKey(key)
      if (frames.length > 0) this.#broadcast(frames)
      if (frames.length < PAGE) return
    }
  }

  /** Who listens is told of a new one, and asks anew: what it signed before, it signs no more. */
  async #useKey(text: string): Promise<void> {
    if (this.#key !== null && text === this.#keyText) return
    const { store, frame } = this.#options.registry
    this.#key = null
    this.#key = await frame.named(text)
    this.#keyText = text
    const { epoch } = this.#key
    if (epoch === this.#epoch) return
    const signed = this.#epoch === 0 ? null : await store.query(lastFrameKey)
    this.#epoch = epoch
    if (signed !== null) this.#fanout.statement(signed)
  }

  /**
   * Then it rests for as long as that took, so that who revokes a lot is served in between, and what they revoke goes out
   * together.
   */
  #broadcast(frames: readonly SignedFrame[]): void {
    const begun = performance.now()
    for (const signed of frames) this.#advance(signed)
    this.#rested = this.#fanout.frames(frames).then(() => rest(performance.now() - begun))
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
      const groups = this.#fanout.groups() // who comes later had a beat of its own when it caught up
      const begun = performance.now()
      const turns = Math.max(1, groups.length)
      for (let turn = 0; turn < turns && !this.#isClosed; turn++) {
        await this.#until(begun + ((turn + 1) * heartbeat_ms) / turns)
        await this.#beat((heartbeat) => this.#fanout.heartbeat(heartbeat, groups[turn] ?? []))
      }
    }
  }

  #until(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, time - performance.now())
    })
  }

  /** The last one, while it is hardly older than a new one would be, and of the head that there is. */
  async #sharedBeat(after: number): Promise<SignedHeartbeat | null> {
    const { at, signed } = this.#lastBeat ?? { at: 0, signed: null }
    const isNew = this.#options.clock.monotonic() - at < BEAT_SHARED_MS
    if (isNew && signed?.heartbeat.head === Math.max(after, this.#head)) return signed
    let answer: SignedHeartbeat | null = null
    await this.#beat((heartbeat) => {
      answer = heartbeat
    })
    return answer
  }

  /**
   * One at a time: who asks meanwhile is told of the same.
   * @param tell in the turn in which it is signed: no frame lies between. Not at all when nothing could be signed.
   */
  #beat(tell: (heartbeat: SignedHeartbeat) => void): Promise<void> {
    this.#waiting.push(tell)
    this.#beating ??= this.#newBeat()
    return this.#beating
  }

  async #newBeat(): Promise<void> {
    const { registry } = this.#options
    let t: number | null = null
    try {
      t = await registry.store.horizon() // every frame of an earlier time is in the read below, and so is its key
      await this.#read()
    } catch {
      t = null // we cannot tell what was revoked: points go stale and deny
    }
    this.#beating = null
    const waiting = this.#waiting.splice(0)
    if (t === null || this.#key === null) return
    const { epoch, signer } = this.#key
    const signed = signHeartbeat(signer, { epoch, head: this.#head, head_hash: this.#headHash, t })
    this.#lastBeat = { at: this.#options.clock.monotonic(), signed }
    for (const tell of waiting) tell(signed)
  }
}
