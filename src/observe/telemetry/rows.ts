/** Loads and stores what is counted. spec/telemetry.md (TEL-6 to TEL-8). @module */
import { setImmediate } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import type { CountsRow, Drained, NamedRow, PlaceRow } from './places.ts'
import { COLUMNS, GRAINS, KEPT_MS, KINDS, VIEWS } from './terms.ts'

type Db = Kysely<Schema>
/** Rows of one statement: some thousand parameters, which both databases take. */
const ROWS_MAX = 500

export interface Loaded {
  readonly places: PlaceRow[]
  readonly counts: CountsRow[]
  readonly named: NamedRow[]
}

/** @returns every place, and of each view and grain the rows of the last bucket: later entries go on there */
export async function loadCounts(db: Db): Promise<Loaded> {
  const places = await db.selectFrom('places').selectAll().orderBy('id').execute()
  const loaded: Loaded = { places, counts: [], named: [] }
  for (const view of VIEWS.keys()) {
    for (const grain of GRAINS.keys()) {
      loaded.counts.push(...(await lastCounts(db, view, grain)))
      for (const kind of KINDS.keys()) loaded.named.push(...(await lastNamed(db, view, grain, kind)))
    }
  }
  return loaded
}

async function lastCounts(db: Db, view: number, grain: number): Promise<CountsRow[]> {
  const all = db.selectFrom('counts').where('view', '=', view).where('grain', '=', grain)
  const last = await all.select((eb) => eb.fn.max('bucket').as('bucket')).executeTakeFirst()
  if (typeof last?.bucket !== 'number') return []
  return all.selectAll().where('bucket', '=', last.bucket).execute()
}

async function lastNamed(db: Db, view: number, grain: number, kind: number): Promise<NamedRow[]> {
  const all = db
    .selectFrom('named_counts')
    .where('view', '=', view)
    .where('kind', '=', kind)
    .where('grain', '=', grain)
  const last = await all.select((eb) => eb.fn.max('bucket').as('bucket')).executeTakeFirst()
  if (typeof last?.bucket !== 'number') return []
  return all.selectAll().where('bucket', '=', last.bucket).execute()
}

/** Others have their turn between two statements. */
export async function storeCounts({ db }: Tx, { places, counts, named }: Drained): Promise<void> {
  for (const rows of chunks(places)) {
    await setImmediate()
    await db
      .insertInto('places')
      .values(rows)
      .onConflict((at) =>
        at.column('id').doUpdateSet((eb) => ({
          seen: eb.ref('excluded.seen'),
          totals_json: eb.ref('excluded.totals_json'),
        })),
      )
      .execute()
  }
  for (const rows of chunks(counts)) {
    await setImmediate()
    await db
      .insertInto('counts')
      .values(rows)
      .onConflict((at) =>
        at
          .columns(['view', 'grain', 'bucket', 'place'])
          .doUpdateSet((eb) => Object.fromEntries(COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)]))),
      )
      .execute()
  }
  for (const rows of chunks(named)) {
    await setImmediate()
    await db
      .insertInto('named_counts')
      .values(rows)
      .onConflict((at) =>
        at
          .columns(['view', 'kind', 'grain', 'bucket', 'place', 'name'])
          .doUpdateSet((eb) => ({ n: eb.ref('excluded.n'), total: eb.ref('excluded.total') })),
      )
      .execute()
  }
}

/** Buckets that are past (TEL-8). */
export async function forgetBuckets({ db }: Tx, now_ms: number): Promise<void> {
  for (const [at, grain] of GRAINS.entries()) {
    for (const view of VIEWS.keys()) {
      const past = now_ms - KEPT_MS[grain]
      await db
        .deleteFrom('counts')
        .where('view', '=', view)
        .where('grain', '=', at)
        .where('bucket', '<', past)
        .execute()
      await db
        .deleteFrom('named_counts')
        .where('view', '=', view)
        .where('kind', 'in', [...KINDS.keys()])
        .where('grain', '=', at)
        .where('bucket', '<', past)
        .execute()
    }
  }
}

export function* chunks<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) yield rows.slice(at, at + ROWS_MAX)
}
