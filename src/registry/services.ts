/**
 * Service accounts: programs that ask the control plane, with a key that they made. spec/service-accounts.md.
 *
 *   waiting --approve--> approved --invite, enrol--> active     any --disable, or its owner leaves, or its time comes--> over
 *
 * Invariants: a key asks for something only while its account stands, which somebody approved who neither proposed nor
 * owns it, or the entry says so; no secret outlives an hour.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { isNetwork } from '../core/networks.ts'
import { rotationTime } from '../core/service-rotation.ts'
import { rfc3339, seconds } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import { SERVICE_DAYS_MAX, type ServiceTerms } from '../log/service-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { newSecret, secretHash } from './invitations.ts'
import { findEnrolled } from './people.ts'
import { assertNotOver, standingServices } from './service-access.ts'
import {
  endAccount,
  findAccount,
  insertAccount,
  keyOf,
  markServiceApproved,
  putServiceKey,
  termsOf,
  type ServiceRow,
} from './service-rows.ts'

const DAY_MS = 86_400_000
/** Of those that wait or stand. */
const ACCOUNTS_MAX = 500
/** SVC-3: a program is set up by somebody who sits before it. */
const SERVICE_INVITATION_MS = 3_600_000
/** How far the time of a rotation's proof may be away, in seconds (SVC-5). */
const ROTATION_AGE_MAX_S = 60

export function serviceActor(account: string): Actor {
  return { kind: 'service', id: account }
}

export interface ServiceInput extends Omit<ServiceTerms, 'expires'> {
  /** How long from now. */
  readonly days: number
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_PERSON`, `STATE_CONFLICT`, `SERVICE_TERMS_INVALID`, `LIMIT_EXCEEDED` */
export function proposeService(
  ctx: RegistryContext,
  proposer: string,
  { days, ...input }: ServiceInput,
): Promise<{ account: string; entry: number; expires: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, proposer)
    await findEnrolled(tx.db, input.owner)
    assertTerms(input, days)
    if ((await standingServices(tx)).length >= ACCOUNTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${ACCOUNTS_MAX} service accounts stand: disable one`)
    const body = { ...input, expires: rfc3339(tx.now + days * DAY_MS) }
    const account = newId(ctx.crypto, 'svc', tx.now)
    const actor = personActor(proposer)
    const entry = await tx.append({ type: 'service_account.proposed', actor, subject: account, body })
    await insertAccount(tx.db, account, body, { entry, time_ms: tx.now, proposer })
    return { account, entry, expires: body.expires }
  })
}

function assertTerms({ roles, networks }: Omit<ServiceInput, 'days'>, days: number): void {
  const invalid = (why: string): RegistryError => new RegistryError('SERVICE_TERMS_INVALID', why)
  if (new Set(roles).size < roles.length) throw invalid('a role is named once')
  if (new Set(networks).size < networks.length) throw invalid('a network is named once')
  const wrong = networks.findIndex((network) => !isNetwork(network))
  if (wrong !== -1)
    throw invalid(`network ${wrong + 1} is none in CIDR, such as 10.1.0.0/16 or 2001:db8::/32`)
  if (!Number.isInteger(days) || days < 1 || days > SERVICE_DAYS_MAX)
    throw invalid(`it is for 1 to ${SERVICE_DAYS_MAX} days`)
}

/** SVC-2. */
export const serviceApproval: ApprovalTerms<'service_account.approved'> = {
  type: 'service_account.approved',
  notOwn: 'who proposed a service account or owns it does not approve it: ask another person',
  async find({ db, now }, { id }, approver) {
    const row = await findAccount(db, id)
    if (row.approval !== null) throw new RegistryError('STATE_CONFLICT', 'it is approved already')
    if (row.ended !== null || row.expires <= now)
      throw new RegistryError('STATE_CONFLICT', 'it is over: propose it again')
    await findEnrolled(db, row.owner)
    const { entry: proposal, proposer, owner } = row
    const act = { act: 'service_account.approve', account: id, ...termsOf(row), proposal, approver } as const
    return { act, askedBy: [proposer, owner] }
  },
  async settle(tx, { key: { id }, act: { approver }, approval }) {
    await markServiceApproved(tx.db, id, { approver, approval, approved: tx.now })
  },
}

/** @throws {RegistryError} as {@link assertNotOver}; `STATE_CONFLICT`: nobody approved it, or it has a key */
async function findEnrollable(tx: Tx, id: string): Promise<ServiceRow> {
  const row = await findAccount(tx.db, id)
  assertNotOver(row, tx.now)
  if (row.approval === null) throw new RegistryError('STATE_CONFLICT', 'nobody has approved it yet')
  if ((await keyOf(tx.db, id)) !== null)
    throw new RegistryError('STATE_CONFLICT', 'it has a key: it rotates that itself')
  return row
}

/** @throws {RegistryError} `NOT_ENDORSED`, `SERVICE_ACCOUNT_NOT_OWNED` and as {@link findEnrollable} */
export function inviteService(
  ctx: RegistryContext,
  person: string,
  account: string,
): Promise<{ secret: string; expires: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await findEnrollable(tx, account)
    if (row.owner !== person)
      throw new RegistryError('SERVICE_ACCOUNT_NOT_OWNED', 'its owner alone invites a program')
    await tx.db.deleteFrom('service_invitations').where('account', '=', account).execute()
    const secret = newSecret(ctx.crypto)
    const expires = Math.min(tx.now + SERVICE_INVITATION_MS, row.expires)
    const invitation = { secret_hash: secretHash(ctx.crypto, secret), account, expires }
    await tx.db.insertInto('service_invitations').values(invitation).execute()
    const actor = personActor(person)
    await tx.append({ type: 'service_account.invited', actor, subject: account, body: {} })
    return { secret, expires }
  })
}

/** Which account it enrols. @param now milliseconds. @throws {RegistryError} `SECRET_INVALID`: unknown, used or expired, not told apart */
export async function invitedAccount(
  { crypto }: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  secret: string,
  now: number,
): Promise<string> {
  const invited = await db
    .selectFrom('service_invitations')
    .select('account')
    .where('secret_hash', '=', secretHash(crypto, secret))
    .where('expires', '>', now)
    .executeTakeFirst()
  if (invited === undefined)
    throw new RegistryError('SECRET_INVALID', 'the invitation is wrong, used or expired: ask for a new one')
  return invited.account
}

/**
 * Uses the invitation up.
 * @param jwk a key that signed the request
 * @throws {RegistryError} `SECRET_INVALID`: unknown, used or expired, not told apart; `KEY_IN_USE`; as {@link findEnrollable}
 */
export function enrolService(
  ctx: RegistryContext,
  secret: string,
  jwk: PublicJwk,
): Promise<{ account: string; jkt: string }> {
  return ctx.store.write(async (tx) => {
    const account = await invitedAccount(ctx, tx.db, secret, tx.now)
    await findEnrollable(tx, account)
    await assertKeyUnused(ctx.crypto, tx.db, jwk)
    await tx.db.deleteFrom('service_invitations').where('account', '=', account).execute()
    const actor = serviceActor(account)
    const entry = await tx.append({
      type: 'service_account.enrolled',
      actor,
      subject: account,
      body: { jwk },
    })
    const jkt = thumbprint(ctx.crypto, jwk)
    await putServiceKey(tx.db, { jkt, account, entry, since: tx.now })
    return { account, jkt }
  })
}

export interface RotationProofs {
  readonly jwk: PublicJwk
  /** By the key so far, whose public half the request was signed with. */
  readonly old: string
  readonly new: string
}

/** @param signed the key that signed the request. @throws {RegistryError} `ROTATION_INVALID`, `KEY_IN_USE` */
export function rotateService(
  ctx: RegistryContext,
  account: string,
  signed: PublicJwk,
  proofs: RotationProofs,
): Promise<{ jkt: string }> {
  const jwk = publicJwk({ ...proofs.jwk })
  const over = { account, from: thumbprint(ctx.crypto, signed), to: thumbprint(ctx.crypto, jwk) }
  const times = [
    rotationTime(ctx.crypto, signed, over, proofs.old),
    rotationTime(ctx.crypto, jwk, over, proofs.new),
  ]
  return ctx.store.write(async (tx) => {
    assertNotOver(await findAccount(tx.db, account), tx.now)
    const isFresh = (iat: number | null): boolean =>
      iat !== null && Math.abs(seconds(tx.now) - iat) <= ROTATION_AGE_MAX_S
    if ((await keyOf(tx.db, account))?.jkt !== over.from || !times.every(isFresh))
      throw new RegistryError(
        'ROTATION_INVALID',
        'a rotation takes a proof by the key so far and one by the new key, over both and of now',
      )
    await assertKeyUnused(ctx.crypto, tx.db, jwk)
    const body = { jwk, old: proofs.old, new: proofs.new }
    const actor = serviceActor(account)
    const entry = await tx.append({ type: 'service_account.rotated', actor, subject: account, body })
    await putServiceKey(tx.db, { jkt: over.to, account, entry, since: tx.now })
    return { jkt: over.to }
  })
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_SERVICE_ACCOUNT`; `STATE_CONFLICT`: it has ended */
export function disableService(
  ctx: RegistryContext,
  person: string,
  account: string,
  reason: string,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { ended } = await findAccount(tx.db, account)
    if (ended !== null) throw new RegistryError('STATE_CONFLICT', `it is ${ended} already`)
    return { entry: await disableServiceTx(tx, personActor(person), account, reason) }
  })
}

/** @returns the index of the entry that ended it, now or before. @throws {RegistryError} `UNKNOWN_SERVICE_ACCOUNT` */
export async function disableServiceTx(
  tx: Tx,
  actor: Actor,
  account: string,
  reason: string,
): Promise<number> {
  const { ending } = await findAccount(tx.db, account)
  if (ending !== null) return ending
  const entry = await tx.append({
    type: 'service_account.disabled',
    actor,
    subject: account,
    body: { reason },
  })
  await endAccount(tx.db, account, { ended: 'disabled', ending: entry, ended_at: tx.now })
  return entry
}
