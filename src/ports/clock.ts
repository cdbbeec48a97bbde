/** The clock port. Pure code takes `now` as a value; only the rim reads a clock. @module */

export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number
  /** Monotonic milliseconds from an arbitrary start. Never goes backwards within a process. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
