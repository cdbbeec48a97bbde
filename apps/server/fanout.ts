/**
 * One stream of revocations to many who listen: each gets every frame once, in order, and a heartbeat only when it has
 * every frame up to its head. Who reads too slowly is cut, and resumes. A control plane has one, and a relay.
 * @module
 */
import type { SignedFrame, SignedHeartbeat } from '../../src/revoke/frame.ts'
import type { SignedSnapshot } from '../../src/revoke/snapshot.ts'
import type { Statement } from '../../src/revoke/statement.ts'
import { ApiError } from './errors.ts'
import { sseEvent, SseStream } from './sse.ts'

/** Points that may listen at once. */
export const SUBSCRIBERS_MAX = 20_000
/** Those who get a heartbeat in one turn. */
const GROUP_MAX = 1_000

export interface Subscriber {
  readonly stream: SseStream
  /** The last frame sent. */
  sent: number
  /** Whether it has caught up and gets what comes. */
  live: boolean
}

export class Fanout {
  readonly #subscribers = new Set<Subscriber>()

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

  /** Frames that follow one another, together: one write to each who listens. */
  frames(signed: readonly SignedFrame[]): void {
    const events = signed.map((one) => eventOf('frame', one))
    const all = Buffer.concat(events)
    const head = signed.at(-1)?.frame.seq ?? 0
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live || subscriber.sent >= head) continue
      // Who caught up from elsewhere meanwhile has the first of them already.
      const has = Math.max(0, events.length - (head - subscriber.sent))
      subscriber.sent = head
      subscriber.stream.send(has === 0 ? all : Buffer.concat(events.slice(has)))
    }
  }

  /** Who listens now, in groups: a frame waits for so many writes of a heartbeat, and not for all. */
  groups(): Subscriber[][] {
    const all = [...this.#subscribers]
    const groups: Subscriber[][] = []
    for (let at = 0; at < all.length; at += GROUP_MAX) groups.push(all.slice(at, at + GROUP_MAX))
    return groups
  }

  /** To those who have caught up. One who had more before, from another node, learns nothing by it. */
  heartbeat(signed: SignedHeartbeat, to: Iterable<Subscriber> = this.#subscribers): void {
    const bytes = eventOf('heartbeat', signed)
    for (const { live, sent, stream } of to) {
      if (live && sent <= signed.heartbeat.head) stream.send(bytes)
    }
  }

  /** For who lags behind what a relay itself had to leap over. */
  snapshot(head: number, signed: SignedSnapshot): void {
    const bytes = eventOf('snapshot', signed)
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live || subscriber.sent >= head) continue
      subscriber.sent = head
      subscriber.stream.send(bytes)
    }
  }

  /** What anybody may say, and who hears it judges by itself (KIL-10). */
  statement(statement: Statement): void {
    const bytes = eventOf('statement', statement)
    for (const { live, stream } of this.#subscribers) if (live) stream.send(bytes)
  }

  /** All who listen have to begin anew. */
  cut(): void {
    for (const { stream } of this.#subscribers) stream.close()
  }
}

/** As {@link Fanout.heartbeat}, to one. */
export function sendHeartbeat({ sent, stream }: Subscriber, signed: SignedHeartbeat): void {
  if (sent <= signed.heartbeat.head) stream.send(eventOf('heartbeat', signed))
}

export function eventOf(
  event: 'time' | 'frame' | 'heartbeat' | 'snapshot' | 'statement',
  signed: unknown,
): Uint8Array {
  return sseEvent(event, JSON.stringify(signed))
}
