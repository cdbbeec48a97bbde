/**
 * One stream of revocations to many who listen: each gets every frame once, in order, and a heartbeat only when it has
 * every frame up to its head. Who reads too slowly is cut, and resumes. A control plane has one, and a relay.
 *
 * A frame goes to ten thousand in some hundred milliseconds, a part of them at a time (see sweep.ts). Whoever is sent anything else
 * meanwhile is sent first what it lacks.
 * @module
 */
import type { SignedFrame, SignedHeartbeat } from '../../src/revoke/frame.ts'
import type { SignedSnapshot } from '../../src/revoke/snapshot.ts'
import type { Statement } from '../../src/revoke/statement.ts'
import { ApiError } from './errors.ts'
import { sseEvent, SseStream } from './sse.ts'
import { Sweep } from './sweep.ts'

/** Points that may listen at once. */
export const SUBSCRIBERS_MAX = 20_000
/** Those who get a heartbeat in one turn: some 12 ms. */
const GROUP_MAX = 1000

export interface Subscriber {
  readonly stream: SseStream
  /** The last frame sent. */
  sent: number
  /** Whether it has caught up and gets what comes. */
  live: boolean
}

interface Event {
  readonly seq: number
  readonly bytes: Uint8Array
}

export class Fanout {
  readonly #subscribers = new Set<Subscriber>()
  /** Frames that not all have yet, without gaps. */
  #events: Event[] = []
  /** Of them together, by the first. */
  #joined = new Map<number, Uint8Array>()
  #isSweeping = false
  #swept: Promise<void> = Promise.resolve()
  #beats: Sweep<Subscriber> | null = null

  get size(): number {
    return this.#subscribers.size
  }

  /** @param after the last frame that it has. @throws {ApiError} `TOO_MANY` */
  add(after: number): Subscriber {
    if (this.#subscribers.size >= SUBSCRIBERS_MAX) throw new ApiError('TOO_MANY', 'too many points listen')
    const stream = new SseStream(() => this.#subscribers.delete(subscriber))
    const subscriber: Subscriber = { stream, sent: after, live: false }
    this.#subscribers.add(subscriber)
    return subscriber
  }

  /**
   * Frames that follow one another and all that came before: one write to each who listens, whatever comes meanwhile.
   * @returns when nobody lacks anything any more
   */
  frames(signed: readonly SignedFrame[]): Promise<void> {
    this.#beats?.finish()
    for (const one of signed) this.#events.push({ seq: one.frame.seq, bytes: eventOf('frame', one) })
    this.#joined.clear()
    if (!this.#isSweeping) this.#swept = this.#sweeps()
    return this.#swept
  }

  /** Who listens now, in groups: a frame waits for so many writes of a heartbeat, and not for all. */
  groups(): Subscriber[][] {
    const all = [...this.#subscribers]
    const groups: Subscriber[][] = []
    for (let at = 0; at < all.length; at += GROUP_MAX) groups.push(all.slice(at, at + GROUP_MAX))
    return groups
  }

  /** To those of them who have caught up. One who had more before, from another node, learns nothing by it. */
  heartbeat(signed: SignedHeartbeat, to: Iterable<Subscriber>): void {
    const beat = beatOf(signed)
    for (const subscriber of to) this.#beat(subscriber, beat)
  }

  /** To all, a part of them at a time, and to everyone before the next frame: who has that has no use for it. */
  heartbeatToAll(signed: SignedHeartbeat): void {
    const beat = beatOf(signed)
    this.#beats?.finish()
    this.#beats = Sweep.begin(
      this.#subscribers,
      (subscriber) => this.#beat(subscriber, beat),
      () => {
        this.#beats = null
      },
    )
  }

  /** For who lags behind what a relay itself had to leap over. */
  snapshot(head: number, signed: SignedSnapshot): void {
    const bytes = eventOf('snapshot', signed)
    this.#beats?.finish()
    this.#events = []
    this.#joined.clear()
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live || subscriber.sent >= head) continue
      subscriber.sent = head
      subscriber.stream.send(bytes)
    }
  }

  /** What anybody may say, and who hears it judges by itself (KIL-10). */
  statement(statement: Statement): void {
    const bytes = eventOf('statement', statement)
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live) continue
      this.#bring(subscriber)
      subscriber.stream.send(bytes)
    }
  }

  /** All who listen have to begin anew. */
  cut(): void {
    for (const { stream } of this.#subscribers) stream.close()
  }

  /** Again until nothing came meanwhile. */
  async #sweeps(): Promise<void> {
    this.#isSweeping = true
    for (let last = this.#events.at(-1); last !== undefined; last = this.#events.at(-1)) {
      const { seq } = last
      await new Promise<void>((resolve) => {
        Sweep.begin(this.#subscribers, (subscriber) => this.#bring(subscriber), resolve)
      })
      this.#events = this.#events.filter((event) => event.seq > seq)
      this.#joined.clear()
    }
    this.#isSweeping = false
  }

  /** What it lacks of what goes round. */
  #bring(subscriber: Subscriber): void {
    const [first] = this.#events
    const head = this.#events.at(-1)?.seq ?? 0
    if (first === undefined || !subscriber.live || subscriber.sent >= head) return
    const bytes = this.#from(Math.max(0, subscriber.sent + 1 - first.seq))
    subscriber.sent = head
    subscriber.stream.send(bytes)
  }

  #from(index: number): Uint8Array {
    const known = this.#joined.get(index)
    if (known !== undefined) return known
    const bytes = Buffer.concat(this.#events.slice(index).map((event) => event.bytes))
    this.#joined.set(index, bytes)
    return bytes
  }

  #beat(subscriber: Subscriber, { head, bytes }: Beat): void {
    this.#bring(subscriber)
    if (subscriber.live && subscriber.sent <= head) subscriber.stream.send(bytes)
  }
}

interface Beat {
  readonly head: number
  readonly bytes: Uint8Array
}

function beatOf(signed: SignedHeartbeat): Beat {
  return { head: signed.heartbeat.head, bytes: eventOf('heartbeat', signed) }
}

export function eventOf(
  event: 'time' | 'frame' | 'heartbeat' | 'snapshot' | 'statement',
  signed: unknown,
): Uint8Array {
  return sseEvent(event, JSON.stringify(signed))
}
