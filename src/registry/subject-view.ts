/**
 * What a data subject, or whoever answers for their data, sees of them. spec/consent.md (CNS-29, CNS-31).
 * @module
 */
import type { Kysely } from 'kysely'
import { exportConsent, type ConsentExport } from '../core/consent-export.ts'
import type { ConsentRecord, Notice } from '../core/consent.ts'
import { rfc3339, seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import { consentsOf, isLive, type Consent } from './consents.ts'
import type { RegistryContext } from './context.ts'
import { findSubject, identifiersOf } from './data-subjects.ts'
import { disclosuresOf, type Disclosure } from './disclosures.ts'
import { findNotice } from './notices.ts'
import type { Identifier } from './subject-index.ts'
import { listRequests, type RequestView } from './subject-requests.ts'

export interface ConsentView {
  readonly id: string
  readonly record: ConsentRecord
  readonly proof: Consent['proof']
  /** Nobody but the operator says so (CNS-13). */
  readonly asserted: boolean
  readonly given: number
  readonly state: 'live' | 'withdrawn' | 'expired'
  /** Of one that lives: the purposes that were withdrawn. */
  readonly withdrawn: readonly string[]
  readonly notice: Notice
  readonly text: string | null
}

export interface ObjectionView {
  readonly entry: number
  readonly time: string
  /** Null: all of them. */
  readonly purposes: readonly string[] | null
}

export interface SubjectView {
  readonly subject: string
  readonly jurisdiction: string
  readonly identifiers: readonly (Identifier & { readonly entry: number })[]
  readonly hasPasskey: boolean
  readonly consents: readonly ConsentView[]
  readonly objections: readonly ObjectionView[]
  readonly disclosures: readonly Disclosure[]
  readonly requests: readonly RequestView[]
}

/** Consents of a subject. @param through the manager that gave them (CNS-41); null: all */
export async function consentsThrough(
  db: Kysely<Schema>,
  subject: string,
  through: string | null,
): Promise<Consent[]> {
  const all = await consentsOf(db, subject)
  return through === null ? all : all.filter(({ manager }) => manager === through)
}

/** What a link of a manager opens: the consents that it gave, and nothing else of the subject (CNS-41). */
export async function viewThrough(
  db: Kysely<Schema>,
  subject: string,
  through: string,
  now_ms: number,
): Promise<SubjectView> {
  const { jurisdiction } = await findSubject(db, subject)
  const given = await consentsThrough(db, subject, through)
  const consents = await Promise.all(given.map((one) => consentView(db, one, now_ms)))
  const nothing = { identifiers: [], hasPasskey: false, objections: [], disclosures: [], requests: [] }
  return { subject, jurisdiction, consents, ...nothing }
}

export async function consentView(db: Kysely<Schema>, one: Consent, now_ms: number): Promise<ConsentView> {
  const { id, record, proof, given, withdrawn } = one
  const { notice, text } = await findNotice(db, record.notice)
  const state = withdrawn === 'all' ? 'withdrawn' : isLive(one, seconds(now_ms)) ? 'live' : 'expired'
  const of = withdrawn === 'all' ? record.purposes : withdrawn
  return { id, record, proof, asserted: proof === 'imported', given, state, withdrawn: of, notice, text }
}

/** @throws {RegistryError} `UNKNOWN_DATA_SUBJECT` */
export async function viewSubject(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  subject: string,
  now_ms: number,
): Promise<SubjectView> {
  const { jurisdiction, credential } = await findSubject(db, subject)
  const objections = await db
    .selectFrom('withdrawals')
    .selectAll()
    .where('subject', '=', subject)
    .where('consent', 'is', null)
    .orderBy('entry')
    .execute()
  return {
    subject,
    jurisdiction,
    identifiers: await identifiersOf(ctx, db, subject),
    hasPasskey: credential !== null,
    consents: await Promise.all((await consentsOf(db, subject)).map((one) => consentView(db, one, now_ms))),
    objections: objections.map(({ entry, time_ms, purposes_json }) => ({
      entry,
      time: rfc3339(time_ms),
      purposes: JSON.parse(purposes_json) as string[] | null,
    })),
    disclosures: await disclosuresOf(db, subject),
    requests: await listRequests(ctx, db, { subject, now_ms }),
  }
}

/** CNS-31. @param withdrawal where and how the subject withdraws */
export async function exportOf(
  db: Kysely<Schema>,
  { id, record, manager }: Consent,
  now_ms: number,
  withdrawal: string,
): Promise<ConsentExport> {
  const { notice } = await findNotice(db, record.notice)
  const rows = await db
    .selectFrom('withdrawals')
    .select(['time_ms', 'purposes_json'])
    .where('consent', '=', id)
    .orderBy('entry')
    .execute()
  const withdrawals = rows.map(({ time_ms, purposes_json }) => ({
    time_ms,
    purposes: JSON.parse(purposes_json) as string[] | null,
  }))
  return exportConsent({ record, notice, manager, withdrawals, now_ms, withdrawal })
}
