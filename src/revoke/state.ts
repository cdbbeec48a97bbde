/**
 * The revocation state of an enforcement point: what is revoked, and how fresh that knowledge is.
 * spec/revocation.md, REV-5 to REV-8. Invariant 4: a state that cannot show that it is fresh is stale.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import type { Freshness } from '../log/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import {
  frameHash,
  verifyFrame,
  verifyHeartbeat,
  verifyTime,
  type Frame,
  type RevocationKind,
  type SignedFrame,
  type SignedHeartbeat,
  type SignedTime,
} from './frame.ts'

/** Wall and monotonic clock may drift apart by this much before the state is stale, in milliseconds. */
const CLOCK_JUMP_MAX_MS = 250
/** A time answer is renewed after this, and unusable after twice this. */
export const TIME_RENEW_MS = 10 * 60 * 1000
/** Assumed drift of the local oscillator: 200 parts per million. */
const DRIFT = 200e-6

/** `rejected`: the stream must be resumed from the last verified frame. */
export type Applied = 'applied' | 'ignored' | 'rejected'

interface Anchor {
  readonly t0: number
  readonly sent_monotonic: number
  readonly wall_minus_monotonic: number
}

interface NamedHandle {
  readonly kind: RevocationKind
  readonly handle: string
}

/** Handles by kind: every call asks for a dozen, and none of them is put together anew for it. */
class HandleSet {
  readonly #of: Readonly<Record<RevocationKind, Set<string>>> = {
    delegation: new Set(),
    person: new Set(),
    consent: new Set(),
    agent: new Set(),
    key: new Set(),
    issuer: new Set(),
    tool: new Set(),
    kill: new Set(),
    lift: new Set(),
  }

  has({ kind, handle }: NamedHandle): boolean {
    const handles = this.#of[kind]
    return handles.size > 0 && handles.has(handle)
  }

  add({ kind, handle }: NamedHandle): void {
    this.#of[kind].add(handle)
  }

  delete({ kind, handle }: NamedHandle): void {
    this.#of[kind].delete(handle)
  }

  clear(): void {
    for (const handles of Object.values(this.#of)) handles.clear()
  }
}

export class RevocationState {
  readonly #crypto: Crypto
  readonly #key: PublicJwk
  readonly #clock: Clock
  readonly #revoked = new HandleSet()
  /** Denied on arrival, signature not yet good: forgotten when the stream is resumed. */
  readonly #unverified = new HandleSet()
  #epoch = 0
  #head = 0
  #hash = ''
  #broken = false
  #heartbeat_t: number | null = null
  #anchor: Anchor | null = null
  #pendingTime: { nonce: string; sent_monotonic: number } | null = null

  constructor(options: { crypto: Crypto; frameKey: PublicJwk; clock: Clock }) {
    this.#crypto = options.crypto
    this.#key = options.frameKey
    this.#clock = options.clock
  }

  /** Where a stream is to be resumed: after the last verified frame. */
  get resume(): { epoch: number; after: number } {
    return { epoch: this.#epoch, after: this.#head }
  }

  isRevoked(handle: NamedHandle): boolean {
    return this.#revoked.has(handle) || this.#unverified.has(handle)
  }

  /** Call when a connection starts, with the nonce that it sends. */
  connecting(nonce: string): void {
    this.#unverified.clear()
    this.#broken = false
    this.expectTime(nonce)
  }

  expectTime(nonce: string): void {
    this.#pendingTime = { nonce, sent_monotonic: this.#clock.monotonic() }
  }

  applyTime(signed: SignedTime): Applied {
    const pending = this.#pendingTime
    if (pending === null || signed.time.nonce !== pending.nonce) return 'ignored'
    if (!verifyTime(this.#crypto, this.#key, signed)) return 'rejected'
    this.#pendingTime = null
    this.#anchor = {
      t0: signed.time.t0,
      sent_monotonic: pending.sent_monotonic,
      wall_minus_monotonic: this.#clock.now() - this.#clock.monotonic(),
    }
    return 'applied'
  }

  applyFrame(signed: SignedFrame): Applied {
    const { frame } = signed
    if (frame.epoch === this.#epoch && frame.seq <= this.#head) return 'ignored'
    this.#unverified.add(frame) // REV-6: it denies from here on
    if (!this.#follows(frame) || !verifyFrame(this.#crypto, this.#key, signed)) {
      return this.#break()
    }
    this.#revoked.add(frame)
    this.#unverified.delete(frame)
    this.#epoch = frame.epoch
    this.#head = frame.seq
    this.#hash = frameHash(this.#crypto, frame)
    return 'applied'
  }

  #follows(frame: Frame): boolean {
    const sameEpoch = this.#epoch === 0 || frame.epoch === this.#epoch
    return sameEpoch && frame.seq === this.#head + 1 && frame.prev === this.#hash
  }

  applyHeartbeat(signed: SignedHeartbeat): Applied {
    const { heartbeat } = signed
    if (!verifyHeartbeat(this.#crypto, this.#key, signed)) return this.#break()
    if (this.#epoch === 0) this.#epoch = heartbeat.epoch
    if (heartbeat.epoch !== this.#epoch || heartbeat.head < this.#head) return this.#break()
    if (heartbeat.head > this.#head) return 'ignored' // frames are still on their way
    if (heartbeat.head_hash !== this.#hash) return this.#break()
    if (this.#broken) return 'ignored' // REV-6: what comes before the stream is resumed does not count
    if (this.#heartbeat_t === null || heartbeat.t > this.#heartbeat_t) this.#heartbeat_t = heartbeat.t
    return 'applied'
  }

  #break(): 'rejected' {
    this.#broken = true
    this.#heartbeat_t = null
    return 'rejected'
  }

  /** Whether a new time answer is due. */
  needsTime(): boolean {
    if (this.#anchor === null) return true
    const elapsed = this.#clock.monotonic() - this.#anchor.sent_monotonic
    return elapsed > TIME_RENEW_MS || this.#jumped(this.#anchor) || this.#isAhead(this.#anchor)
  }

  /** A heartbeat of a time that has not come: the control plane's clock jumped, and no age can be told (REV-7). */
  #isAhead({ t0, sent_monotonic }: Anchor): boolean {
    const elapsed = this.#clock.monotonic() - sent_monotonic
    return this.#heartbeat_t !== null && this.#heartbeat_t > t0 + elapsed * (1 + DRIFT) + CLOCK_JUMP_MAX_MS
  }

  #jumped(anchor: Anchor): boolean {
    const offset = this.#clock.now() - this.#clock.monotonic()
    return Math.abs(offset - anchor.wall_minus_monotonic) > CLOCK_JUMP_MAX_MS
  }

  /** Null when stale for a reason other than age. The caller compares `age_ms` with its bound. */
  freshness(): Freshness | null {
    const anchor = this.#anchor
    if (this.#broken || anchor === null || this.#heartbeat_t === null || this.#jumped(anchor)) return null
    const elapsed = this.#clock.monotonic() - anchor.sent_monotonic
    if (elapsed > 2 * TIME_RENEW_MS || this.#isAhead(anchor)) return null
    const age_ms = Math.max(0, anchor.t0 + elapsed - this.#heartbeat_t + elapsed * DRIFT)
    return { age_ms: Math.ceil(age_ms), epoch: this.#epoch, head: this.#head, t: this.#heartbeat_t }
  }
}
