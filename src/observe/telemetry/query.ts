/**
 * What was counted, by time and by whatever is asked. spec/telemetry.md (TEL-10). Each question is answered from the rows
 * of one view, so that a fleet of thousands costs what is shown of it.
 * @module
 */
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { CallCounts } from '../../ports/observe-tables.ts'
import type { Schema } from '../../ports/schema.ts'
import {
  COLUMNS,
  DAY_MS,
  DIMENSIONS,
  GRAIN_MS,
  GRAINS,
  HOUR_MS,
  KINDS,
  VIEWS,
  viewWith,
  type Dimension,
  type Grain,
  type Kind,
} from './terms.ts'

/** Rows of one answer. */
export const ROWS_MAX = 10_000
/** Up to these ranges minutes, or hours, are told apart unless the question says otherwise: some 400 buckets. */
const MINUTES_MS_MAX = 6 * HOUR_MS
const HOURS_MS_MAX = 16 * DAY_MS
/** The same for one row of a whole range, of which only the ends are coarser. */
const HOURS_OF_ALL_MS_MAX = 2 * DAY_MS

interface Question {
  /** What rows are told apart by. */
  readonly by: readonly Dimension[]
  readonly where: Readonly<Partial<Record<Dimension, string>>>
  /** Milliseconds since 1970, brought to whole buckets. */
  readonly from_ms: number
  readonly to_ms: number
  /** `all`: one row for the whole range. Null: by the range. */
  readonly step: Grain | 'all' | null
}

export type CountsQuestion = Question
export interface NamedQuestion extends Question {
  readonly kind: Kind
}

type Labels = Readonly<Partial<Record<Dimension, string>>>
/** `t`: start of the bucket, milliseconds; of the range, when it is one. */
export type Counted = Labels & { readonly t: number } & Readonly<CallCounts>
export type Named = Labels & {
  readonly t: number
  readonly name: string
  readonly n: number
  readonly total: number
}

export interface Counts<Row> {
  readonly grain: Grain
  readonly from_ms: number
  readonly to_ms: number
  readonly rows: readonly Row[]
  /** Whether there are more than {@link ROWS_MAX}. */
  readonly is_cut: boolean
}

/** Decisions, outcomes and latencies. */
export async function countsOf(db: Kysely<Schema>, asked: CountsQuestion): Promise<Counts<Counted>> {
  const at = whereOf(asked)
  const sums = COLUMNS.map((name) => sql`sum(c.${sql.ref(name)}) as ${sql.ref(name)}`)
  const found = await rowsOf(db, asked, at, { table: 'counts', also: sql``, names: [], sums })
  return cut(at, found, COLUMNS) as Counts<Counted>
}

/** Reasons and debits, by name. */
export async function namedOf(db: Kysely<Schema>, asked: NamedQuestion): Promise<Counts<Named>> {
  const at = whereOf(asked, asked.kind === 'debit')
  const found = await rowsOf(db, asked, at, {
    table: 'named_counts',
    also: sql`and c.kind = ${KINDS.indexOf(asked.kind)}`,
    names: [sql.ref('c.name')],
    sums: [sql`sum(c.n) as n`, sql`sum(c.total) as total`],
  })
  return cut(at, found, ['n', 'total']) as Counts<Named>
}

interface Where {
  readonly view: number
  readonly grain: Grain
  readonly from_ms: number
  readonly to_ms: number
}

/** @param isByHour whether there are no minutes of it, as of everything at once (TEL-8) */
function whereOf({ by, where, from_ms, to_ms, step }: Question, isByHour = false): Where {
  const dimensions = new Set(DIMENSIONS.filter((name) => by.includes(name) || where[name] !== undefined))
  const view = viewWith(dimensions)
  const range_ms = to_ms - from_ms
  const byRange =
    range_ms <= MINUTES_MS_MAX
      ? 'minute'
      : range_ms <= (step === 'all' ? HOURS_OF_ALL_MS_MAX : HOURS_MS_MAX)
        ? 'hour'
        : 'day'
  const own = step === null || step === 'all' ? byRange : step
  const grain = (isByHour || view === 'all') && own === 'minute' ? 'hour' : own
  const size = GRAIN_MS[grain]
  const start = Math.floor(from_ms / size) * size
  const end = Math.max(start + size, Math.ceil(to_ms / size) * size)
  return { view: VIEWS.indexOf(view), grain, from_ms: start, to_ms: end }
}

interface Counting {
  readonly table: 'counts' | 'named_counts'
  readonly also: RawBuilder<unknown>
  readonly names: readonly RawBuilder<unknown>[]
  readonly sums: readonly RawBuilder<unknown>[]
}

type Found = Readonly<Record<string, unknown>>

async function rowsOf(
  db: Kysely<Schema>,
  { by, where, step }: Question,
  { view, grain, from_ms, to_ms }: Where,
  { table, also, names, sums }: Counting,
): Promise<readonly Found[]> {
  const filters = DIMENSIONS.filter((name) => where[name] !== undefined)
  const equal = filters.map((name) => sql`and ${sql.ref(name)} = ${where[name]}`)
  // A few places lie together by place, all of a view by view.
  const which =
    filters.length > 0
      ? sql`c.place in (select id from places where view = ${view} ${sql.join(equal, sql` `)})`
      : sql`c.view = ${view}`
  const time = step === 'all' ? [] : [sql.ref('c.bucket')]
  const groups = [...time, ...by.map((name) => sql.ref(`p.${name}`)), ...names]
  const columns = [...time.map((one) => sql`${one} as t`), ...groups.slice(time.length), ...sums]
  const { rows } = await sql<Found>`
    select ${sql.join(columns)} from ${sql.table(table)} as c join places as p on p.id = c.place
    where ${which} ${also} and c.grain = ${GRAINS.indexOf(grain)} and c.bucket >= ${from_ms} and c.bucket < ${to_ms}
    ${groups.length === 0 ? sql`` : sql`group by ${sql.join(groups)} order by ${sql.join(groups)}`}
    limit ${ROWS_MAX + 1}`.execute(db)
  return rows
}

/** Sums of some databases are text, and of nothing null. */
function cut(at: Where, found: readonly Found[], sums: readonly string[]): Counts<unknown> {
  const rows = found.slice(0, ROWS_MAX).map((row) => ({
    t: at.from_ms,
    ...row,
    ...Object.fromEntries(sums.map((name) => [name, Number(row[name] ?? 0)])),
  }))
  const { grain, from_ms, to_ms } = at
  return { grain, from_ms, to_ms, rows, is_cut: found.length > ROWS_MAX }
}
