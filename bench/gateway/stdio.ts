/** The rows over stdio, and what ours keeps in memory after many calls. @module */
import { join } from 'node:path'
import { CLI } from '../../test/fixtures/processes.ts'
import { stdioCaller } from './callers.ts'
import { memoryOf } from './memory.ts'
import { EVERYTHING, type Planted } from './plant.ts'
import type { MemoryFigures, Rows, StdioFigures } from './report.ts'
import { added, median, ratio, sequentially, spread, together } from './rounds.ts'

const NOOP = join(import.meta.dirname, 'noop-process.ts')
const WITHOUT_SYNC = join(import.meta.dirname, 'without-sync.ts')

export async function overStdio(
  { folder, points, hosted }: Planted,
  short: boolean,
): Promise<{ stdio: StdioFigures; memory: MemoryFigures }> {
  const node = process.execPath
  const server = [node, EVERYTHING, 'stdio']
  const ours = (point: string, ...options: string[]): string[] => {
    return [node, ...options, CLI, 'gateway', '--stdio', '--point', point, ...hosted, '--', ...server]
  }
  const callers = {
    direct: await stdioCaller(server),
    noop: await stdioCaller([node, NOOP, 'stdio', ...server]),
    durable: await stdioCaller(ours(points.stdio)),
    unsynced: await stdioCaller(ours(points.unsynced, '--import', WITHOUT_SYNC)),
  }
  try {
    const took = await sequentially(callers, { ms: short ? 6000 : 60_000, block: 25 })
    const rates = await together(callers, { ms: short ? 12_000 : 90_000, block: 1000 })
    const rows: Rows = {}
    for (const row of ['direct', 'noop', 'durable', 'unsynced'] as const)
      rows[row] = { ms: spread(took[row]), calls_per_s_32: Math.round(median(rates[row])) }
    const stdio = {
      added_ms: {
        durable: added(took.durable, took.direct),
        not_durable: added(took.unsynced, took.direct),
        noop: added(took.noop, took.direct),
      },
      calls_per_s_32: Math.round(median(rates.durable)),
      ratio_32_to_direct: ratio(rates.durable, rates.direct),
      ratio_32_to_noop_proxy: ratio(rates.durable, rates.noop),
      ratio_32_not_durable_to_direct: ratio(rates.unsynced, rates.direct),
      ratio_32_noop_proxy_to_direct: ratio(rates.noop, rates.direct),
      rounds: { sequential: took.direct.length, together: rates.direct.length },
      rows,
    }
    return { stdio, memory: await memoryOf(callers.durable, folder, short ? 20_000 : 1_000_000) }
  } finally {
    await Promise.all(Object.values(callers).map((caller) => caller.close()))
  }
}
