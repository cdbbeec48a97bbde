/** What a gateway keeps after many calls, and what the disk does by itself. @module */
import { closeSync, fdatasyncSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../test/fixtures/processes.ts'
import type { Caller } from './callers.ts'
import type { MemoryFigures } from './report.ts'
import { burst, residentMib, spread, type Spread } from './rounds.ts'

/** Calls between two looks at the memory. */
const BLOCK = 10_000
/**
 * The control plane, on the same cores, is slower than the gateway. A spool that is full denies, so the gateway waits
 * when it has this much.
 */
const SPOOL_BYTES_MAX = 256 * 1024 * 1024
const SHIPPED_MS = 300_000

/** @param folder where the spools are */
export async function memoryOf(caller: Caller, folder: string, calls: number): Promise<MemoryFigures> {
  const rss_mib_before = residentMib(caller)
  let rss_mib_max = rss_mib_before ?? 0
  for (let done = 0; done < calls; done += BLOCK) {
    await burst(caller, BLOCK)
    rss_mib_max = Math.max(rss_mib_max, residentMib(caller) ?? 0)
    await until('the control plane has caught up', () => spooledBytes(folder) < SPOOL_BYTES_MAX, SHIPPED_MS)
  }
  return { calls, rss_mib_before, rss_mib_max, rss_mib_after: residentMib(caller) }
}

function spooledBytes(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.includes('.spool')) bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

/** Bytes of one record, more or less. */
const RECORD_BYTES = 1500
const SYNCS = 100

/** One append and `fdatasync` where the spools are: every durable call waits for one. */
export function fdatasyncMs(folder: string): Spread {
  const fd = openSync(join(folder, 'fdatasync'), 'a')
  const bytes = Buffer.alloc(RECORD_BYTES)
  try {
    const took = Array.from({ length: SYNCS }, () => {
      const start = performance.now()
      writeSync(fd, bytes)
      fdatasyncSync(fd)
      return performance.now() - start
    })
    return spread([took])
  } finally {
    closeSync(fd)
  }
}
