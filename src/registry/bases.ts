/**
 * The register of bases that are no consent. spec/consent.md (CNS-6 to CNS-8).
 *
 *   waiting --approve--> approved --end--> ended; or it expires
 *
 * Invariant: who proposes one does not approve it, and one that ended denies at every point within the bound.
 * @module
 */
import type { Kysely } from 'kysely'
import { BASES_MAX, BASIS_AGE_MAX_S, basisFault, basisSchema, type Basis } from '../core/consent.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { PointBasis } from '../ports/subjects.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import type { ApprovalTerms } from './gestures.ts'
import { unknownTerm } from './notices.ts'
import { findEnrolled } from './people.ts'
import { assertFewWait } from './waiting.ts'

export const basisApproval: ApprovalTerms<'basis.approved'> = {
  type: 'basis.approved',
  notOwn: 'who proposed a basis does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await db.selectFrom('bases').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_BASIS', 'no such basis')
    const { status, proposal, proposer } = row
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `this basis is ${status}`)
    return { act: { act: 'basis.approve', basis: id, proposal, approver }, askedBy: [proposer] }
  },
  async assertRoom({ db }) {
    if ((await approvedRows(db)).length >= BASES_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${BASES_MAX} bases are in force: end one`)
  },
  settle: (tx, { key, approval }) => settleBasis(tx.db, key.id, approval),
}

/**
 * @throws {RegistryError} `TERM_UNKNOWN`; `CONDITION_MISSING`: special categories without one (CNS-3); `BASIS_INVALID`:
 * it has expired, or lasts too long; `STATE_CONFLICT`: too many wait
 */
export function proposeBasis(
  ctx: RegistryContext,
  proposer: string,
  basis: Basis,
): Promise<{ basis: string; proposal: number }> {
  const fault = basisFault(basis)
  if (fault === 'TERM_UNKNOWN') throw unknownTerm()
  if (fault !== null)
    throw new RegistryError(
      'CONDITION_MISSING',
      'special categories of data take a condition of Article 9(2) here: name one, such as gdpr_9_2_h',
    )
  return ctx.store.write(async (tx) => {
    await assertFewWait(tx, 'bases', 'bases')
    const now_s = seconds(tx.now)
    if (basis.expires <= now_s || basis.expires > now_s + BASIS_AGE_MAX_S)
      throw new RegistryError('BASIS_INVALID', 'a basis expires within three years from now')
    const id = newId(ctx.crypto, 'bas', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'basis.proposed', actor, subject: id, body: { basis } })
    await insertBasis(tx.db, { id, basis, proposer, proposal })
    return { basis: id, proposal }
  })
}

export async function insertBasis(
  db: Kysely<Schema>,
  { basis, ...row }: Pick<Schema['bases'], 'id' | 'proposer' | 'proposal'> & { readonly basis: Basis },
): Promise<void> {
  await db
    .insertInto('bases')
    .values({ ...row, status: 'waiting', basis_json: canonicalize(basis), approval: null, changed: null })
    .execute()
}

export async function settleBasis(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  await db
    .updateTable('bases')
    .set({ status: 'approved', approval, changed: approval })
    .where('id', '=', id)
    .execute()
}

export async function markEnded(db: Kysely<Schema>, id: string, entry: number): Promise<void> {
  await db.updateTable('bases').set({ status: 'ended', changed: entry }).where('id', '=', id).execute()
}

/** Before its time. Idempotent. @throws {RegistryError} `UNKNOWN_BASIS`, `NOT_ENDORSED` */
export function endBasis(
  ctx: RegistryContext,
  person: string,
  id: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await tx.db.selectFrom('bases').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_BASIS', 'no such basis')
    const actor = personActor(person)
    if (row.status !== 'ended') {
      const entry = await tx.append({ type: 'basis.ended', actor, subject: id, body: { reason } })
      await markEnded(tx.db, id, entry)
    }
    return [await appendFrame(ctx, tx, actor, { kind: 'consent', handle: id, reason, target: id })]
  })
}

export interface BasisView {
  readonly id: string
  readonly status: Schema['bases']['status'] | 'expired'
  readonly proposer: string
  readonly proposal: number
  readonly approval: number | null
  readonly basis: Basis
}

/** The newest first. */
export async function listBases(db: Kysely<Schema>, now_ms: number): Promise<BasisView[]> {
  const rows = await db.selectFrom('bases').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ id, status, proposer, proposal, approval, basis_json }) => {
    const basis = readBasis(basis_json)
    const isOver = status === 'approved' && basis.expires <= seconds(now_ms)
    return { id, status: isOver ? 'expired' : status, proposer, proposal, approval, basis }
  })
}

function approvedRows(db: Kysely<Schema>): Promise<Schema['bases'][]> {
  return db.selectFrom('bases').selectAll().where('status', '=', 'approved').orderBy('id').execute()
}

function readBasis(text: string): Basis {
  return basisSchema.parse(parseJson(text))
}

/** @returns null: none changed after that entry */
export async function basesAfter(
  db: Kysely<Schema>,
  after: number,
  now_ms: number,
): Promise<PointBasis[] | null> {
  const changed = await db
    .selectFrom('bases')
    .select('id')
    .where('changed', '>', after)
    .limit(1)
    .executeTakeFirst()
  if (changed === undefined && after >= 0) return null
  return (await approvedRows(db)).flatMap(({ id, basis_json }) => {
    const { v: _v, expires, ...basis } = readBasis(basis_json)
    return expires <= seconds(now_ms) ? [] : [{ id, ...basis, exp: expires }]
  })
}
