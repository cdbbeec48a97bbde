/** What was used once, for as long as it could be used again, in bounded memory. spec/api.md (API-2). @module */
import type { Clock } from '../../src/ports/clock.ts'
import { ApiError } from './errors.ts'

/** Proofs remembered: 120 s at more than 2,000 requests a second, about 40 MiB. Past it callers are turned away. */
export const REPLAY_MAX = 262_144

export class ReplayMemory {
  readonly #clock: Clock
  readonly #keep_ms: number
  readonly #max: number
  /** Name to the time from which it may be forgotten, in the order of arrival. */
  readonly #used = new Map<string, number>()

  /** @param keep_ms at least as long as anything that is used can be good */
  constructor(clock: Clock, keep_ms: number, max = REPLAY_MAX) {
    this.#clock = clock
    this.#keep_ms = keep_ms
    this.#max = max
  }

  /**
   * Call for keys that we know alone, so that a stranger cannot fill the memory.
   * @returns false when it was used before
   * @throws {ApiError} `TOO_MANY`: it cannot be remembered, so it is not good
   */
  use(name: string): boolean {
    const now = this.#clock.monotonic()
    for (const [known, until] of this.#used) {
      if (until > now) break
      this.#used.delete(known)
    }
    if (this.#used.has(name)) return false
    if (this.#used.size >= this.#max)
      throw new ApiError('TOO_MANY', 'too many requests: try again in a minute')
    this.#used.set(name, now + this.#keep_ms)
    return true
  }
}
