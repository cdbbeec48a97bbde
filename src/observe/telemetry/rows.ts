/** Loads and stores what is counted. spec/telemetry.md (TEL-6 to TEL-8). @module */
import type { Kysely } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import type { BucketRow, SeriesRow } from './series.ts'
import { GRAINS, KEPT_MS, KINDS, scopeOf, VIEWS } from './terms.ts'

type Db = Kysely<Schema>
/** Rows of one statement: some thousand parameters, which both databases take. */
const ROWS_MAX = 500

/** @returns every series, and of each grain the rows of the last bucket of any: later entries go on there */
export async function loadCounts(db: Db): Promise<{ series: SeriesRow[]; buckets: BucketRow[] }> {
  const series = await db.selectFrom('series').selectAll().orderBy('id').execute()
  const buckets: BucketRow[] = []
  for (const grain of GRAINS.keys()) {
    for (const scope of scopes()) {
      const last = await db
        .selectFrom('buckets')
        .select((eb) => eb.fn.max('bucket').as('bucket'))
        .where('scope', '=', scope)
        .where('grain', '=', grain)
        .executeTakeFirst()
      if (last?.bucket === undefined || last.bucket === null) continue
      const rows = await db
        .selectFrom('buckets')
        .selectAll()
        .where('scope', '=', scope)
        .where('grain', '=', grain)
        .where('bucket', '=', last.bucket)
        .execute()
      buckets.push(...rows)
    }
  }
  return { series, buckets }
}

export async function storeCounts(
  { db }: Tx,
  counts: { readonly series: readonly SeriesRow[]; readonly buckets: readonly BucketRow[] },
): Promise<void> {
  for (const rows of chunks(counts.series)) {
    await db
      .insertInto('series')
      .values(rows)
      .onConflict((at) =>
        at.column('id').doUpdateSet((eb) => ({
          n: eb.ref('excluded.n'),
          total: eb.ref('excluded.total'),
          seen: eb.ref('excluded.seen'),
        })),
      )
      .execute()
  }
  for (const rows of chunks(counts.buckets)) {
    await db
      .insertInto('buckets')
      .values(rows)
      .onConflict((at) =>
        at
          .columns(['scope', 'grain', 'bucket', 'series'])
          .doUpdateSet((eb) => ({ n: eb.ref('excluded.n'), total: eb.ref('excluded.total') })),
      )
      .execute()
  }
}

/** Buckets that are past (TEL-8). */
export async function forgetBuckets({ db }: Tx, now_ms: number): Promise<void> {
  for (const [at, grain] of GRAINS.entries()) {
    for (const scope of scopes()) {
      await db
        .deleteFrom('buckets')
        .where('scope', '=', scope)
        .where('grain', '=', at)
        .where('bucket', '<', now_ms - KEPT_MS[grain])
        .execute()
    }
  }
}

export function* chunks<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) yield rows.slice(at, at + ROWS_MAX)
}

function scopes(): number[] {
  return VIEWS.flatMap((view) => KINDS.map((kind) => scopeOf(view, kind)))
}
