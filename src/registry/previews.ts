/**
 * Auditors' previews: proposed, granted by a gesture, held by a key or a passkey, and over. spec/preview.md (PRV-1 to PRV-6).
 *
 *   waiting --grant--> granted --revoke, or its time comes--> over
 *
 * Invariants: nobody holds one that a second person did not grant; a holder has no other power here.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import type { Holder, PreviewScope } from '../log/preview-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type RegistryContext } from './context.ts'
import type { Credential } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { newSecret, secretHash } from './invitations.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, namesOf } from './personal.ts'
import {
  auditorActor,
  changePreview,
  findPreview,
  insertPreview,
  scopeOf,
  setHolder,
  type PreviewRow,
} from './preview-rows.ts'

/** Longer than any engagement takes. */
const EXPIRES_MAX_MS = 400 * 86_400_000
/** In force, or waiting. */
const PREVIEWS_MAX = 64
/** PRV-3: an auditor is not at the desk of who invites. */
export const PREVIEW_INVITATION_MS = 3 * 86_400_000

export interface PreviewInput extends PreviewScope {
  readonly auditor: string
  readonly firm: string
}

/** @throws {RegistryError} `NOT_ENDORSED`, `PREVIEW_INVALID`, `LIMIT_EXCEEDED` */
export function proposePreview(
  ctx: RegistryContext,
  person: string,
  { auditor, firm, ...asked }: PreviewInput,
): Promise<{ preview: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const body = checkedScope(asked, tx.now)
    await assertPreviewRoom(tx)
    const id = newId(ctx.crypto, 'prv', tx.now)
    const named = { auditor: commitTo(ctx.crypto, auditor), firm: commitTo(ctx.crypto, firm) }
    const commitments = { auditor: named.auditor.commitment, firm: named.firm.commitment }
    const actor = personActor(person)
    const proposal = await tx.append({ type: 'preview.proposed', actor, subject: id, body, commitments })
    await fileUnder(tx, { id, owner: null, first: proposal })
    await keep(ctx, tx, id, 'auditor', named.auditor)
    await keep(ctx, tx, id, 'firm', named.firm)
    const row = {
      id,
      proposer: person,
      proposal,
      auditor_commit: commitments.auditor,
      firm_commit: commitments.firm,
    }
    await insertPreview(tx.db, row, body)
    return { preview: id, proposal }
  })
}

/** Times as entries have them, criteria in order. */
function checkedScope({ period, criteria, expires }: PreviewScope, now_ms: number): PreviewScope {
  const [from_ms, to_ms, expires_ms] = [period.from, period.to, expires].map(timeOf)
  if (from_ms === undefined || to_ms === undefined || expires_ms === undefined)
    throw new RegistryError('PREVIEW_INVALID', 'a preview has a period and a time at which it expires')
  if (from_ms >= to_ms) throw new RegistryError('PREVIEW_INVALID', 'the period must end after it starts')
  if (expires_ms <= now_ms || expires_ms > now_ms + EXPIRES_MAX_MS)
    throw new RegistryError('PREVIEW_INVALID', 'it expires later than now, and within 400 days')
  if (new Set(criteria).size < criteria.length)
    throw new RegistryError('PREVIEW_INVALID', 'a criterion is named once')
  return {
    period: { from: rfc3339(from_ms), to: rfc3339(to_ms) },
    criteria: [...criteria].sort(),
    expires: rfc3339(expires_ms),
  }
}

function timeOf(text: string): number {
  try {
    return parseRfc3339(text)
  } catch (cause) {
    throw new RegistryError('PREVIEW_INVALID', 'times are RFC 3339 UTC, such as 2026-03-01T00:00:00Z', {
      cause,
    })
  }
}

async function assertPreviewRoom({ db, now }: Pick<Tx, 'db' | 'now'>): Promise<void> {
  const open = await db
    .selectFrom('previews')
    .select('id')
    .where('status', '!=', 'revoked')
    .where('expires', '>', now)
    .execute()
  if (open.length >= PREVIEWS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `${PREVIEWS_MAX} previews are in force or wait: revoke one`)
}

/** PRV-2. */
export const previewGrant: ApprovalTerms<'preview.granted'> = {
  type: 'preview.granted',
  notOwn: 'who proposed a preview does not grant it: ask another person',
  async find({ db, now }, { id }, approver) {
    const row = await findPreview(db, id)
    if (row.status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `this preview is ${row.status}`)
    if (row.expires <= now) throw expired()
    const { period, criteria, expires } = scopeOf(row)
    const scope = { period, criteria, expires }
    const act = { act: 'preview.grant', preview: id, proposal: row.proposal, ...scope, approver } as const
    return { act, askedBy: [row.proposer] }
  },
  async settle(tx, { key: { id }, approval }) {
    await changePreview(tx.db, id, { status: 'granted', approval })
  },
}

function expired(): RegistryError {
  return new RegistryError('PREVIEW_EXPIRED', 'this preview is over: ask the company for another one')
}

/** PRV-6. @throws {RegistryError} `UNKNOWN_PREVIEW`, `PREVIEW_REVOKED`, `PREVIEW_EXPIRED` */
export async function findInForce({ db, now }: Pick<Tx, 'db' | 'now'>, id: string): Promise<PreviewRow> {
  const row = await findPreview(db, id)
  if (row.status === 'revoked')
    throw new RegistryError('PREVIEW_REVOKED', 'the company has ended this preview')
  if (row.expires <= now) throw expired()
  if (row.status === 'waiting')
    throw new RegistryError('STATE_CONFLICT', 'nobody has granted this preview yet')
  return row
}

/** @throws {RegistryError} as {@link findInForce}, `NOT_ENDORSED` */
export function inviteAuditor(
  ctx: RegistryContext,
  person: string,
  preview: string,
): Promise<{ secret: string; expires: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await findInForce(tx, preview)
    await tx.db.deleteFrom('preview_invitations').where('preview', '=', preview).execute()
    const secret = newSecret(ctx.crypto)
    const expires = Math.min(tx.now + PREVIEW_INVITATION_MS, row.expires)
    const invitation = { secret_hash: secretHash(ctx.crypto, secret), preview, expires }
    await tx.db.insertInto('preview_invitations').values(invitation).execute()
    await tx.append({ type: 'preview.invited', actor: personActor(person), subject: preview, body: {} })
    return { secret, expires }
  })
}

/** What the registration of a passkey is over. @param hash of the invitation's secret */
export function enrolAuditorAct(preview: string, hash: string): JsonObject {
  return { act: 'preview.enrol', preview, secret_sha256: hash }
}

/** @param now milliseconds. @throws {RegistryError} `SECRET_INVALID`: unknown, used or expired, not told apart */
export async function invitedTo(db: Kysely<Schema>, hash: string, now: number): Promise<string> {
  const row = await db
    .selectFrom('preview_invitations')
    .select('preview')
    .where('secret_hash', '=', hash)
    .where('expires', '>', now)
    .executeTakeFirst()
  if (row) return row.preview
  throw new RegistryError('SECRET_INVALID', 'the invitation is wrong, used or expired: ask for a new one')
}

/** A key that signs requests, or a passkey that was read. */
export type NewHolder =
  { readonly key: PublicJwk } | { readonly passkey: Pick<Credential, 'id' | 'jwk' | 'amr'> }

/** Uses the invitation up. @throws {RegistryError} `SECRET_INVALID`, `KEY_IN_USE` and as {@link findInForce} */
export function enrolAuditor(
  ctx: RegistryContext,
  hash: string,
  given: NewHolder,
): Promise<{ preview: string; registration: number }> {
  return ctx.store.write(async (tx) => {
    const preview = await invitedTo(tx.db, hash, tx.now)
    await findInForce(tx, preview)
    const credential_id = 'passkey' in given ? given.passkey.id : null
    const holder: Holder =
      'passkey' in given
        ? { kind: 'passkey', jwk: given.passkey.jwk, amr: [...given.passkey.amr] }
        : { kind: 'key', jwk: given.key }
    await assertKeyUnused(ctx.crypto, tx.db, holder.jwk)
    if (credential_id !== null) await assertPasskeyUnused(tx, credential_id)
    await tx.db.deleteFrom('preview_invitations').where('preview', '=', preview).execute()
    const actor = auditorActor(preview)
    const registration = await tx.append({
      type: 'preview.enrolled',
      actor,
      subject: preview,
      body: { holder },
    })
    await setHolder(ctx.crypto, tx.db, preview, { holder, registration, credential_id })
    return { preview, registration }
  })
}

async function assertPasskeyUnused({ db }: Tx, credential_id: string): Promise<void> {
  const other = await db
    .selectFrom('previews')
    .select('id')
    .where('credential_id', '=', credential_id)
    .executeTakeFirst()
  if (other) throw new RegistryError('KEY_IN_USE', 'this passkey is registered already')
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_PREVIEW`; `STATE_CONFLICT`: it was */
export function revokePreview(
  ctx: RegistryContext,
  person: string,
  preview: string,
  reason: string,
): Promise<number> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await findPreview(tx.db, preview)
    if (row.status === 'revoked') throw new RegistryError('STATE_CONFLICT', 'this preview is revoked')
    const actor = personActor(person)
    const entry = await tx.append({ type: 'preview.revoked', actor, subject: preview, body: { reason } })
    await changePreview(tx.db, preview, { status: 'revoked' })
    await tx.db.deleteFrom('preview_invitations').where('preview', '=', preview).execute()
    return entry
  })
}

export interface PreviewView extends PreviewScope {
  readonly preview: string
  readonly status: PreviewRow['status'] | 'expired'
  /** Null: erased. */
  readonly auditor: string | null
  readonly firm: string | null
  readonly proposer: string
  readonly holder: PreviewRow['holder']
  readonly looks_n: number
  readonly looked: string | null
}

export async function viewPreview(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  row: PreviewRow,
  now_ms: number,
): Promise<PreviewView> {
  const names = await namesOf(ctx, db, [row.auditor_commit, row.firm_commit])
  const { period, criteria, expires } = scopeOf(row)
  return {
    preview: row.id,
    status: row.status !== 'revoked' && row.expires <= now_ms ? 'expired' : row.status,
    auditor: names.get(row.auditor_commit) ?? null,
    firm: names.get(row.firm_commit) ?? null,
    period,
    criteria,
    expires,
    proposer: row.proposer,
    holder: row.holder,
    looks_n: row.looks_n,
    looked: row.looked === null ? null : rfc3339(row.looked),
  }
}

/** The latest first. */
export async function listPreviews(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  now_ms: number,
): Promise<PreviewView[]> {
  const rows = await db.selectFrom('previews').selectAll().orderBy('proposal', 'desc').limit(1000).execute()
  return Promise.all(rows.map((row) => viewPreview(ctx, db, row, now_ms)))
}
