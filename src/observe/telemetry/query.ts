/**
 * What was counted, by time and by whatever is asked. spec/telemetry.md (TEL-10). Each question is answered from the rows
 * of one view, so that a fleet of thousands costs what is shown of it.
 * @module
 */
import { sql, type Kysely } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import {
  DIMENSIONS,
  GRAIN_MS,
  GRAINS,
  HOUR_MS,
  DAY_MS,
  scopeOf,
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

export interface CountsQuestion {
  readonly kind: Kind
  /** What rows are told apart by. */
  readonly by: readonly (Dimension | 'name')[]
  readonly where: Readonly<Partial<Record<Dimension | 'name', string>>>
  /** Milliseconds since 1970, brought to whole buckets. */
  readonly from_ms: number
  readonly to_ms: number
  /** `all`: one row for the whole range. */
  readonly step: Grain | 'all' | null
}

export interface CountsRow extends Readonly<Partial<Record<Dimension | 'name', string>>> {
  /** Start of the bucket, milliseconds; of the range, when it is one. */
  readonly t: number
  readonly n: number
  readonly total: number
}

export interface Counts {
  readonly grain: Grain
  readonly from_ms: number
  readonly to_ms: number
  readonly rows: readonly CountsRow[]
  /** Whether there are more than {@link ROWS_MAX}. */
  readonly is_cut: boolean
}

export async function countsOf(db: Kysely<Schema>, asked: CountsQuestion): Promise<Counts> {
  const dimensions = new Set(
    DIMENSIONS.filter((name) => asked.by.includes(name) || asked.where[name] !== undefined),
  )
  const view = viewWith(dimensions)
  const grain = grainOf(asked, view === 'all')
  const size = GRAIN_MS[grain]
  const from_ms = Math.floor(asked.from_ms / size) * size
  const to_ms = Math.max(from_ms + size, Math.ceil(asked.to_ms / size) * size)
  const scope = scopeOf(view, asked.kind)
  const rows = await rowsOf(db, asked, { scope, grain, from_ms, to_ms })
  return { grain, from_ms, to_ms, rows: rows.slice(0, ROWS_MAX), is_cut: rows.length > ROWS_MAX }
}

/** Of everything at once there are no minutes (TEL-8). */
function grainOf({ from_ms, to_ms, step }: CountsQuestion, isAll: boolean): Grain {
  const range_ms = to_ms - from_ms
  const own =
    step !== null && step !== 'all'
      ? step
      : range_ms <= MINUTES_MS_MAX
        ? 'minute'
        : range_ms <= HOURS_MS_MAX
          ? 'hour'
          : 'day'
  return isAll && own === 'minute' ? 'hour' : own
}

async function rowsOf(
  db: Kysely<Schema>,
  { by, where, step }: CountsQuestion,
  at: { readonly scope: number; readonly grain: Grain; readonly from_ms: number; readonly to_ms: number },
): Promise<CountsRow[]> {
  const filters = Object.entries(where).filter(([, value]) => value !== undefined)
  let few = db.selectFrom('series').select('id').where('scope', '=', at.scope)
  for (const [column, value] of filters) few = few.where(sql.ref(column), '=', value)
  let query = db
    .selectFrom('buckets')
    .innerJoin('series', 'series.id', 'buckets.series')
    .where('buckets.grain', '=', GRAINS.indexOf(at.grain))
    .where('buckets.bucket', '>=', at.from_ms)
    .where('buckets.bucket', '<', at.to_ms)
  // A few series lie together by series, all of a scope by scope.
  query =
    filters.length > 0
      ? query.where('buckets.series', 'in', few)
      : query.where('buckets.scope', '=', at.scope)
  const isOne = step === 'all'
  const columns = by.map((name) => `series.${name}` as const)
  const rows = await query
    .$if(!isOne, (one) =>
      one.select('buckets.bucket as t').groupBy('buckets.bucket').orderBy('buckets.bucket'),
    )
    .$if(columns.length > 0, (one) => one.select(columns).groupBy(columns))
    .select((eb) => [eb.fn.sum('buckets.n').as('n'), eb.fn.sum('buckets.total').as('total')])
    .orderBy('n', 'desc')
    .limit(ROWS_MAX + 1)
    .execute()
  return rows.map(({ n, total, t, ...names }) => ({
    t: t ?? at.from_ms,
    ...names,
    n: Number(n),
    total: Number(total),
  }))
}
