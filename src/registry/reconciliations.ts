/**
 * What sources that are not ours say of the items of a test: handed in as CSV, kept sealed, committed to in the log.
 * spec/sources.md (RCN-1, RCN-2). Invariant: nothing of a CSV stands in an entry but the names of its columns.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseCsv } from '../core/csv.ts'
import { newId } from '../core/ids.ts'
import { canonicalBytes } from '../core/json.ts'
import { commitTo } from '../log/commitment.ts'
import { decodeEntry, type EntryBody } from '../log/entries.ts'
import {
  SOURCE_CHARS_MAX,
  SOURCE_KEYS,
  SOURCE_LIMITS,
  type SourceUpload,
} from '../log/reconciliation-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, openingOf } from './personal.ts'

/** A value with its salt, as the vault seals it: what reading one back allows. */
const SEALED_BYTES_MAX = 4 * 1024 * 1024
const LISTED_MAX = 1000

type Uploaded = EntryBody<'reconciliation.uploaded'>

/**
 * @param csv with a header
 * @throws {RegistryError} `NOT_ENDORSED`, `SOURCE_INVALID`, `LIMIT_EXCEEDED`; {CoreError} `CSV_INVALID`, with the line
 */
export function uploadSource(
  ctx: RegistryContext,
  person: string,
  upload: SourceUpload,
  csv: string,
): Promise<{ id: string; entry: number; rows_n: number }> {
  const { columns, rows_n } = readSource(upload, csv)
  const content = commitTo(ctx.crypto, csv)
  if (csv.length > SOURCE_CHARS_MAX || canonicalBytes(content.opening).length > SEALED_BYTES_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', 'the CSV is too large: hand it in by shorter periods')
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const id = newId(ctx.crypto, 'rcn', tx.now)
    const entry = await tx.append({
      type: 'reconciliation.uploaded',
      actor: personActor(person),
      subject: id,
      body: { ...upload, columns: [...columns], rows_n },
      commitments: { content: content.commitment },
    })
    await fileUnder(tx, { id, owner: null, first: entry })
    await keep(ctx, tx, id, 'content', content)
    return { id, entry, rows_n }
  })
}

/**
 * What a source said, for a comparison whose results have none of it (RCN-4, RCN-5): handed to nobody, so not logged.
 * @param index of its entry
 * @returns null: it was erased, or the entry is no such upload
 */
export function uploadedContent(
  { store, vault }: Pick<RegistryContext, 'store' | 'vault'>,
  index: number,
): Promise<{ readonly csv: string; readonly salt: string } | null> {
  return store.query(async (db) => {
    const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
    const entry = row && decodeEntry(row.bytes)
    if (entry?.type !== 'reconciliation.uploaded') return null
    const found = await openingOf({ vault }, db, entry.commitments?.['content'] ?? '')
    if (found === null || !('value' in found.opening) || typeof found.opening.value !== 'string') return null
    return { csv: found.opening.value, salt: found.opening.salt }
  })
}

function readSource(upload: SourceUpload, csv: string): { columns: readonly string[]; rows_n: number } {
  const { test, key, column, scope, from, to } = upload
  const known = Object.entries(SOURCE_KEYS).find(([number]) => Number(number) === test)?.[1]
  if (known === undefined)
    throw invalid(
      `test ${test} is not compared with a source: those are ${Object.keys(SOURCE_KEYS).join(', ')}`,
    )
  const { keys, scopes }: { keys: readonly string[]; scopes: readonly string[] } = known
  if (!keys.includes(key)) throw invalid(`items of test ${test} are found by ${keys.join(' or ')}`)
  if (scope !== null && !scopes.includes(scope.member))
    throw invalid(`a source of test ${test} is narrowed by ${scopes.join(', ') || 'nothing'}`)
  if (!(Date.parse(from) < Date.parse(to))) throw invalid('its period ends before it starts')
  const { columns, rows } = parseCsv(csv, SOURCE_LIMITS)
  if (columns.some((name) => name.length > 128)) throw invalid('a name of a column has over 128 characters')
  const at = columns.indexOf(column)
  if (at < 0) throw invalid('the CSV has no such column')
  const empty = rows.findIndex((cells) => cells[at] === '')
  if (empty >= 0) throw invalid(`row ${empty + 1} has no key`)
  return { columns, rows_n: rows.length }
}

function invalid(why: string): RegistryError {
  return new RegistryError('SOURCE_INVALID', why)
}

export interface UploadedSource extends Uploaded {
  readonly id: string
  readonly entry: number
  readonly time: string
  readonly person: string
}

/** The latest first. */
export async function listSources(db: Kysely<Schema>): Promise<UploadedSource[]> {
  const rows = await db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('type', '=', 'reconciliation.uploaded')
    .orderBy('idx', 'desc')
    .limit(LISTED_MAX)
    .execute()
  return rows.flatMap(({ idx, bytes }) => {
    const entry = decodeEntry(bytes)
    if (entry.type !== 'reconciliation.uploaded') return []
    return [{ id: entry.subject ?? '', entry: idx, time: entry.time, person: entry.actor.id, ...entry.body }]
  })
}
