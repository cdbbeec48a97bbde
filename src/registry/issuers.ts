/**
 * Other issuers that people here trust, and the signed list that says so to enforcement points.
 * spec/keys.md (KEY-6, KEY-9).
 *
 *   proposed --approve--> trusted --another record of the name is approved--> replaced
 *
 * A later proposal of the name replaces an open one, and dropping the name ends both.
 * Invariant: nobody is trusted without a gesture over exactly their record, and who proposes it does not approve it
 * (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { foreignIssuerSchema, type ForeignIssuer, type IssuerRecord } from '../core/issuer.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { FOREIGN_ISSUERS_MAX, signTrustList, type SignedTrustList } from '../revoke/trust-list.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { frameKey } from './frame-ring.ts'
import type { ApprovalTerms } from './gestures.ts'
import { verifyingKeys } from './issuer-keys.ts'
import { nextTrustSeq, trustSeq } from './trust-seq.ts'

/** Open proposals, each of another name: as many as can be trusted. */
const PROPOSALS_MAX = FOREIGN_ISSUERS_MAX

/**
 * Proposes to trust an issuer as this record has it, in place of an earlier proposal of its name.
 * @throws {RegistryError} `STATE_CONFLICT`: it is this issuer itself, or has its name; `LIMIT_EXCEEDED`; {CoreError}
 * `KEY_INVALID`
 */
export function proposeIssuer(
  ctx: RegistryContext,
  proposer: string,
  issuer: ForeignIssuer,
): Promise<{ id: string; proposal: number }> {
  const { iss } = issuer
  for (const jwk of [issuer.frame_key, ...issuer.keys.map((key) => key.jwk)]) publicJwk(jwk)
  return ctx.store.write(async (tx) => {
    if (iss === ctx.iss) {
      const { jwk } = await frameKey(tx.db)
      throw new RegistryError('STATE_CONFLICT', whyNotOurName(jwk, issuer))
    }
    await assertRoom(tx.db, 'proposed', iss, PROPOSALS_MAX)
    const id = newId(ctx.crypto, 'isp', tx.now)
    const proposal = await tx.append({
      type: 'issuer.proposed',
      actor: personActor(proposer),
      subject: id,
      body: { issuer },
    })
    await replace(tx.db, 'proposed', iss)
    await tx.db
      .insertInto('issuers')
      .values({
        id,
        iss,
        status: 'proposed',
        issuer_json: canonicalize(issuer),
        proposer,
        proposal,
        approval: null,
      })
      .execute()
    return { id, proposal }
  })
}

function whyNotOurName(ours: PublicJwk, { iss, frame_key }: ForeignIssuer): string {
  const isOurs = canonicalize(frame_key) === canonicalize({ ...ours })
  return isOurs
    ? 'this is the issuer itself: give the address of the other one'
    : `both control planes are called ${iss}: one of them needs a name of its own, which ` +
        '"countersign start --origin NAME" gives it at its first start'
}

/** Points take its chains from their next list on. The gesture is over the number of that list, so it is good once. */
export const issuerApproval: ApprovalTerms<'issuer.trusted'> = {
  type: 'issuer.trusted',
  notOwn: 'who proposed an issuer does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, issuer, proposal, proposer } = await showIssuer(db, id)
    if (status !== 'proposed')
      throw new RegistryError('STATE_CONFLICT', `this record is ${status}: only a proposed one is approved`)
    const seq = (await trustSeq(db)) + 1
    return { act: { act: 'issuer.trust', approver, issuer, proposal, seq }, askedBy: [proposer] }
  },
  assertRoom: ({ db }, { issuer }) => assertRoom(db, 'trusted', issuer.iss, FOREIGN_ISSUERS_MAX),
  async settle(tx, { key: { id }, act, approval }) {
    await replace(tx.db, 'trusted', act.issuer.iss)
    await tx.db.updateTable('issuers').set({ status: 'trusted', approval }).where('id', '=', id).execute()
    await nextTrustSeq(tx)
  },
}

async function assertRoom(
  db: Kysely<Schema>,
  status: 'proposed' | 'trusted',
  iss: string,
  max: number,
): Promise<void> {
  const others = (await listIssuers(db)).filter((each) => each.status === status && each.issuer.iss !== iss)
  if (others.length >= max)
    throw new RegistryError('LIMIT_EXCEEDED', `at most ${max} other issuers are ${status}: drop one first`)
}

async function replace(db: Kysely<Schema>, status: 'proposed' | 'trusted', iss: string): Promise<void> {
  await db
    .updateTable('issuers')
    .set({ status: 'replaced' })
    .where('iss', '=', iss)
    .where('status', '=', status)
    .execute()
}

/**
 * Points take no chain of it from their next list on. What is proposed of that name is off as well: it was read
 * before somebody had a reason to drop it.
 * @throws {RegistryError} `UNKNOWN_ISSUER`
 */
export function dropIssuer(
  ctx: RegistryContext,
  actor: Actor,
  iss: string,
  reason: string,
): Promise<{ seq: number }> {
  return ctx.store.write(async (tx) => {
    const dropped = await tx.db
      .updateTable('issuers')
      .set({ status: 'dropped' })
      .where('iss', '=', iss)
      .where('status', 'in', STANDING)
      .returning('id')
      .execute()
    if (dropped.length === 0)
      throw new RegistryError('UNKNOWN_ISSUER', 'no such issuer is trusted or proposed')
    await tx.append({ type: 'issuer.dropped', actor, body: { iss, reason } })
    return { seq: await nextTrustSeq(tx) }
  })
}

const STANDING = ['proposed', 'trusted'] as const

export interface IssuerView {
  readonly id: string
  readonly status: Schema['issuers']['status']
  readonly proposer: string
  readonly proposal: number
  /** Index of the entry by which it was trusted, or null. */
  readonly approval: number | null
  readonly issuer: ForeignIssuer
}

/** What is trusted and what is proposed, by name. */
export async function listIssuers(db: Kysely<Schema>): Promise<IssuerView[]> {
  const rows = await db
    .selectFrom('issuers')
    .selectAll()
    .where('status', 'in', STANDING)
    .orderBy('iss')
    .orderBy('proposal')
    .execute()
  return rows.map(viewOf)
}

/** Whatever became of it. @throws {RegistryError} `UNKNOWN_ISSUER` */
export async function showIssuer(db: Kysely<Schema>, id: string): Promise<IssuerView> {
  const row = await db.selectFrom('issuers').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_ISSUER', 'no such proposal of an issuer')
  return viewOf(row)
}

function viewOf(row: Schema['issuers']): IssuerView {
  const { id, status, proposer, proposal, approval } = row
  const issuer = foreignIssuerSchema.parse(parseJson(row.issuer_json))
  return { id, status, proposer, proposal, approval, issuer }
}

/** This issuer, as its own points pin it. */
export async function ownRecord(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  now_ms: number,
): Promise<IssuerRecord> {
  const keys = await verifyingKeys(db, now_ms)
  return {
    iss: ctx.iss,
    rp_id: ctx.rp.rp_id,
    origins: [...ctx.rp.origins],
    keys: keys.map(({ jwk, retired_at }) => ({ jwk, ...(retired_at === null ? {} : { retired_at }) })),
  }
}

/** KEY-6. @param t milliseconds since 1970 */
export function trustList(ctx: RegistryContext, t: number): Promise<SignedTrustList> {
  return ctx.store.query(async (db) => {
    // The number first: what changes in between comes again under the next.
    const seq = await trustSeq(db)
    const own = await ownRecord(ctx, db, t)
    const trusted = (await listIssuers(db)).filter(({ status }) => status === 'trusted')
    const { signer } = await ctx.frame.current(db)
    return signTrustList(signer, {
      v: 1,
      iss: ctx.iss,
      seq,
      t,
      issuers: [own, ...trusted.map(({ issuer }) => issuer)],
    })
  })
}
