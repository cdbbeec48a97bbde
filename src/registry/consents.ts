/**
 * Consents: given, and taken back. spec/consent.md (CNS-12 to CNS-15).
 * Invariants: a consent is given once, within a notice that was approved and with a proof that verifies; a withdrawal
 * commits with its frames and is never refused because of a state.
 * @module
 */
import type { Kysely } from 'kysely'
import {
  CONSENT_TAG,
  consentFault,
  consentRecordSchema,
  CONSENTS_MAX,
  giveAct,
  GIVEN_AGE_MAX_S,
  handleFor,
  type ConsentProof,
  type ConsentRecord,
} from '../core/consent.ts'
import { profiles, purposeCovers, termName } from '../core/dpv.ts'
import { isId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { reaches } from '../core/jurisdiction.ts'
import { verifyTagged } from '../core/sign.ts'
import { seconds } from '../core/time.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { findSubject, markChanged, type DataSubject } from './data-subjects.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import { findStanding } from './managers.ts'
import { findNotice } from './notices.ts'
import { endDelegationsOn } from './statuses.ts'

type Imported = Extract<ConsentProof, { type: 'imported' }>
/** What proves it, as it comes; whose passkey it was comes from the register. */
export type Proving =
  | { readonly type: 'passkey'; readonly parts: GestureParts }
  | { readonly type: 'manager'; readonly manager: string; readonly sig: string }
  | Imported

export type WithdrawnBy = EntryBody<'consent.withdrawn'>['by']

/** Of {@link consentFault}: what to do about it. */
const WHY = {
  TERM_UNKNOWN: 'a purpose or a category is no term of DPV 2.3: see "countersign consent terms"',
  NOTICE_MISMATCH: 'the notice is in another language, or for another jurisdiction',
  PURPOSE_OUTSIDE_NOTICE: 'the notice does not speak of one of the purposes',
  CATEGORY_OUTSIDE_NOTICE: 'the notice does not speak of one of the categories',
  CONSENT_EXPIRED: 'it has expired, or lasts longer than ten years',
  CONDITION_MISSING: 'special categories of data take an explicit consent here',
  PARENT_MISSING: "a child's consent is given by a parent or a guardian",
} as const

/**
 * @throws {RegistryError} the codes of CNS-12 to CNS-14; `UNKNOWN_DATA_SUBJECT`, `UNKNOWN_NOTICE`, `UNKNOWN_MANAGER`
 */
export function giveConsent(
  ctx: RegistryContext,
  actor: Actor,
  record: ConsentRecord,
  proving: Proving,
): Promise<{ consent: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    const subject = await findSubject(tx.db, record.subject)
    await assertRecord(tx, subject, record)
    const proof = await proofOf(ctx, tx, subject, { record, proving })
    const entry = await tx.append({
      type: 'consent.given',
      actor,
      subject: subject.id,
      body: { record, proof },
    })
    await insertConsent(tx.db, record, proof, entry)
    return { consent: record.consent, entry }
  })
}

async function assertRecord(tx: Tx, subject: DataSubject, record: ConsentRecord): Promise<void> {
  const now_s = seconds(tx.now)
  const { notice, status } = await findNotice(tx.db, record.notice)
  if (status !== 'approved') throw new RegistryError('UNKNOWN_NOTICE', 'this notice waits for its approval')
  if (record.jurisdiction !== subject.jurisdiction)
    throw new RegistryError('CONSENT_SUBJECT_MISMATCH', 'the data subject is under another jurisdiction')
  const fault = consentFault(record, notice, now_s)
  if (fault !== null) throw new RegistryError(fault, WHY[fault])
  if (record.minor !== undefined && reaches('IN', record.jurisdiction) && record.purposes.some(profiles))
    throw new RegistryError('MINOR_PROFILING', 'nobody consents to the profiling of a child here')
  await assertNew(tx.db, record)
  const live = (await consentsOf(tx.db, subject.id)).filter((one) => isLive(one, now_s))
  if (live.length >= CONSENTS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `${CONSENTS_MAX} consents of this subject live: withdraw one`)
}

async function assertNew(db: Kysely<Schema>, { consent, rev }: ConsentRecord): Promise<void> {
  const there = await db
    .selectFrom('consents')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', consent), eb('rev', '=', rev)]))
    .executeTakeFirst()
  const person = await db.selectFrom('people').select('id').where('rev', '=', rev).executeTakeFirst()
  if (there !== undefined || person !== undefined || !isId(consent, 'cns') || !isId(rev, 'rev'))
    throw new RegistryError(
      'CONSENT_REPLAYED',
      'a consent with this identifier or handle was given before: each has new ones',
    )
}

async function proofOf(
  ctx: RegistryContext,
  tx: Tx,
  subject: DataSubject,
  { record, proving }: { readonly record: ConsentRecord; readonly proving: Proving },
): Promise<ConsentProof> {
  const away_s = seconds(tx.now) - record.given_at
  if (proving.type === 'imported') {
    if (away_s < -GIVEN_AGE_MAX_S) throw stale()
    return proving
  }
  if (Math.abs(away_s) > GIVEN_AGE_MAX_S) throw stale()
  if (proving.type === 'manager') {
    const { jwk, jurisdiction } = await findStanding(tx.db, proving.manager)
    const isSigned = verifyTagged(ctx.crypto, jwk, CONSENT_TAG, record, proving.sig)
    if (!isSigned || !reaches(jurisdiction, record.jurisdiction))
      throw new RegistryError(
        'CONSENT_PROOF_INVALID',
        'the signature is not one of this manager over this record',
      )
    return proving
  }
  const { credential, registration } = subject
  if (credential === null || registration === null)
    throw new RegistryError('CONSENT_SUBJECT_MISMATCH', 'this data subject has no passkey here')
  const gesture = {
    rev: record.rev,
    role: 'principal' as const,
    jwk: credential,
    registration,
    ...proving.parts,
  }
  const fault = gestureFault(ctx.crypto, ctx.rp, challengeOf(ctx.crypto, ACT_TAG, giveAct(record)), gesture)
  if (fault !== null)
    throw new RegistryError('CONSENT_PROOF_INVALID', `not the subject's gesture over this record: ${fault}`)
  return { type: 'passkey', gesture }
}

function stale(): RegistryError {
  return new RegistryError('CONSENT_STALE', 'given_at is not the time now: make the record anew')
}

export async function insertConsent(
  db: Kysely<Schema>,
  record: ConsentRecord,
  proof: ConsentProof,
  given: number,
): Promise<void> {
  const { consent, subject, rev, notice, expires } = record
  const manager = proof.type === 'manager' ? proof.manager : null
  const said = { record_json: canonicalize(record), proof: proof.type, manager, given, expires }
  await db
    .insertInto('consents')
    .values({ id: consent, subject, rev, notice, ...said, withdrawn_json: '[]' })
    .execute()
  await markChanged(db, subject, given)
}

export interface Consent {
  readonly id: string
  readonly record: ConsentRecord
  readonly proof: Schema['consents']['proof']
  readonly manager: string | null
  /** Index of the `consent.given` entry. */
  readonly given: number
  /** Purposes that were withdrawn, or all of it. */
  readonly withdrawn: readonly string[] | 'all'
}

/** Whether something of it can still be used. */
export function isLive({ record, withdrawn }: Pick<Consent, 'record' | 'withdrawn'>, now_s: number): boolean {
  return withdrawn !== 'all' && record.expires > now_s
}

/** In the order in which they were given. */
export async function consentsOf(db: Kysely<Schema>, subject: string): Promise<Consent[]> {
  const rows = await db
    .selectFrom('consents')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('given')
    .execute()
  return rows.map(consentOf)
}

/** @throws {RegistryError} `UNKNOWN_CONSENT` */
export async function findConsent(db: Kysely<Schema>, id: string): Promise<Consent> {
  const row = await db.selectFrom('consents').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_CONSENT', 'no such consent')
  return consentOf(row)
}

export function consentOf({
  id,
  record_json,
  proof,
  manager,
  given,
  withdrawn_json,
}: Schema['consents']): Consent {
  const record = consentRecordSchema.parse(parseJson(record_json))
  return { id, record, proof, manager, given, withdrawn: JSON.parse(withdrawn_json) as Consent['withdrawn'] }
}

export interface Withdrawal {
  readonly consent: string
  /** Null: all of them. */
  readonly purposes: readonly string[] | null
  readonly by: WithdrawnBy
  readonly reason: string
}

/** Idempotent. @throws {RegistryError} `UNKNOWN_CONSENT`; `PURPOSE_OUTSIDE_CONSENT`: it never was for one of the purposes */
export function withdrawConsent(
  ctx: RegistryContext,
  actor: Actor,
  withdrawal: Withdrawal,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write((tx) => withdrawTx(ctx, tx, actor, withdrawal))
}

/** In the caller's transaction. @returns the frames, new or earlier */
export async function withdrawTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  { consent, purposes, by, reason }: Withdrawal,
): Promise<readonly SignedFrame[]> {
  const { record, withdrawn } = await findConsent(tx.db, consent)
  const outside = purposes?.find((one) => !record.purposes.some((broad) => purposeCovers(broad, one)))
  if (outside !== undefined)
    throw new RegistryError('PURPOSE_OUTSIDE_CONSENT', `it was not given for ${termName(outside)}`)
  const isAll =
    purposes === null ||
    withdrawn === 'all' ||
    record.purposes.every((one) => [...purposes, ...withdrawn].includes(one))
  const said = isAll ? null : [...new Set(purposes)].sort()
  // A frame that no entry speaks of would be one that nobody can explain (CNS-32).
  const isNew = withdrawn !== 'all' && (said === null || said.some((one) => !withdrawn.includes(one)))
  if (isNew) {
    const body = { consent, rev: record.rev, purposes: said, by }
    const entry = await tx.append({ type: 'consent.withdrawn', actor, subject: record.subject, body })
    await recordWithdrawal(tx.db, {
      entry,
      time_ms: tx.now,
      subject: record.subject,
      consent,
      purposes: said,
    })
  }
  const frames: SignedFrame[] = []
  for (const purpose of said ?? [null]) {
    const handle = handleFor(ctx.crypto, record.rev, purpose)
    frames.push(await appendFrame(ctx, tx, actor, { kind: 'consent', handle, reason, target: consent }))
  }
  return frames
}

export interface RecordedWithdrawal {
  readonly entry: number
  readonly time_ms: number
  readonly subject: string
  /** Null: an objection. */
  readonly consent: string | null
  readonly purposes: readonly string[] | null
}

/** The rows of a withdrawal or an objection. */
export async function recordWithdrawal(db: Kysely<Schema>, withdrawal: RecordedWithdrawal): Promise<void> {
  const { purposes, ...row } = withdrawal
  const { consent, subject, entry } = row
  await db
    .insertInto('withdrawals')
    .values({ ...row, purposes_json: canonicalize(purposes === null ? null : [...purposes]) })
    .execute()
  if (consent === null) return
  const { withdrawn, record } = await findConsent(db, consent)
  const all =
    purposes === null || withdrawn === 'all' ? 'all' : [...new Set([...withdrawn, ...purposes])].sort()
  await db
    .updateTable('consents')
    .set({ withdrawn_json: JSON.stringify(all) })
    .where('id', '=', consent)
    .execute()
  if (all === 'all') await endDelegationsOn(db, record.rev)
  await markChanged(db, subject, entry)
}
