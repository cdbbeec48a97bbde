/** Rows of alerts, as `raise` and as a rebuilt register write them. spec/alerts.md (ALR-3 to ALR-7). @module */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type AlertRow = Schema['alerts']

/** Detail of an alert is bounded by its entry. */
const DETAIL_LIMITS = { bytes_max: 128 * 1024, depth_max: 4 }

/** An alert is named by the entry that began it. */
export function alertId(entry: number): string {
  return `alt_${entry}`
}

/** What a log entry of an alert makes of its row; the first one makes the row. */
export async function recordRaised(
  db: Kysely<Schema>,
  { index, time_ms, subject }: { readonly index: number; readonly time_ms: number; readonly subject: string },
  { of, n, key, detail, entries, rule, severity, triage_min, policy, canary }: EntryBody<'alert.raised'>,
): Promise<void> {
  const newest = { detail_json: canonicalize(detail), entries_json: canonicalize(entries) }
  const id = alertId(of ?? index)
  if (of === null) {
    const terms = { rule, severity, policy, triage_min, canary: canary === true ? 1 : 0 }
    const open = { status: 'open', acknowledged: null, taker: null, triage: null } as const
    await db
      .insertInto('alerts')
      .values({
        id,
        entry: index,
        subject,
        ...terms,
        ...newest,
        ...open,
        first: time_ms,
        last: time_ms,
        count: n,
        closed: null,
        disposition: null,
        escalated: 0,
      })
      .execute()
  } else {
    await db
      .updateTable('alerts')
      .set({ ...newest, last: time_ms, count: n })
      .where('id', '=', id)
      .execute()
  }
  await rememberKey(db, key, id, time_ms)
}

/** A rebuilt register may come by the same key in an alert that was closed. */
export async function rememberKey(
  db: Kysely<Schema>,
  key: string,
  alert: string,
  time_ms: number,
): Promise<void> {
  await db
    .insertInto('alert_keys')
    .values({ key, alert, time: time_ms })
    .onConflict((on) => on.column('key').doUpdateSet({ alert, time: time_ms }))
    .execute()
}

export async function recordAcknowledged(
  db: Kysely<Schema>,
  time_ms: number,
  taker: string,
  { of, triage }: EntryBody<'alert.acknowledged'>,
): Promise<void> {
  await db
    .updateTable('alerts')
    .set({ status: 'acknowledged', acknowledged: time_ms, taker, triage })
    .where('id', '=', alertId(of))
    .execute()
}

export async function recordClosed(
  db: Kysely<Schema>,
  time_ms: number,
  { of, disposition }: EntryBody<'alert.closed'>,
): Promise<void> {
  await db
    .updateTable('alerts')
    .set({ status: 'closed', closed: time_ms, disposition })
    .where('id', '=', alertId(of))
    .execute()
}

export async function recordEscalated(
  db: Kysely<Schema>,
  { of, step }: EntryBody<'alert.escalated'>,
): Promise<void> {
  await db.updateTable('alerts').set({ escalated: step }).where('id', '=', alertId(of)).execute()
}

/** @throws {RegistryError} `UNKNOWN_ALERT` */
export async function findAlert(db: Kysely<Schema>, id: string): Promise<AlertRow> {
  const row = await db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_ALERT', 'no such alert: see "countersign alert list"')
  return row
}

export interface AlertView extends Omit<AlertRow, 'detail_json' | 'entries_json' | 'canary' | 'subject'> {
  readonly canary: boolean
  readonly subject: string | null
  readonly detail: Readonly<Record<string, string | number>>
  /** Indices of entries of the log. */
  readonly entries: readonly number[]
  /** Until when somebody has to take it, milliseconds. */
  readonly triage_until: number
}

export function alertView({ detail_json, entries_json, canary, subject, ...row }: AlertRow): AlertView {
  return {
    ...row,
    canary: canary === 1,
    subject: subject === '' ? null : subject,
    detail: parseJson(detail_json, DETAIL_LIMITS) as AlertView['detail'],
    entries: parseJson(entries_json) as number[],
    triage_until: row.first + row.triage_min * 60_000,
  }
}
