/**
 * Live registers against those that the log gives, table by table and row by row. spec/registers.md (REG-3).
 * A difference is named by table, key and column. Invariant: it never holds a value.
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { utf8 } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalize, parseJson } from '../../core/json.ts'
import type { Schema } from '../../ports/schema.ts'
import { CUT_OFF } from '../heads.ts'
import { LOGOUT_PREFIX } from '../logouts.ts'
import { SEALED_KEYS } from '../sealed-keys.ts'
import { VAULT } from '../setup.ts'
import type { TableName } from './table-rule.ts'
import { TABLES } from './tables.ts'

/** Rows read at once from each side. */
const PAGE = 1_000
/** Differences that a report names: one wrong entry can make many. */
export const DIFFERENCES_MAX = 1_000
/** The largest JSON column is a record of an issuer with its keys. */
const JSON_LIMITS = { bytes_max: 1024 * 1024, depth_max: 64 }

/**
 * `missing`: the log gives a row that the live table lacks. `extra`: the live table has one that no entry gives.
 * `changed`: `column` is not what the log says. `unproved`: a kept row that the log does not bear out (REG-4).
 */
export interface Difference {
  readonly table: TableName
  readonly key: string
  readonly kind: 'missing' | 'extra' | 'changed' | 'unproved'
  readonly column?: string
}

type Row = Readonly<Record<string, unknown>>

interface Side {
  readonly db: Kysely<Schema>
  readonly table: TableName
  readonly key: readonly string[]
}

/** Tables of which every row or some rows come from the log; `entries` is what the rebuilt ones came from. */
export function comparedTables(): TableName[] {
  const names = Object.keys(TABLES) as TableName[]
  return names.filter((name) => name !== 'entries' && ['log', 'partly'].includes(TABLES[name].from))
}

/** @returns the first {@link DIFFERENCES_MAX} differences, and how many rows were compared */
export async function compareRegisters(
  live: Kysely<Schema>,
  rebuilt: Kysely<Schema>,
): Promise<{ differences: Difference[]; rows: number }> {
  const differences: Difference[] = []
  let rows = 0
  for (const table of comparedTables()) {
    for await (const difference of compareTable(live, rebuilt, table)) {
      if (difference === null) rows++
      else if (differences.length < DIFFERENCES_MAX) differences.push(difference)
      else return { differences, rows }
    }
  }
  return { differences, rows }
}

/** Both sides in the order of the key, side by side. Yields null for each row that is the same. */
async function* compareTable(
  live: Kysely<Schema>,
  rebuilt: Kysely<Schema>,
  table: TableName,
): AsyncGenerator<Difference | null> {
  const key: readonly string[] = TABLES[table].key
  const [ours, theirs] = [live, rebuilt].map((db) => rowsOf({ db, table, key }))
  if (ours === undefined || theirs === undefined) return
  let [a, b] = await Promise.all([ours.next(), theirs.next()])
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareKeys(a.value, b.value, key)
    if (order < 0 && !a.done) {
      const known = await isKnownExtra(live, table, a.value)
      yield known ? null : { table, key: keyText(a.value, key), kind: 'extra' }
    } else if (order > 0 && !b.done) {
      yield { table, key: keyText(b.value, key), kind: 'missing' }
    } else if (!a.done && !b.done) {
      yield* changedColumns(table, key, a.value, b.value)
    }
    if (order <= 0) a = await ours.next()
    if (order >= 0) b = await theirs.next()
  }
}

function* changedColumns(
  table: TableName,
  key: readonly string[],
  live: Row,
  rebuilt: Row,
): Generator<Difference | null> {
  const missing: readonly string[] = TABLES[table].missing
  const changed = Object.keys(rebuilt).filter(
    (column) => !missing.includes(column) && !isSame(column, live[column], rebuilt[column]),
  )
  if (changed.length === 0) yield null
  for (const column of changed) yield { table, key: keyText(live, key), kind: 'changed', column }
}

/** JSON columns hold a value, however it is written. */
function isSame(column: string, a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!column.endsWith('_json') || typeof a !== 'string' || typeof b !== 'string') return false
  try {
    return canonicalize(parseJson(a, JSON_LIMITS)) === canonicalize(parseJson(b, JSON_LIMITS))
  } catch (cause) {
    if (cause instanceof CountersignError) return false
    throw cause
  }
}

/**
 * A place that a draft took and no delegation has: the draft is not in the log, so neither is its place. Which vault
 * the database is of, which another may replace (ERA-4), which sessions a provider ended (IDN-13), and until when heads are
 * wanted (RCP-12). And keys of gateways that are nobody's yet.
 */
async function isKnownExtra(live: Kysely<Schema>, table: TableName, row: Row): Promise<boolean> {
  if (table === 'meta')
    return (
      [VAULT, CUT_OFF, ...SEALED_KEYS].some((name) => name === row.name) ||
      String(row.name).startsWith(LOGOUT_PREFIX)
    )
  if (table === 'hosting_keys') return row.agent === null
  if (table !== 'statuses') return false
  const jti = String(row.jti)
  const issued = await live.selectFrom('delegations').select('jti').where('jti', '=', jti).executeTakeFirst()
  return issued === undefined
}

async function* rowsOf({ db, table, key }: Side): AsyncGenerator<Row, undefined> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  let after: Row | null = null
  for (;;) {
    const values: unknown[] = key.map((column) => after?.[column] ?? null)
    const where = after === null ? sql`` : sql`where (${columns}) > (${sql.join(values)})`
    const page: { rows: Row[] } =
      await sql<Row>`select * from ${sql.table(table)} ${where} order by ${columns} limit ${PAGE}`.execute(db)
    yield* page.rows
    after = page.rows.at(-1) ?? null
    if (after === null || page.rows.length < PAGE) return undefined
  }
}

/** As the databases order: numbers by size, text by its UTF-8 bytes. */
function compareKeys(a: Row, b: Row, key: readonly string[]): number {
  for (const column of key) {
    const [left, right] = [a[column], b[column]]
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : compareText(String(left), String(right))
    if (order !== 0) return order
  }
  return 0
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  const [left, right] = [utf8(a), utf8(b)]
  const at = left.findIndex((byte, i) => byte !== right[i])
  return at < 0 ? left.length - right.length : (left[at] ?? -1) - (right[at] ?? -1)
}

function keyText(row: Row, key: readonly string[]): string {
  return key.map((column) => String(row[column])).join('/')
}
