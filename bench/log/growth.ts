/** Whether the log is as fast, and as large an entry, at three million entries as at a hundred thousand. @module */
import { round } from '../measure.ts'
import { measureAppends, measureIdleAck } from './append.ts'
import { embeddedPlant } from './plant.ts'

export interface GrowthStep {
  /** Entries in the log at the end of the step. */
  readonly size: number
  /** On the way here from the last size, durable and integrated. */
  readonly appends_per_s: number
  readonly ack_idle_p50_ms: number
  readonly ack_idle_p99_ms: number
  readonly database_bytes_per_entry: number
  readonly tile_bytes_per_entry: number
  /** Taking the signer's place again: every signed entry is read and hashed. */
  readonly restart_ms: number
}

const IDLE_APPENDS = 300

export async function measureGrowth(sizes: readonly number[]): Promise<GrowthStep[]> {
  const plant = await embeddedPlant()
  const steps: GrowthStep[] = []
  try {
    for (const size of sizes) {
      const { appends_per_s } = await measureAppends(plant, size - (await plant.store.entries.size()))
      const { database, tiles } = await plant.bytes()
      const idle = await measureIdleAck(plant, IDLE_APPENDS)
      steps.push({
        size,
        appends_per_s,
        ack_idle_p50_ms: idle.p50,
        ack_idle_p99_ms: idle.p99,
        database_bytes_per_entry: round(database / size),
        tile_bytes_per_entry: round(tiles / size),
        restart_ms: await plant.restart(),
      })
    }
  } finally {
    await plant.remove()
  }
  return steps
}
