/** How much somebody may ask for in a minute: in memory, of this node. @module */
import type { Clock } from '../../src/ports/clock.ts'
import { ApiError } from './errors.ts'

const MINUTE_MS = 60_000
/** Who is remembered at once. When there are more, those who have not asked for a minute are forgotten first. */
const NAMES_MAX = 10_000

export class Pace {
  readonly #clock: Clock
  readonly #max: number
  readonly #of: string
  readonly #times = new Map<string, number[]>()

  /** @param of what is counted, in the plural */
  constructor(clock: Clock, a_minute_max: number, of: string) {
    this.#clock = clock
    this.#max = a_minute_max
    this.#of = of
  }

  /** Counts. @throws {ApiError} `TOO_MANY`: then nothing is counted */
  take(name: string, count = 1): void {
    const now = this.#clock.monotonic()
    const lately = this.#lately(name, now)
    if (lately.length + count > this.#max)
      throw new ApiError('TOO_MANY', `${this.#max} ${this.#of} a minute are answered: wait a moment`)
    if (this.#times.size >= NAMES_MAX) this.#forget(now)
    this.#times.set(name, [...lately, ...Array.from({ length: count }, () => now)])
  }

  #lately(name: string, now: number): number[] {
    return (this.#times.get(name) ?? []).filter((time) => time > now - MINUTE_MS)
  }

  #forget(now: number): void {
    for (const name of this.#times.keys()) if (this.#lately(name, now).length === 0) this.#times.delete(name)
    if (this.#times.size >= NAMES_MAX) throw new ApiError('TOO_MANY', 'too many ask at once: wait a moment')
  }
}
