/**
 * Whether each detector found its canary today, and the alert reached this database. spec/detectors.md (DET-5).
 * Invariant: of a rule and a day one entry says so, whoever looks.
 * @module
 */
import type { Kysely } from 'kysely'
import type { AlertRule } from '../core/alert.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { closeCanary, raise } from './alerts.ts'
import { SYSTEM } from './context.ts'

/** Whom the canaries of detectors are about (DET-5). */
const CANARY = 'canary'

const DAY_MS = 24 * 3600 * 1000

/** Those without an entry for the day. */
export async function unjudged(
  db: Kysely<Schema>,
  rules: readonly AlertRule[],
  now_ms: number,
): Promise<AlertRule[]> {
  const day = dayOf(now_ms)
  const rows = await db.selectFrom('canaries').select('rule').where('day', '=', day).execute()
  const judged = new Set(rows.map(({ rule }) => rule))
  return rules.filter((rule) => !judged.has(rule))
}

/** Says of each rule whether its canary was found, closes its alert, and raises `DETECTOR_SILENT` where there is none. */
export async function judgeCanaries(tx: Tx, rules: readonly AlertRule[]): Promise<void> {
  const day = dayOf(tx.now)
  for (const rule of await unjudged(tx.db, rules, tx.now)) {
    const alert = await tx.db
      .selectFrom('alerts')
      .select(['id', 'entry', 'closed'])
      .where('rule', '=', rule)
      .where('canary', '=', 1)
      .where('subject', '=', CANARY)
      .where('last', '>=', Date.parse(day))
      .orderBy('entry', 'desc')
      .executeTakeFirst()
    const body = { rule, day, ok: alert !== undefined, alert: alert?.entry ?? null }
    const entry = await tx.append({ type: 'detector.canary', actor: SYSTEM, body })
    await recordCanary(tx.db, entry, body)
    if (alert === undefined) {
      const about = {
        rule: 'DETECTOR_SILENT',
        subject: rule,
        detail: { rule, day },
        entries: [entry],
      } as const
      await raise(tx, { ...about, key: `silent/${rule}/${day}` })
    } else if (alert.closed === null) await closeCanary(tx, alert.id)
  }
  await closeTried(tx)
}

/** Of what points tried themselves (DET-20). */
async function closeTried(tx: Tx): Promise<void> {
  const open = await tx.db
    .selectFrom('alerts')
    .select('id')
    .where('canary', '=', 1)
    .where('subject', '!=', CANARY)
    .where('closed', 'is', null)
    .orderBy('entry')
    .execute()
  for (const { id } of open) await closeCanary(tx, id)
}

export async function recordCanary(
  db: Kysely<Schema>,
  entry: number,
  { rule, day, ok }: EntryBody<'detector.canary'>,
): Promise<void> {
  await db
    .insertInto('canaries')
    .values({ rule, day, ok: ok ? 1 : 0, entry })
    .execute()
}

/** UTC, as RFC 3339 writes it. */
function dayOf(time_ms: number): string {
  return new Date(Math.floor(time_ms / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
}
