/** Rows of incidents, as registers and folds write them. spec/incidents.md. @module */
import type { Kysely } from 'kysely'
import { parseRfc3339 } from '../core/time.ts'
import { decodeEntry, type AnyEntry, type EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { RegistryError } from './errors.ts'

export type IncidentRow = Schema['incidents']
type Db = Kysely<Schema>

/** What an entry about an incident says of itself. */
export interface Stamp {
  readonly entry: number
  readonly time_ms: number
  readonly actor: string
  readonly isPerson: boolean
}

export async function insertIncident(
  db: Db,
  { entry, time_ms, actor, isPerson }: Stamp,
  incident: { readonly id: string; readonly title_commit: string | null },
  body: EntryBody<'incident.opened'>,
): Promise<void> {
  const { kind, severity, agent, alerts, entries, detected } = body
  const nothing = {
    owner: null,
    contained: null,
    contained_by: null,
    closed: null,
    containment: null,
    cause: null,
    lessons: null,
    closing: null,
  }
  await db
    .insertInto('incidents')
    .values({
      ...nothing,
      ...incident,
      entry,
      kind,
      severity,
      agent,
      opener: actor,
      first: Math.min(entry, ...entries),
      detected: parseRfc3339(detected),
      opened: time_ms,
      acknowledged: isPerson ? time_ms : null,
    })
    .execute()
  for (const alert of new Set(alerts))
    await db.insertInto('incident_alerts').values({ incident: incident.id, alert }).execute()
}

/** @throws {RegistryError} `UNKNOWN_INCIDENT` */
export async function findIncident(db: Db, id: string): Promise<IncidentRow> {
  const row = await db.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_INCIDENT', 'no such incident: see "countersign incident list"')
  return row
}

/** Each act of a person on an incident acknowledges it. */
export async function updateIncident(
  db: Db,
  id: string,
  { time_ms, isPerson }: Stamp,
  change: Partial<IncidentRow>,
): Promise<void> {
  if (Object.keys(change).length > 0)
    await db.updateTable('incidents').set(change).where('id', '=', id).execute()
  if (isPerson)
    await db
      .updateTable('incidents')
      .set({ acknowledged: time_ms })
      .where('id', '=', id)
      .where('acknowledged', 'is', null)
      .execute()
}

export function containedBy(stamp: Stamp, how: IncidentRow['contained_by']): Partial<IncidentRow> {
  return { contained: stamp.time_ms, contained_by: how, containment: stamp.entry }
}

export async function insertNote(
  db: Db,
  incident: string,
  stamp: Stamp,
  phase: EntryBody<'incident.noted'>['phase'],
  text_commit: string,
): Promise<void> {
  const { entry, time_ms: time, actor: author } = stamp
  await db
    .insertInto('incident_notes')
    .values({ entry, incident, phase, author, time, text_commit })
    .execute()
  await updateIncident(db, incident, stamp, phase === 'note' ? {} : { [phase]: entry })
}

export function closedAt({ entry, time_ms }: Pick<Stamp, 'entry' | 'time_ms'>): Partial<IncidentRow> {
  return { closed: time_ms, closing: entry }
}

/** @throws {RegistryError} `UNKNOWN_ENTRY`: one is not there, or not any more */
export async function assertEntries({ db }: Pick<Tx, 'db'>, indices: readonly number[]): Promise<void> {
  for (const index of indices)
    if ((await findEntry({ db }, index)) === null)
      throw new RegistryError('UNKNOWN_ENTRY', `the log has no entry ${index}, or not any more`)
}

/** @returns null: there is none, or it was pruned */
export async function findEntry({ db }: Pick<Tx, 'db'>, index: number): Promise<AnyEntry | null> {
  const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
  return row === undefined || row.bytes.length === 0 ? null : decodeEntry(row.bytes)
}
