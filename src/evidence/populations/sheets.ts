/**
 * What was handed in of sources that are not ours, as a pack has it: read, held against its commitment, and its keys
 * taken out. spec/sources.md (RCN-4).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { parseCsv } from '../../core/csv.ts'
import { fromUtf8 } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { commitmentOf } from '../../log/commitment.ts'
import type { Entry } from '../../log/entries.ts'
import { SOURCE_LIMITS } from '../../log/reconciliation-bodies.ts'
import type { History } from '../history.ts'
import type { Period } from './definition.ts'
import type { Indexed } from '../records.ts'

export type LoggedUpload = Indexed<Entry<'reconciliation.uploaded'>>

/** The keys of one upload, row by row. */
export interface Sheet {
  readonly upload: LoggedUpload
  readonly keys: readonly string[]
}

/** Where a pack holds it. */
export function sourceFile(id: string): string {
  return `sources/${id}.csv`
}

export function uploadsIn({ governance }: History): LoggedUpload[] {
  return governance.filter((one): one is LoggedUpload => one.entry.type === 'reconciliation.uploaded')
}

/** One that covers more than the period says nothing of the period alone. */
export function isWithin({ entry: { body } }: LoggedUpload, { from_ms, to_ms }: Period): boolean {
  return Date.parse(body.from) >= from_ms && Date.parse(body.to) <= to_ms
}

/** Subjects whose values were erased. */
export function erasedSubjects({ erasures }: History): ReadonlySet<string> {
  return new Set(
    erasures.filter(({ entry }) => entry.type === 'subject.erased').map(({ entry }) => entry.subject ?? ''),
  )
}

/** Those that a pack of the period has: of what was erased there is nothing to have. */
export function uploadsOf(history: History, period: Period): LoggedUpload[] {
  const erased = erasedSubjects(history)
  return uploadsIn(history).filter(
    (upload) => isWithin(upload, period) && !erased.has(upload.entry.subject ?? ''),
  )
}

/** @returns null: it is not what the entry commits to, or no such CSV */
export function sheetOf(crypto: Crypto, upload: LoggedUpload, bytes: Uint8Array, salt: string): Sheet | null {
  const { body, commitments } = upload.entry
  try {
    const value = fromUtf8(bytes)
    if (commitmentOf(crypto, { salt, value }) !== commitments?.['content']) return null
    const { columns, rows } = parseCsv(value, SOURCE_LIMITS)
    const at = columns.indexOf(body.column)
    return at < 0 ? null : { upload, keys: rows.map((cells) => cells[at] ?? '') }
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
    return null
  }
}
