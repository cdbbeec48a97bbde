/** The spool of a point, from the process that had it before. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { openFsSpool } from '../../src/adapters/fs/spool.ts'
import { SpoolError, type Spool } from '../../src/ports/spool.ts'

/** Longer than a gateway takes to end its tool and to ship what it recorded. */
const FREE_MS_MAX = 10_000
const RETRY_MS = 100

/**
 * An agent that comes back at once starts its gateway while the one before still ends.
 * @throws {SpoolError} `SPOOL_LOCKED`: another process keeps it. `SPOOL_UNAVAILABLE`.
 */
export async function openWhenFree(directory: string): Promise<Spool> {
  const end = performance.now() + FREE_MS_MAX
  for (;;) {
    try {
      return await openFsSpool(directory)
    } catch (error) {
      const isLocked = error instanceof SpoolError && error.code === 'SPOOL_LOCKED'
      if (!isLocked || performance.now() >= end) throw error
      await pause(RETRY_MS)
    }
  }
}
