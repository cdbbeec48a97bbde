/**
 * The accounting of disclosures: who used whose data, when, for what and by what ground, as receipts say it.
 * spec/consent.md (CNS-28, CNS-29). Invariant: a fold over receipts, and nothing else.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import type { Receipt } from '../log/receipt.ts'
import type { Schema } from '../ports/schema.ts'

/** @param entry index of the receipt */
export async function recordDisclosures(db: Kysely<Schema>, entry: number, receipt: Receipt): Promise<void> {
  const { basis } = receipt
  if (basis === undefined) return
  const call = receipt.kind === 'decision' ? receipt : basis.call
  const { agent = null, server = '', tool = '' } = call ?? {}
  const about = { entry, time_ms: parseRfc3339(receipt.time), agent, server, tool }
  const used = basis.used.map((one) => ({ ...one, reason: null }))
  const missing = basis.missing.map((one) => ({ ...one, basis: null }))
  const rows = [...used, ...missing].flatMap(({ subject, purpose, n, ...rest }, part) =>
    subject === null ? [] : [{ ...about, part, subject, purpose, basis: rest.basis, reason: rest.reason, n }],
  )
  if (rows.length > 0) await db.insertInto('disclosures').values(rows).execute()
}

export interface Disclosure extends Omit<Schema['disclosures'], 'part' | 'time_ms' | 'subject'> {
  readonly time: string
}

const LISTED_MAX = 10_000

/** The newest first, at most 10,000. */
export async function disclosuresOf(db: Kysely<Schema>, subject: string): Promise<Disclosure[]> {
  const rows = await db
    .selectFrom('disclosures')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('time_ms', 'desc')
    .orderBy('entry', 'desc')
    .orderBy('part')
    .limit(LISTED_MAX)
    .execute()
  return rows.map(({ part: _part, subject: _subject, time_ms, ...row }) => ({
    ...row,
    time: rfc3339(time_ms),
  }))
}
