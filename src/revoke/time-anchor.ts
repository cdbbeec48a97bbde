/**
 * What time it is at the control plane, at the latest: by its last time answer, the local clock and how far that may
 * drift. spec/revocation.md (REV-5, REV-7).
 * @module
 */
import type { Clock } from '../ports/clock.ts'

/** Wall and monotonic clock may drift apart by this much before the state is stale, in milliseconds. */
const CLOCK_JUMP_MAX_MS = 250
/** A time answer is renewed after this, and unusable after twice this. */
export const TIME_RENEW_MS = 10 * 60 * 1000
/** Assumed drift of the local oscillator: 200 parts per million. */
const DRIFT = 200e-6
/** An answer that took longer makes every state look so much older: a better one is asked for. */
const TOOK_MS_MAX = 250
/** How soon, doubled each time: where the way is that slow for good, there is no better one. */
const BETTER_MS_MIN = 500
const BETTER_MS_MAX = 60_000
/** Of an answer that took longer than this, hardly anything is fresh: never longer apart than that. */
const USELESS_MS = 1_000
const USELESS_EVERY_MS = 4_000

interface Answer {
  readonly t0: number
  readonly sent_monotonic: number
  readonly took_ms: number
  readonly wall_minus_monotonic: number
}

export class TimeAnchor {
  readonly #clock: Clock
  #answer: Answer | null = null
  /** When a better answer is asked for, by the monotonic clock, and how long after the last that is. */
  #better = { at: Infinity, after_ms: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Each answer gives a time that the control plane's clock has not passed. Of two that are good the lower is kept, so
   * that a path which holds answers back takes nothing from another that does not.
   * @param heartbeat_t of the heartbeat that counts, if any
   */
  take(t0: number, sent_monotonic: number, heartbeat_t: number | null): void {
    const now = this.#clock.monotonic()
    const took_ms = now - sent_monotonic
    const answer = { t0, sent_monotonic, took_ms, wall_minus_monotonic: this.#clock.now() - now }
    const kept = this.#answer
    if (kept === null || this.#isWorn(kept, now, heartbeat_t) || latest(answer, now) <= latest(kept, now)) {
      this.#answer = answer
    }
    this.#askForBetter(this.#answer ?? answer, now)
  }

  #askForBetter({ took_ms }: Answer, now: number): void {
    if (took_ms <= TOOK_MS_MAX) {
      this.#better = { at: Infinity, after_ms: 0 }
      return
    }
    const longest_ms = took_ms > USELESS_MS ? USELESS_EVERY_MS : BETTER_MS_MAX
    const after_ms = Math.min(Math.max(2 * this.#better.after_ms, BETTER_MS_MIN), longest_ms)
    this.#better = { at: now + after_ms, after_ms }
  }

  /** Nothing that was answered counts any more. */
  forget(): void {
    this.#answer = null
  }

  /** Whether a new answer is wanted. */
  isDue(heartbeat_t: number | null): boolean {
    const answer = this.#answer
    if (answer === null) return true
    const now = this.#clock.monotonic()
    return now >= this.#better.at || this.#isWorn(answer, now, heartbeat_t)
  }

  /** Whether any other answer is better. */
  #isWorn(answer: Answer, now: number, heartbeat_t: number | null): boolean {
    const isOld = now - answer.sent_monotonic > TIME_RENEW_MS
    return isOld || this.#hasJumped(answer, now) || isAhead(answer, now, heartbeat_t)
  }

  /** Milliseconds since `heartbeat_t`, at the most; null when it cannot be told. */
  age(heartbeat_t: number): number | null {
    const answer = this.#answer
    if (answer === null) return null
    const now = this.#clock.monotonic()
    if (now - answer.sent_monotonic > 2 * TIME_RENEW_MS) return null
    if (this.#hasJumped(answer, now) || isAhead(answer, now, heartbeat_t)) return null
    return Math.max(0, latest(answer, now) - heartbeat_t)
  }

  #hasJumped({ wall_minus_monotonic }: Answer, now: number): boolean {
    return Math.abs(this.#clock.now() - now - wall_minus_monotonic) > CLOCK_JUMP_MAX_MS
  }
}

/** The control plane's clock shows no more than this. */
function latest({ t0, sent_monotonic }: Answer, now: number): number {
  return t0 + (now - sent_monotonic) * (1 + DRIFT)
}

/** A heartbeat of a time that has not come: the control plane's clock jumped, and no age can be told (REV-7). */
function isAhead(answer: Answer, now: number, heartbeat_t: number | null): boolean {
  return heartbeat_t !== null && heartbeat_t > latest(answer, now) + CLOCK_JUMP_MAX_MS
}
