/** Backups, restored apart from the log each month, and what the log has of it. spec/simulation.md (SIM-9). @module */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { restoreBackup } from '../../cli/backup/restore.ts'
import { takeBackup } from '../../cli/backup/take.ts'
import { isDay, type Story, type Theme } from '../story.ts'

const TEST_DAYS = { first: 14, every: 30 }

export const backups: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, TEST_DAYS)) await testRestore(story)
  },
}

/** A backup of the running control plane, restored in a folder of its own. */
export async function testRestore({ company, dataDir }: Story): Promise<void> {
  const { plane, clock, staff } = company
  await plane.publish()
  const [backup, data] = [join(dataDir, 'backup'), join(dataDir, 'restored')]
  const now = (): number => clock.now()
  try {
    const { log, taken_at } = await takeBackup({ data: dataDir, to: backup, keys: false, vault: false, now })
    const { backwards } = await restoreBackup({ backup, data, now })
    const ok = backwards.length === 0
    await staff.operations.client.post('/v1/backups/tests', { ...log, taken_at, ok })
  } finally {
    for (const folder of [backup, data]) await rm(folder, { recursive: true, force: true })
  }
}
