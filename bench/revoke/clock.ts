/** Time as all processes of a run have it. @module */

/** Milliseconds of the machine's monotonic clock, which every process on it shares. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
