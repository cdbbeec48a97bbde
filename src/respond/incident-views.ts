/** Incidents as people see them, and what they add up to. spec/incidents.md (INC-7). @module */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from '../registry/context.ts'
import { findIncident, type IncidentRow } from '../registry/incident-rows.ts'
import { namesOf, wordsOf } from '../registry/personal.ts'

/** Incidents that one answer lists, the latest first. */
const LISTED_MAX = 200

export interface IncidentView extends Omit<IncidentRow, 'title_commit'> {
  /** Null: without one, or erased. */
  readonly title: string | null
  readonly status: 'open' | 'contained' | 'closed'
}

export interface IncidentNote {
  readonly entry: number
  readonly phase: string
  readonly author: string
  readonly time: number
  /** Null: erased. */
  readonly text: string | null
}

export interface IncidentDetail extends IncidentView {
  readonly alerts: readonly string[]
  readonly notes: readonly IncidentNote[]
}

export async function listIncidents(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  open: boolean,
): Promise<IncidentView[]> {
  let query = db.selectFrom('incidents').selectAll().orderBy('entry', 'desc').limit(LISTED_MAX)
  if (open) query = query.where('closed', 'is', null)
  const rows = await query.execute()
  const titles = await namesOf(
    ctx,
    db,
    rows.map(({ title_commit }) => title_commit),
  )
  return rows.map((row) =>
    viewOf(row, row.title_commit === null ? null : (titles.get(row.title_commit) ?? null)),
  )
}

/** @throws {RegistryError} `UNKNOWN_INCIDENT` */
export async function showIncident(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  id: string,
): Promise<IncidentDetail> {
  const row = await findIncident(db, id)
  const notes = await db
    .selectFrom('incident_notes')
    .selectAll()
    .where('incident', '=', id)
    .orderBy('entry')
    .execute()
  const alerts = await db.selectFrom('incident_alerts').select('alert').where('incident', '=', id).execute()
  return {
    ...viewOf(row, row.title_commit === null ? null : await wordsOf(ctx, db, row.title_commit)),
    alerts: alerts.map(({ alert }) => alert),
    notes: await Promise.all(
      notes.map(async ({ text_commit, entry, phase, author, time }) => ({
        entry,
        phase,
        author,
        time,
        text: await wordsOf(ctx, db, text_commit),
      })),
    ),
  }
}

function viewOf({ title_commit: _t, ...row }: IncidentRow, title: string | null): IncidentView {
  const status = row.closed !== null ? 'closed' : row.contained !== null ? 'contained' : 'open'
  return { ...row, title, status }
}

export interface Spread {
  readonly n: number
  readonly median_s: number | null
  readonly max_s: number | null
}

export interface IncidentMeasures {
  readonly incidents: number
  readonly exercises: number
  readonly open: number
  /** From `detected`. */
  readonly acknowledged: Spread
  readonly contained: Spread
  readonly closed: Spread
}

/** INC-7: of real ones. @param from_ms opened since */
export async function incidentMeasures(db: Kysely<Schema>, from_ms: number): Promise<IncidentMeasures> {
  const rows = await db.selectFrom('incidents').selectAll().where('opened', '>=', from_ms).execute()
  const real = rows.filter(({ kind }) => kind !== 'tabletop')
  const since = (of: (row: IncidentRow) => number | null): Spread =>
    spreadOf(
      real.flatMap((row) => {
        const at = of(row)
        return at === null ? [] : [Math.max(0, at - row.detected) / 1000]
      }),
    )
  return {
    incidents: real.length,
    exercises: rows.length - real.length,
    open: real.filter(({ closed }) => closed === null).length,
    acknowledged: since(({ acknowledged }) => acknowledged),
    contained: since(({ contained }) => contained),
    closed: since(({ closed }) => closed),
  }
}

function spreadOf(seconds: readonly number[]): Spread {
  const sorted = seconds.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? null
  const low = sorted.length % 2 === 1 ? high : (sorted[middle - 1] ?? null)
  const median_s = high === null || low === null ? null : (high + low) / 2
  return { n: sorted.length, median_s, max_s: sorted.at(-1) ?? null }
}
