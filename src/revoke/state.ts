/**
 * The revocation state of an enforcement point: what is revoked, and how fresh that knowledge is.
 * spec/revocation.md, REV-5 to REV-11. Invariant 4: a state that cannot show that it is fresh is stale. Nothing that
 * was verified is ever forgotten.
 *
 * Several paths may bring what there is (REV-16), each a {@link RevocationFeed} of its own over this one state. No path
 * is trusted with freshness: a heartbeat counts when the frame key signed it and its head is the very frame that the
 * state applied last, so whoever passed it on, all frames up to it are applied, and its time is that of the database. A
 * path that brings what does not verify or does not follow is not heard again until it is resumed; what others brought
 * stands, because it was verified as well.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import type { Freshness } from '../log/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import { Feed } from './feed.ts'
import {
  frameHash,
  verifyFrame,
  verifyHeartbeat,
  verifyTime,
  type Frame,
  type SignedFrame,
  type SignedHeartbeat,
  type SignedTime,
} from './frame.ts'
import { MARK_BYTES, markOf, MarkTable, type NamedHandle } from './marks.ts'
import { RevocationMemo, type Handles } from './memo.ts'
import { isBodyOf, verifySnapshot, type SignedSnapshot } from './snapshot.ts'
import type { Statement } from './statement.ts'
import { TimeAnchor } from './time-anchor.ts'

export { TIME_RENEW_MS } from './time-anchor.ts'

/** `rejected`: the stream must be resumed from the last verified frame. */
export type Applied = 'applied' | 'ignored' | 'rejected'

/** How a path hands on what it brings. Nothing that it is given has been verified. */
export interface RevocationFeed {
  /** Where a stream is to be resumed: after the last verified frame. */
  readonly resume: { readonly epoch: number; readonly after: number }
  /** Call when a connection starts, with the nonce that it sends, if it sends one. */
  connecting(nonce: string | null): void
  expectTime(nonce: string): void
  applyTime(signed: SignedTime): Applied
  applyFrame(signed: SignedFrame): Applied
  applyHeartbeat(signed: SignedHeartbeat): Applied
  /** @param body the marks, as they came */
  applySnapshot(signed: SignedSnapshot, body: Uint8Array): Applied
  applyStatement(statement: Statement): Applied
}

export interface StateOptions {
  readonly crypto: Crypto
  readonly frameKey: PublicJwk
  readonly clock: Clock
  /**
   * Told of each kill and lift of frames and snapshots, and of statements that came by themselves, as they arrive:
   * nothing in them was verified (KIL-3).
   */
  readonly onStatement?: (statement: Statement) => void
}

/** The state, and the first path to it. {@link another} gives more. */
export class RevocationState implements RevocationFeed {
  readonly #o: StateOptions
  readonly #revoked = new MarkTable()
  readonly #anchor: TimeAnchor
  readonly #memo: RevocationMemo
  readonly #first = new Feed()
  readonly #feeds = [this.#first]
  #key: PublicJwk
  #epoch = 0
  #head = 0
  #hash = ''
  /** Of the newest heartbeat that counts. */
  #heartbeat_t: number | null = null

  constructor(options: StateOptions) {
    this.#o = options
    this.#key = options.frameKey
    this.#anchor = new TimeAnchor(options.clock)
    this.#memo = new RevocationMemo(
      options.crypto,
      (marks) => this.#hasAny(marks),
      (mark) => this.#revoked.has(mark),
    )
  }

  get resume(): { epoch: number; after: number } {
    return { epoch: this.#epoch, after: this.#head }
  }

  /** How many handles are revoked, and the bytes that they take. */
  get size(): { readonly marks: number; readonly bytes: number } {
    return { marks: this.#revoked.size, bytes: this.#revoked.bytes }
  }

  /** One more path. @param onStatement in place of that of the state: told of statements that come by themselves by this path */
  another(onStatement = this.#o.onStatement): RevocationFeed {
    const feed = new Feed()
    this.#feeds.push(feed)
    const resume = (): RevocationFeed['resume'] => this.resume
    return {
      get resume() {
        return resume()
      },
      connecting: (nonce) => this.#connecting(feed, nonce),
      expectTime: (nonce) => feed.expect(nonce, this.#o.clock.monotonic()),
      applyTime: (signed) => this.#time(feed, signed),
      applyFrame: (signed) => this.#frame(feed, signed),
      applyHeartbeat: (signed) => this.#heartbeat(feed, signed),
      applySnapshot: (signed, body) => this.#snapshot(feed, signed, body),
      applyStatement: (statement) => {
        onStatement?.(statement)
        return 'applied'
      },
    }
  }

  isRevoked(handle: NamedHandle): boolean {
    return this.#memo.isRevoked(handle)
  }

  /** Whether one of a chain's handles is revoked. Remembered for the very object until something new is revoked. */
  isAnyRevoked(handles: Handles): boolean {
    return this.#memo.isAnyRevoked(handles)
  }

  /** ISO-9: whether a person is asked for calls of the agent that have an effect. */
  isOverseen(agent: string): boolean {
    return this.#memo.isOverseen(agent)
  }

  isToolRevoked(server: string, tool: string, definition_hash: string): boolean {
    return this.#memo.isToolRevoked(server, tool, definition_hash)
  }

  /**
   * From here on only this key signs, in this epoch (KIL-9). What is revoked stays so; stale until its heartbeat counts.
   */
  useFrameKey(key: PublicJwk, epoch: number): void {
    this.#key = key
    this.#epoch = epoch
    this.#anchor.forget()
    for (const feed of this.#feeds) {
      feed.break()
      feed.forgetTimes()
    }
    this.#refresh()
  }

  connecting(nonce: string | null): void {
    this.#connecting(this.#first, nonce)
  }

  expectTime(nonce: string): void {
    this.#first.expect(nonce, this.#o.clock.monotonic())
  }

  applyTime(signed: SignedTime): Applied {
    return this.#time(this.#first, signed)
  }

  applyFrame(signed: SignedFrame): Applied {
    return this.#frame(this.#first, signed)
  }

  applyHeartbeat(signed: SignedHeartbeat): Applied {
    return this.#heartbeat(this.#first, signed)
  }

  applySnapshot(signed: SignedSnapshot, body: Uint8Array): Applied {
    return this.#snapshot(this.#first, signed, body)
  }

  applyStatement(statement: Statement): Applied {
    this.#o.onStatement?.(statement)
    return 'applied'
  }

  /** Whether a new time answer is due. */
  needsTime(): boolean {
    return this.#anchor.isDue(this.#heartbeat_t)
  }

  /** Null when stale for a reason other than age. The caller compares `age_ms` with its bound. */
  freshness(): Freshness | null {
    const t = this.#heartbeat_t
    const age_ms = t === null ? null : this.#anchor.age(t)
    if (t === null || age_ms === null) return null
    return { age_ms: Math.ceil(age_ms), epoch: this.#epoch, head: this.#head, t }
  }

  #connecting(feed: Feed, nonce: string | null): void {
    if (feed.resume(this.#head)) this.#memo.forget()
    if (nonce !== null) feed.expect(nonce, this.#o.clock.monotonic())
  }

  #time(feed: Feed, signed: SignedTime): Applied {
    const { nonce, t0 } = signed.time
    const sent_monotonic = feed.sentAt(nonce)
    if (sent_monotonic === null) return 'ignored'
    if (!verifyTime(this.#o.crypto, this.#key, signed)) return 'rejected'
    feed.answered(nonce)
    this.#anchor.take(t0, sent_monotonic, this.#heartbeat_t)
    return 'applied'
  }

  #frame(feed: Feed, signed: SignedFrame): Applied {
    const { frame } = signed
    if (frame.epoch === this.#epoch && frame.seq <= this.#head) {
      feed.reached = Math.max(feed.reached, frame.seq)
      return 'ignored'
    }
    if (frame.statement !== undefined) this.#o.onStatement?.(frame.statement)
    const mark = markOf(this.#o.crypto, frame)
    feed.deny(mark) // REV-6: it denies from here on
    this.#memo.forget()
    if (!verifyFrame(this.#o.crypto, this.#key, signed)) return this.#break(feed)
    this.#add(frame, mark) // also one that does not follow: who signed it revoked it
    if (!this.#follows(frame)) return this.#break(feed)
    this.#epoch = frame.epoch
    this.#head = frame.seq
    this.#hash = frameHash(this.#o.crypto, frame)
    feed.reached = frame.seq
    return 'applied'
  }

  /** Kills and lifts are kept as statements, not as marks. */
  #add({ kind }: Frame, mark: Uint8Array): void {
    if (kind !== 'kill' && kind !== 'lift') this.#revoked.add(mark)
  }

  #follows(frame: Frame): boolean {
    const isSameEpoch = this.#epoch === 0 || frame.epoch === this.#epoch
    return isSameEpoch && frame.seq === this.#head + 1 && frame.prev === this.#hash
  }

  #heartbeat(feed: Feed, signed: SignedHeartbeat): Applied {
    const { epoch, head, head_hash, t } = signed.heartbeat
    if (!verifyHeartbeat(this.#o.crypto, this.#key, signed)) return this.#break(feed)
    if (this.#epoch === 0) this.#epoch = epoch
    if (epoch !== this.#epoch || head < feed.reached) return this.#break(feed)
    // Frames are still on their way; or another path was faster, and this one says nothing new.
    if (head !== this.#head) return 'ignored'
    if (head_hash !== this.#hash) return this.#break(feed)
    if (feed.isBroken) return 'rejected' // REV-6: what comes before the stream is resumed does not count
    if (feed.heartbeat_t === null || t > feed.heartbeat_t) feed.heartbeat_t = t
    this.#refresh()
    return 'applied'
  }

  #snapshot(feed: Feed, signed: SignedSnapshot, body: Uint8Array): Applied {
    const { snapshot } = signed
    if (!verifySnapshot(this.#o.crypto, this.#key, signed)) return this.#break(feed)
    if (this.#epoch !== 0 && snapshot.epoch !== this.#epoch) return this.#break(feed)
    for (const statement of [...snapshot.lifts, ...snapshot.kills]) this.#o.onStatement?.(statement)
    if (snapshot.head === this.#head && snapshot.head_hash !== this.#hash) return this.#break(feed)
    if (snapshot.head <= this.#head) return 'ignored' // it has nothing that is not known, and its body is not wanted
    if (!isBodyOf(this.#o.crypto, snapshot, body)) return this.#break(feed)
    this.#revoked.reserve(snapshot.count) // most of what is known already is among them
    for (let at = 0; at < body.length; at += MARK_BYTES) this.#revoked.add(body, at)
    this.#memo.forget()
    this.#epoch = snapshot.epoch
    this.#head = snapshot.head
    this.#hash = snapshot.head_hash
    feed.reached = snapshot.head
    for (const each of this.#feeds) each.heartbeat_t = null
    this.#refresh()
    return 'applied'
  }

  #break(feed: Feed): 'rejected' {
    feed.break()
    this.#refresh()
    return 'rejected'
  }

  #refresh(): void {
    let newest: number | null = null
    for (const { heartbeat_t } of this.#feeds) {
      if (heartbeat_t !== null && (newest === null || heartbeat_t > newest)) newest = heartbeat_t
    }
    this.#heartbeat_t = newest
  }

  #hasAny(marks: Uint8Array): boolean {
    for (let at = 0; at < marks.length; at += MARK_BYTES) {
      if (this.#revoked.has(marks, at)) return true
      for (const feed of this.#feeds) if (feed.denies(marks, at)) return true
    }
    return false
  }
}
