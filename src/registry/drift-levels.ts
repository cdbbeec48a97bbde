/**
 * An agent's level of drift, for whoever acts on it. spec/drift.md (DRF-26).
 * Invariant: of each task class the epoch that spoke last counts, so a version that nobody runs any more holds nobody back.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'

export type DriftLevelRow = Schema['drift_levels']

export interface DriftStanding {
  readonly level: DriftLevelRow['level']
  /** The last alarm at `isolate` of any epoch that counts: index of its `drift.scored`, and its time in milliseconds. */
  readonly alarm: { readonly entry: number; readonly time_ms: number } | null
  /** Those that count, the one that spoke last first. */
  readonly epochs: readonly DriftLevelRow[]
}

const ORDER: readonly DriftLevelRow['level'][] = ['none', 'watch', 'step_up', 'isolate']

export async function driftStanding(db: Kysely<Schema>, agent: string): Promise<DriftStanding> {
  const rows = await db
    .selectFrom('drift_levels')
    .selectAll()
    .where('agent', '=', agent)
    .orderBy('entry', 'desc')
    .execute()
  const classes = new Set<string>()
  const epochs = rows.filter(({ task_class }) => !classes.has(task_class) && classes.add(task_class))
  const level = epochs.reduce<DriftLevelRow['level']>(
    (most, row) => (ORDER.indexOf(row.level) > ORDER.indexOf(most) ? row.level : most),
    'none',
  )
  const alarm = epochs.reduce<DriftStanding['alarm']>(
    (last, { alarm: entry, alarmed: time_ms }) =>
      entry === null || time_ms === null || entry < (last?.entry ?? 0) ? last : { entry, time_ms },
    null,
  )
  return { level, alarm, epochs }
}
