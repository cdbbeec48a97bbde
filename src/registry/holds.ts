/**
 * Legal holds: what must be kept although somebody asked for its erasure. spec/erasure.md (ERA-9).
 * Invariant: a hold is in the log before it is in anyone's way, and what it deferred happens when it is lifted.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { commitTo } from '../log/commitment.ts'
import { decodeEntry, type EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, SYSTEM, type GestureParts, type RegistryContext } from './context.ts'
import { carryOutDeferred, deferredBy, isOwn } from './erasure.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy, type Asked } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { keep, namesOf } from './personal.ts'

/** Open holds: each is looked at by every erasure, and an `erasure.deferred` names those in its way. */
export const HOLDS_MAX = 64
/** Of them by one person: nobody alone keeps others from placing theirs. */
export const HOLDS_EACH_MAX = 16

type LiftAct = EntryBody<'hold.lifted'>['act']

/**
 * @param target a subject, or `*` for everything
 * @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_SUBJECT`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: the subject was erased
 * already
 */
export function placeHold(
  ctx: RegistryContext,
  person: string,
  { target, reason }: { readonly target: string; readonly reason: string },
): Promise<{ hold: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await assertTarget(tx.db, target)
    await assertRoom(tx.db, person)
    const hold = newId(ctx.crypto, 'hld', tx.now)
    const why = commitTo(ctx.crypto, reason)
    const entry = await tx.append({
      type: 'hold.placed',
      actor: personActor(person),
      subject: hold,
      body: { target },
      commitments: { reason: why.commitment },
    })
    await keep(ctx, tx, person, 'reason', why)
    const row = { id: hold, target, reason_commit: why.commitment, placed: entry, lifted: null }
    await tx.db.insertInto('holds').values(row).execute()
    return { hold, entry }
  })
}

async function assertRoom(db: Kysely<Schema>, person: string): Promise<void> {
  const open = await db
    .selectFrom('holds')
    .innerJoin('entries', 'entries.idx', 'holds.placed')
    .select('entries.bytes')
    .where('lifted', 'is', null)
    .execute()
  if (open.length >= HOLDS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `at most ${HOLDS_MAX} holds are open`)
  const own = open.filter(({ bytes }) => decodeEntry(bytes).actor.id === person)
  if (own.length >= HOLDS_EACH_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `at most ${HOLDS_EACH_MAX} holds of one person are open`)
}

async function assertTarget(db: Kysely<Schema>, target: string): Promise<void> {
  if (target === '*') return
  const row = await db.selectFrom('subjects').select('erased').where('id', '=', target).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_SUBJECT', 'nothing is filed under this subject')
  if (row.erased !== null) throw new RegistryError('STATE_CONFLICT', 'this subject was erased already')
}

/** What is signed to lift a hold, and its challenge. @throws {RegistryError} `UNKNOWN_HOLD`, `STATE_CONFLICT` */
export async function liftingOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  hold: string,
  approver: string,
): Promise<Asked<LiftAct>> {
  const row = await db.selectFrom('holds').select('lifted').where('id', '=', hold).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_HOLD', 'no such hold')
  if (row.lifted !== null)
    throw new RegistryError('STATE_CONFLICT', 'this hold was lifted already: see "countersign hold list"')
  return askedOf(ctx, { act: 'hold.lift', hold, approver })
}

/**
 * Lifts a hold and carries out what it alone deferred.
 * @returns the subjects that were erased
 * @throws {RegistryError} `UNKNOWN_HOLD`, `STATE_CONFLICT`, `GESTURE_INVALID`, `NOT_ENDORSED`; `SAME_PERSON`: by whom the
 * hold or what it defers is about, or who asked for that, although the mode is `independent`
 * @throws {VaultError} `VAULT_UNAVAILABLE`: lifted and erased for the log; the next start destroys the keys
 */
export async function liftHold(
  ctx: RegistryContext,
  approver: string,
  hold: string,
  parts: GestureParts,
): Promise<{ entry: number; erased: readonly string[] }> {
  const { entry, erased, reached } = await ctx.store.write(async (tx) => {
    const { act } = await liftingOf(ctx, tx.db, hold, approver)
    if (ctx.separation === 'independent' && (await isConcerned(tx.db, hold, approver))) {
      throw new RegistryError(
        'SAME_PERSON',
        'whom a hold is about, and who asked for what it defers, do not lift it: ask another person',
      )
    }
    const gesture = signedBy(ctx, await findEnrolled(tx.db, approver), 'approver', act, parts)
    const actor = personActor(approver)
    const body = { act, gesture }
    const lifted = await tx.append({ type: 'hold.lifted', actor, subject: hold, body })
    await tx.db.updateTable('holds').set({ lifted }).where('id', '=', hold).execute()
    return { entry: lifted, ...(await carryOutDeferred(ctx, tx, SYSTEM)) }
  })
  await ctx.vault.destroy(reached)
  return { entry, erased }
}

/** ERA-9: whom the hold or an erasure that it defers is about, and who asked for such an erasure. */
async function isConcerned(db: Kysely<Schema>, hold: string, person: string): Promise<boolean> {
  const { target } = await db
    .selectFrom('holds')
    .select('target')
    .where('id', '=', hold)
    .executeTakeFirstOrThrow()
  if (await isOwn(db, target, person)) return true
  const deferred = await deferredBy(db, hold)
  return deferred.some(({ id, owner, approver }) => [id, owner, approver].includes(person))
}

export interface Hold {
  readonly id: string
  readonly target: string
  /** Null: whoever placed it was erased. */
  readonly reason: string | null
  /** Indices of the entries. */
  readonly placed: number
  readonly lifted: number | null
}

export async function listHolds(ctx: Pick<RegistryContext, 'vault'>, db: Kysely<Schema>): Promise<Hold[]> {
  const rows = await db.selectFrom('holds').selectAll().orderBy('id').execute()
  const reasons = await namesOf(
    ctx,
    db,
    rows.map((row) => row.reason_commit),
  )
  return rows.map(({ reason_commit, ...row }) => ({ ...row, reason: reasons.get(reason_commit) ?? null }))
}
