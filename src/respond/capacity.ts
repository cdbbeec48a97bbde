/**
 * How much the control plane has to do, sampled once an hour as an entry. spec/capacity.md (CAP-1, CAP-2).
 * Invariant: an hour has at most one sample, and hours that have none are said out loud by the next.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseJson } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store } from '../ports/store.ts'
import { raise } from '../registry/alerts.ts'
import { insertSample } from '../registry/capacity-rows.ts'
import { SYSTEM } from '../registry/context.ts'
import { KEY_STANDS } from '../registry/points.ts'

export const HOUR_MS = 3600 * 1000
/** A point of which nothing was heard for so long is silent, in milliseconds. */
const SILENT_MS = 60_000
/** Samples that one answer lists, the latest first: a month. */
const LISTED_MAX = 744

export type Sample = EntryBody<'capacity.sampled'>
type Spread = NonNullable<Sample['write_ms']>
/** What the process and its machine say. */
export type Readings = Pick<
  Sample,
  | 'cpu_pct'
  | 'memory_bytes'
  | 'disk_free_bytes'
  | 'disk_total_bytes'
  | 'writes_waiting'
  | 'write_ms'
  | 'revocation_ms'
>

/** @param times in milliseconds. @returns null without any */
export function spreadOf(times: readonly number[]): Spread | null {
  const sorted = times.toSorted((a, b) => a - b)
  const max = sorted.at(-1)
  if (max === undefined) return null
  const at = (share: number): number => round(sorted[Math.ceil(sorted.length * share) - 1] ?? max)
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: round(max) }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

/** Whether the hour has none yet. */
export async function needsSample(db: Kysely<Schema>, now_ms: number): Promise<boolean> {
  const row = await db
    .selectFrom('capacity')
    .select('hour')
    .where('hour', '=', hourOf(now_ms))
    .executeTakeFirst()
  return row === undefined
}

function hourOf(now_ms: number): number {
  return Math.floor(now_ms / HOUR_MS) * HOUR_MS
}

/** Appends the sample of this hour. @returns false: another node did */
export function takeSample(store: Store, readings: Readings): Promise<boolean> {
  return store.write(async (tx) => {
    if (!(await needsSample(tx.db, tx.now))) return false
    const hour = hourOf(tx.now)
    const last = await tx.db
      .selectFrom('capacity')
      .select('hour')
      .orderBy('hour', 'desc')
      .limit(1)
      .executeTakeFirst()
    const sample: Sample = { hour: rfc3339(hour), ...readings, ...(await countsOf(tx.db, tx.now)) }
    const entry = await tx.append({ type: 'capacity.sampled', actor: SYSTEM, body: sample })
    await insertSample(tx.db, { hour, entry }, sample)
    const missing = last === undefined ? 0 : (hour - last.hour) / HOUR_MS - 1
    if (missing > 0)
      await raise(tx, {
        rule: 'CAPACITY_MISSING',
        key: `capacity/${hour}`,
        subject: null,
        detail: { hours: missing, from: rfc3339((last?.hour ?? hour) + HOUR_MS), to: rfc3339(hour) },
        entries: [entry],
      })
    return true
  })
}

async function countsOf(
  db: Kysely<Schema>,
  now_ms: number,
): Promise<Pick<Sample, 'entries' | 'receipts_behind' | 'points' | 'deliveries_waiting'>> {
  const { size } = await db
    .selectFrom('entries')
    .select((eb) => eb.fn.coalesce(eb.fn.max('idx'), eb.lit(-1)).as('size'))
    .executeTakeFirstOrThrow()
  const points = await db
    .selectFrom('points')
    .leftJoin('heard', 'heard.point', 'points.id')
    .select(['points.id', 'heard.time', 'heard.behind'])
    .where(KEY_STANDS)
    .execute()
  const waiting = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('failing_since', 'is not', null)
    .executeTakeFirstOrThrow()
  return {
    entries: size + 1,
    receipts_behind: points.reduce((sum, { behind }) => sum + (behind ?? 0), 0),
    points: {
      enrolled: points.length,
      silent: points.filter(({ time }) => time === null || now_ms - time > SILENT_MS).length,
    },
    deliveries_waiting: waiting.n,
  }
}

export interface SampleView extends Sample {
  readonly entry: number
}

/** The latest first. */
export async function listSamples(db: Kysely<Schema>): Promise<SampleView[]> {
  const rows = await db.selectFrom('capacity').selectAll().orderBy('hour', 'desc').limit(LISTED_MAX).execute()
  return rows.map(({ entry, sample_json }) => ({ entry, ...(parseJson(sample_json) as unknown as Sample) }))
}
