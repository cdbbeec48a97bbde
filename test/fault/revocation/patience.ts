/** The clock that every process of a run shares, and waiting for what is no subject of the run. @module */
import { setTimeout as pause } from 'node:timers/promises'

/** That something begins or answers, however busy the machine. */
export const PATIENCE_MS = 120_000

/** Milliseconds of the machine's monotonic clock. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** A node that was killed a moment ago, or waits for its place, is asked again. @throws what it said for long */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  const end = now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (cause) {
      if (now() > end) throw cause
      await pause(100)
    }
  }
}
