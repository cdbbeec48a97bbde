/** The register of consents: all of them, by pseudonym, the latest first. spec/consent.md (CNS-44). @module */
import type { Kysely } from 'kysely'
import type { Notice } from '../core/consent.ts'
import { seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import { consentOf } from './consents.ts'
import { consentView, type ConsentView } from './subject-view.ts'

/** Of one page. */
export const CONSENTS_LISTED_MAX = 200

export interface ConsentFilter {
  readonly state?: ConsentView['state']
  readonly notice?: string
  /** Those that an entry below it gave: the page behind. */
  readonly before?: number
}

export type ListedConsent = Pick<ConsentView, 'id' | 'proof' | 'asserted' | 'given' | 'state'> & {
  readonly subject: string
  readonly notice: Pick<Notice, 'name' | 'version'> & { readonly id: string }
  readonly purposes: readonly string[]
  /** Those of them that were withdrawn. */
  readonly withdrawn: readonly string[]
  /** Seconds since 1970. */
  readonly given_at: number
  readonly expires: number
}

const ALL = '"all"'

export async function listAllConsents(
  db: Kysely<Schema>,
  { state, notice, before }: ConsentFilter,
  now_ms: number,
): Promise<ListedConsent[]> {
  const now_s = seconds(now_ms)
  let query = db.selectFrom('consents').selectAll().orderBy('given', 'desc').limit(CONSENTS_LISTED_MAX)
  if (notice !== undefined) query = query.where('notice', '=', notice)
  if (before !== undefined) query = query.where('given', '<', before)
  if (state === 'withdrawn') query = query.where('withdrawn_json', '=', ALL)
  else if (state !== undefined)
    query = query.where('withdrawn_json', '<>', ALL).where('expires', state === 'live' ? '>' : '<=', now_s)
  const rows = await query.execute()
  return Promise.all(
    rows.map(async (row) => {
      const { notice: told, record, ...view } = await consentView(db, consentOf(row), now_ms)
      const { id, proof, asserted, given, withdrawn } = view
      const { subject, purposes, given_at, expires } = record
      const own = { subject, purposes, withdrawn, given_at, expires }
      const { name, version } = told
      return {
        id,
        proof,
        asserted,
        given,
        state: view.state,
        ...own,
        notice: { id: row.notice, name, version },
      }
    }),
  )
}
