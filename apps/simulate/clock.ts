/** The clock of a simulation: it goes when it is told to, and never back. spec/simulation.md (SIM-2). @module */
import type { Clock } from '../../src/ports/clock.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export class SimulatedClock implements Clock {
  readonly #begun_ms: number
  #now_ms: number

  constructor(begun_ms: number) {
    this.#begun_ms = begun_ms
    this.#now_ms = begun_ms
  }

  now(): number {
    return this.#now_ms
  }

  monotonic(): number {
    return this.#now_ms - this.#begun_ms
  }

  pass(ms: number): void {
    this.to(this.#now_ms + ms)
  }

  /** @throws {RangeError} that time is over */
  to(time_ms: number): void {
    if (time_ms < this.#now_ms)
      throw new RangeError(`the clock of a simulation does not go back: ${time_ms - this.#now_ms} ms`)
    this.#now_ms = time_ms
  }
}

/** Monday to Friday, in UTC. */
export function isBusinessDay(time_ms: number): boolean {
  const day = new Date(time_ms).getUTCDay()
  return day !== 0 && day !== 6
}

export function startOfDay(time_ms: number): number {
  return Math.floor(time_ms / DAY_MS) * DAY_MS
}

/** @param months may be negative; a day that a month does not have is its last */
export function addMonths(time_ms: number, months: number): number {
  const from = new Date(time_ms)
  const first = new Date(time_ms)
  first.setUTCDate(1)
  first.setUTCMonth(first.getUTCMonth() + months)
  const days = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  first.setUTCDate(Math.min(from.getUTCDate(), days))
  return first.getTime()
}
