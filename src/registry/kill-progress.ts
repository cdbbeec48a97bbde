/**
 * What became of a kill: which points began to deny, and when, from their own receipts; and the kills that were. spec/kill.md
 * (KIL-18). Read from the log alone, as the report of a drill is.
 * @module
 */
import type { Kysely } from 'kysely'
import { fromUtf8 } from '../core/encoding.ts'
import { parseJson } from '../core/json.ts'
import { parseRfc3339 } from '../core/time.ts'
import { KILL_CALL } from '../log/drill-report.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store } from '../ports/store.ts'
import { signedKillSchema, type SignedKill } from '../revoke/statement.ts'
import { liftOf, pointsAt } from './drill-evidence.ts'
import { RegistryError } from './errors.ts'

/** Entries after a kill in which its denials are looked for: they come within the bound, and somebody waits for the answer. */
const AFTER = 20_000
const READ_MAX = 1_000
/** Points that are named; all are counted. */
const POINTS_MAX = 500
const HISTORY_MAX = 100

export interface PastKill {
  readonly statement: SignedKill
  readonly entry: number
  /** When it came into the log, milliseconds. */
  readonly at: number
  /** Whose gesture pulled it; null: signed outside (KIL-13), or its entry was pruned. */
  readonly by_person: string | null
  readonly lift: { id: string; at: string; people_n: number } | null
}

export interface KillProgress extends PastKill {
  readonly points_n: number
  readonly answered_n: number
  /** Those that did not answer first, then the slowest. Times from the entry of the kill, by the clock of the point. */
  readonly points: { point: string; name: string; denied_ms: number | null }[]
}

/** The latest first. */
export async function killHistory(db: Kysely<Schema>): Promise<PastKill[]> {
  const rows = await killRows(db).orderBy('statements.entry', 'desc').limit(HISTORY_MAX).execute()
  return Promise.all(rows.map((row) => pastOf(db, row, Number.MAX_SAFE_INTEGER)))
}

function killRows(db: Kysely<Schema>) {
  return db
    .selectFrom('statements')
    .innerJoin('entries', 'entries.idx', 'statements.entry')
    .select(['statements.entry', 'statement_json', 'bytes'])
    .where('kind', '=', 'kill')
}

async function pastOf(
  db: Kysely<Schema>,
  row: { readonly entry: number; readonly statement_json: string; readonly bytes: Uint8Array },
  size: number,
): Promise<PastKill> {
  const statement = signedKillSchema.parse(parseJson(row.statement_json))
  const lift = await liftOf(db, statement.kill.id, size)
  const entry = row.bytes.length === 0 ? null : decodeEntry(row.bytes)
  const at = entry === null ? statement.kill.t : parseRfc3339(entry.time)
  const by_person = entry?.type === 'kill.pulled' ? (entry.body.act?.person ?? null) : null
  return { statement, entry: row.entry, at, by_person, lift }
}

/** @throws {RegistryError} `UNKNOWN_KILL` */
export async function killProgress(store: Store, id: string): Promise<KillProgress> {
  const size = await store.entries.size()
  const found = await store.query(async (db) => {
    const row = await killRows(db).where('name', '=', id).executeTakeFirst()
    if (row === undefined) throw new RegistryError('UNKNOWN_KILL', 'no such kill')
    const past = await pastOf(db, row, size)
    const points = await pointsAt(db, past.statement.kill.scope, id, row.entry)
    const names = await db.selectFrom('points').select(['id', 'name']).execute()
    return { past, points, names: new Map(names.map((point) => [point.id, point.name])) }
  })
  const { past, points, names } = found
  const denied = await denials(store, id, { from: past.entry, size, of: new Set(points) })
  const rows = points.map((point) => {
    const at = denied.get(point)
    return { point, name: names.get(point) ?? point, denied_ms: at === undefined ? null : at - past.at }
  })
  rows.sort((a, b) => (b.denied_ms ?? Infinity) - (a.denied_ms ?? Infinity) || (a.point < b.point ? -1 : 1))
  return { ...past, points_n: rows.length, answered_n: denied.size, points: rows.slice(0, POINTS_MAX) }
}

/** When each point recorded that it denies, milliseconds. */
async function denials(
  store: Store,
  kill: string,
  { from, size, of }: { readonly from: number; readonly size: number; readonly of: ReadonlySet<string> },
): Promise<ReadonlyMap<string, number>> {
  const denied = new Map<string, number>()
  const end = Math.min(size, from + AFTER)
  for (let at = from + 1; at < end && denied.size < of.size; at += READ_MAX)
    for (const bytes of await store.entries.read(at, Math.min(end, at + READ_MAX))) {
      if (!fromUtf8(bytes).includes(kill)) continue // most entries are about something else
      const entry = decodeEntry(bytes)
      if (entry.type !== 'receipt' || entry.body.kind !== 'decision') continue
      const { point, tool, time, kill: by } = entry.body
      if (tool === KILL_CALL && by === kill && of.has(point) && !denied.has(point))
        denied.set(point, parseRfc3339(time))
    }
  return denied
}
