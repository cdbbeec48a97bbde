/**
 * What entries of the log say of how ready an installation is, where no register has it. spec/readiness.md (RDY-2).
 * Entries of these types are few, and an index finds them. One that was pruned says nothing any more.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseJson } from '../core/json.ts'
import type { ClosedDrill, ReadinessFacts, RevocationSpread } from '../core/readiness.ts'
import { decodeEntry, type AnyEntry, type EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { acknowledgedBy } from './acks.ts'

type Db = Kysely<Schema>

export const DAY_MS = 24 * 3600 * 1000
const WEEK_MS = 7 * DAY_MS
/** Anchors that are looked at: more than a week has, at one every two minutes. */
const ANCHORS_MAX = 5_500

/** When the log began. @param now before there is an entry */
export async function startOf(db: Db, now: number): Promise<number> {
  const first = await db.selectFrom('entries').select('bytes').where('idx', '=', 0).executeTakeFirst()
  const entry = entryOf(first?.bytes)
  return entry === null ? now : Date.parse(entry.time)
}

function entryOf(bytes: Uint8Array | undefined): AnyEntry | null {
  return bytes === undefined || bytes.length === 0 ? null : decodeEntry(bytes)
}

/** How many entries of a type there are, and when the last was written. */
export async function toldOf(db: Db, type: string): Promise<{ n: number; last: number | null }> {
  const { n, last } = await db
    .selectFrom('entries')
    .where('type', '=', type)
    .select((eb) => [
      eb.fn.countAll<number | string>().as('n'),
      eb.fn.max<number | string | null>('idx').as('last'),
    ])
    .executeTakeFirstOrThrow()
  const entry = last === null ? null : await readEntry(db, Number(last))
  return { n: Number(n), last: entry === null ? null : Date.parse(entry.time) }
}

async function readEntry(db: Db, index: number): Promise<AnyEntry | null> {
  const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
  return entryOf(row?.bytes)
}

/** The newest of a type, the latest first. */
async function newestOf(db: Db, type: AnyEntry['type'], limit: number): Promise<AnyEntry[]> {
  const rows = await db
    .selectFrom('entries')
    .select('bytes')
    .where('type', '=', type)
    .orderBy('idx', 'desc')
    .limit(limit)
    .execute()
  return rows.flatMap(({ bytes }) => entryOf(bytes) ?? [])
}

export async function restoreFacts(db: Db): Promise<ReadinessFacts['restore']> {
  const [entry] = await newestOf(db, 'restore.tested', 1)
  return entry?.type === 'restore.tested' ? { time: Date.parse(entry.time), ok: entry.body.ok } : null
}

/** The times are those that outsiders gave. */
export async function anchorFacts(
  db: Db,
  { now, started }: { readonly now: number; readonly started: number },
): Promise<ReadinessFacts['anchors']> {
  const entries = await newestOf(db, 'log.anchored', ANCHORS_MAX)
  const times = entries
    .flatMap((entry) =>
      // What a mail proves, only its receiver can tell (ANC-1).
      entry.type === 'log.anchored' && entry.body.kind !== 'mail' ? [entry.body.at * 1000] : [],
    )
    .toSorted((a, b) => a - b)
  return anchorsIn(times, { now, from: Math.max(started, now - WEEK_MS) })
}

/** Pure. @param times in order */
export function anchorsIn(
  times: readonly number[],
  { now, from }: { readonly now: number; readonly from: number },
): ReadinessFacts['anchors'] {
  const inside = times.filter((time) => time >= from && time <= now)
  // What was said just before covers the beginning.
  const before = times.findLast((time) => time < from) ?? from
  const edges = [before, ...inside, now]
  const gap = edges.slice(1).reduce((most, at, i) => Math.max(most, at - (edges[i] ?? at)), 0)
  return { n: inside.length, last: times.at(-1) ?? null, gap }
}

export async function drillFacts(db: Db): Promise<ReadinessFacts['drills']> {
  const [production, tabletop] = [await lastClosed(db, 'production'), await lastClosed(db, 'tabletop')]
  const { n } = await db
    .selectFrom('drills')
    .where('closed', 'is', null)
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  return {
    production,
    tabletop: tabletop === null ? null : { id: tabletop.id, closed: tabletop.closed },
    open: Number(n),
  }
}

async function lastClosed(db: Db, mode: Schema['drills']['mode']): Promise<ClosedDrill | null> {
  const row = await db
    .selectFrom('drills')
    .select(['id', 'closed', 'closed_ms'])
    .where('mode', '=', mode)
    .where('closed', 'is not', null)
    .orderBy('closed', 'desc')
    .executeTakeFirst()
  if (row === undefined || row.closed === null) return null
  const entry = await readEntry(db, row.closed)
  if (entry?.type !== 'drill.closed') return null
  const { points_n, answered_n, last_ms } = entry.body.report
  return { id: row.id, closed: row.closed_ms ?? Date.parse(entry.time), points_n, answered_n, last_ms }
}

/** @param from milliseconds: hours before are not counted */
export async function revocationFacts(
  db: Db,
  from: number,
): Promise<Omit<ReadinessFacts['revocation'], 'bound_ms'>> {
  const { head } = await db
    .selectFrom('frames')
    .select((eb) => eb.fn.max<number | string | null>('seq').as('head'))
    .executeTakeFirstOrThrow()
  const { of, acknowledged } = await acknowledgedBy(db, Number(head ?? 0))
  const rows = await db.selectFrom('capacity').select('sample_json').where('hour', '>=', from).execute()
  const hours = rows.flatMap(({ sample_json }) => {
    const sample = parseJson(sample_json) as unknown as EntryBody<'capacity.sampled'>
    return sample.revocation_ms ?? []
  })
  return { head: Number(head ?? 0), of, acknowledged, spread_ms: spreadOfHours(hours) }
}

/** Pure. @param hours what was measured in each. @returns null without any */
export function spreadOfHours(hours: readonly RevocationSpread[]): RevocationSpread | null {
  const n = hours.reduce((sum, hour) => sum + hour.n, 0)
  if (n === 0) return null
  const highest = (of: 'p99' | 'max'): number => hours.reduce((most, hour) => Math.max(most, hour[of]), 0)
  return { n, p50: weightedMedian(hours, n), p99: highest('p99'), max: highest('max') }
}

function weightedMedian(hours: readonly RevocationSpread[], n: number): number {
  let seen = 0
  for (const hour of hours.toSorted((a, b) => a.p50 - b.p50)) {
    seen += hour.n
    if (seen * 2 >= n) return hour.p50
  }
  return 0
}
