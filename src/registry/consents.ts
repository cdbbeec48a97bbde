/**
 * Consents: given, and taken back. spec/consent.md (CNS-12 to CNS-15).
 * Invariants: a consent is given once, within a notice that was approved and with a proof that verifies; a withdrawal
 * commits with its frames and is never refused because of a state.
 * @module
 */
import type { Kysely } from 'kysely'
import {
  consentRecordSchema,
  CONSENTS_MAX,
  handleFor,
  type ConsentProof,
  type ConsentRecord,
} from '../core/consent.ts'
import type { PublicJwk } from '../core/crypto.ts'
import { termName } from '../core/dpv.ts'
import { isId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { seconds } from '../core/time.ts'
import { withdrawalOf } from '../core/withdrawal.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { givingFault, type GivingFault } from '../token/giving.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { findSubject, markChanged } from './data-subjects.ts'
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

/** What to do about each. */
const WHY: Readonly<Record<GivingFault, string>> = {
  TERM_UNKNOWN: 'a purpose or a category is no term of DPV 2.3: see "countersign consent terms"',
  UNKNOWN_NOTICE: 'this notice waits for its approval',
  NOTICE_MISMATCH: 'the notice is in another language, or for another jurisdiction',
  PURPOSE_OUTSIDE_NOTICE: 'the notice does not speak of one of the purposes',
  CATEGORY_OUTSIDE_NOTICE: 'the notice does not speak of one of the categories',
  CONSENT_EXPIRED: 'it has expired, or lasts longer than ten years',
  CONDITION_MISSING: 'special categories of data take an explicit consent here',
  PARENT_MISSING: "a child's consent is given by a parent or a guardian",
  MINOR_PROFILING: 'nobody consents to the profiling of a child here',
  CONSENT_SUBJECT_MISMATCH:
    'the data subject is under another jurisdiction, or this is not the passkey that they have here',
  CONSENT_REPLAYED: 'a consent with this identifier or handle was given before: each has new ones',
  CONSENT_STALE: 'given_at is not the time now: make the record anew',
  CONSENT_PROOF_INVALID:
    'the gesture is not the subject’s, or the signature not the manager’s, over this record',
  UNKNOWN_MANAGER: 'no such consent manager stands',
}

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
    const { id, jurisdiction, ...own } = await findSubject(tx.db, record.subject)
    const { notice, status } = await findNotice(tx.db, record.notice)
    const passkey =
      own.credential === null || own.registration === null
        ? null
        : { jwk: own.credential, registration: own.registration }
    const manager = proving.type === 'manager' ? await findStanding(tx.db, proving.manager) : null
    const proof = proofOf(record, proving, passkey)
    const giving = {
      crypto: ctx.crypto,
      rp: ctx.rp,
      now_s: seconds(tx.now),
      subject: { id, jurisdiction, passkey },
      notice: status === 'approved' ? notice : null,
      isKnown: await isKnown(tx.db, record),
      manager: () => manager,
    }
    const fault = givingFault(giving, record, proof)
    if (fault !== null) throw new RegistryError(fault, WHY[fault])
    await assertRoom(tx, id)
    const entry = await tx.append({ type: 'consent.given', actor, subject: id, body: { record, proof } })
    await insertConsent(tx.db, record, proof, entry)
    return { consent: record.consent, entry }
  })
}

/** As it stands in the log. */
function proofOf(
  record: ConsentRecord,
  proving: Proving,
  passkey: { readonly jwk: PublicJwk; readonly registration: number } | null,
): ConsentProof {
  if (proving.type !== 'passkey') return proving
  if (passkey === null)
    throw new RegistryError('CONSENT_SUBJECT_MISMATCH', 'this data subject has no passkey here')
  const gesture = { rev: record.rev, role: 'principal' as const, ...passkey, ...proving.parts }
  return { type: 'passkey', gesture }
}

async function assertRoom(tx: Tx, subject: string): Promise<void> {
  const now_s = seconds(tx.now)
  const live = (await consentsOf(tx.db, subject)).filter((one) => isLive(one, now_s))
  if (live.length >= CONSENTS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `${CONSENTS_MAX} consents of this subject live: withdraw one`)
}

async function isKnown(db: Kysely<Schema>, { consent, rev }: ConsentRecord): Promise<boolean> {
  const there = await db
    .selectFrom('consents')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', consent), eb('rev', '=', rev)]))
    .executeTakeFirst()
  const person = await db.selectFrom('people').select('id').where('rev', '=', rev).executeTakeFirst()
  return there !== undefined || person !== undefined || !isId(consent, 'cns') || !isId(rev, 'rev')
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
  const of = withdrawalOf({ purposes: record.purposes, withdrawn }, purposes)
  if ('outside' in of)
    throw new RegistryError('PURPOSE_OUTSIDE_CONSENT', `it was not given for ${termName(of.outside)}`)
  const said = of.purposes
  // A frame that no entry speaks of would be one that nobody can explain (CNS-32).
  const isNew = withdrawn !== 'all' && (said === null || said.some((one) => !withdrawn.includes(one)))
  if (isNew) {
    const body = { consent, rev: record.rev, purposes: said === null ? null : [...said], by }
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
