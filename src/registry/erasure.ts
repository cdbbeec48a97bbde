/**
 * Erasure: what is filed under a subject goes, the log stays. spec/erasure.md (ERA-5 to ERA-10).
 * Invariant: the tombstone commits before a key is destroyed and each step after it can be done again, so that a
 * process that ends anywhere in between has erased: tombstones.ts finishes at the next start.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { ERASURE_BASES } from '../log/erasure-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { clearSubject } from './data-subjects.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy } from './gestures.ts'
import { hasFreed, holdsOn, reachedBy } from './in-the-way.ts'
import { endSubjectTx } from './objections.ts'
import { packsSince, type BuiltEvidence } from './packs.ts'
import { findEnrolled } from './people.ts'
import { clearIdentities } from './identity-rows.ts'
import { clearPreview } from './preview-rows.ts'

export type ErasureBasis = (typeof ERASURE_BASES)[number]
type EraseAct = EntryBody<'erasure.deferred'>['act']
type Row = Schema['subjects']

/** Subjects whose rows one statement names: below what a database takes as parameters. */
const SUBJECTS_AT_ONCE = 500

export interface Erasable {
  readonly act: EraseAct
  readonly challenge: string
  /** Values that there are. */
  readonly fields_n: number
  /** Holds that are in the way. */
  readonly holds: readonly string[]
  /** Packs that were handed out and hold entries about the subject. */
  readonly packs: readonly BuiltEvidence[]
}

/**
 * What the approver signs, its challenge, and what would be erased.
 * @throws {RegistryError} `UNKNOWN_SUBJECT`; `STATE_CONFLICT`: erased or deferred already, or not over (ERA-5)
 */
export async function erasureOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  asked: { readonly subject: string; readonly basis: ErasureBasis; readonly approver: string },
  now_ms: number,
): Promise<Erasable> {
  const row = await findErasable(db, asked.subject, now_ms)
  const act: EraseAct = { act: 'subject.erase', ...asked }
  const reached = await reachedBy(db, row.id)
  return {
    ...askedOf(ctx, act),
    fields_n: await countSealed(db, reached),
    holds: await holdsOn(db, row, reached),
    packs: await packsSince(db, row.first),
  }
}

/** States in which nothing is erased, and what comes first. */
const NOT_NOW = {
  erased: 'this subject was erased already: see "countersign erasure list"',
  deferred: 'its erasure was asked for already, and waits for a hold: see "countersign hold list"',
  acting: 'this person acts here still: let them leave first, with "countersign revoke PERSON --reason left"',
  looking:
    'this preview is in force: revoke it first, with "countersign preview revoke PREVIEW --reason done"',
  inForce: 'this delegation is in force: revoke it first, with "countersign revoke DELEGATION"',
}

async function findErasable(db: Kysely<Schema>, subject: string, now_ms: number): Promise<Row> {
  const row = await db.selectFrom('subjects').selectAll().where('id', '=', subject).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_SUBJECT', 'nothing is filed under this subject')
  if (row.erased !== null) throw new RegistryError('STATE_CONFLICT', NOT_NOW.erased)
  const asked = await db.selectFrom('erasures').select('state').where('subject', '=', subject).execute()
  if (asked.length > 0) throw new RegistryError('STATE_CONFLICT', NOT_NOW.deferred)
  const person = await db.selectFrom('people').select('status').where('id', '=', subject).executeTakeFirst()
  if (person?.status === 'enrolled') throw new RegistryError('STATE_CONFLICT', NOT_NOW.acting)
  const delegation = db.selectFrom('delegations').select(['exp', 'revoked']).where('jti', '=', subject)
  const issued = await delegation.executeTakeFirst()
  if (issued && issued.revoked === 0 && issued.exp * 1000 > now_ms)
    throw new RegistryError('STATE_CONFLICT', NOT_NOW.inForce)
  const preview = db.selectFrom('previews').select(['status', 'expires']).where('id', '=', subject)
  const shown = await preview.executeTakeFirst()
  if (shown && shown.status !== 'revoked' && shown.expires > now_ms)
    throw new RegistryError('STATE_CONFLICT', NOT_NOW.looking)
  return row
}

/** Values that are kept of these subjects. */
export async function countSealed(db: Kysely<Schema>, subjects: readonly string[]): Promise<number> {
  let total = 0
  for (const some of slices(subjects)) {
    const { n } = await db
      .selectFrom('sealed')
      .select((eb) => eb.fn.countAll<number | string>().as('n'))
      .where('subject', 'in', some)
      .executeTakeFirstOrThrow()
    total += Number(n)
  }
  return total
}

export interface Erasure {
  readonly state: 'erased' | 'deferred'
  /** Index of the entry that says so. */
  readonly entry: number
  readonly fields_n: number
  readonly holds: readonly string[]
  readonly packs: readonly BuiltEvidence[]
  readonly acted_alone: boolean
}

type Erasing = Pick<RegistryContext, 'store' | 'crypto' | 'vault' | 'rp' | 'separation' | 'frame'>
type Ending = Pick<RegistryContext, 'crypto' | 'frame'>

interface Outcome {
  readonly outcome: Erasure
  /** Subjects whose keys go once this is durable. */
  readonly reached: readonly string[]
}

/**
 * Erases, or defers it until the holds in the way are lifted.
 * @throws {RegistryError} `UNKNOWN_SUBJECT`, `STATE_CONFLICT`, `GESTURE_INVALID`, `NOT_ENDORSED`; `SAME_PERSON`: by the
 * principal of the delegation, or by who lifted a hold on it, although the mode is `independent`
 * @throws {VaultError} `VAULT_UNAVAILABLE`: erased for the log, and the next start destroys the keys
 */
export async function eraseSubject(
  ctx: Erasing,
  asked: { readonly subject: string; readonly basis: ErasureBasis; readonly approver: string },
  parts: GestureParts,
): Promise<Erasure> {
  const { subject, approver, basis } = asked
  const { outcome, reached } = await ctx.store.write(async (tx): Promise<Outcome> => {
    const { act, fields_n, holds, packs } = await erasureOf(ctx, tx.db, asked, tx.now)
    const acted_alone = await isOwn(tx.db, subject, approver)
    if (acted_alone && ctx.separation === 'independent') {
      throw new RegistryError('SAME_PERSON', 'nobody erases what is about themselves: ask another person')
    }
    if (ctx.separation === 'independent' && (await hasFreed(tx.db, subject, approver))) {
      throw new RegistryError('SAME_PERSON', 'who lifted a hold on it does not erase it: ask another person')
    }
    const gesture = signedBy(ctx, await findEnrolled(tx.db, approver), 'approver', act, parts)
    const body = { act, gesture, acted_alone }
    const said = { fields_n, holds, packs, acted_alone }
    const request = { subject, basis, approver, requested: tx.now }
    const actor = personActor(approver)
    if (holds.length > 0) {
      const entry = await tx.append({ type: 'erasure.deferred', actor, subject, body: { ...body, holds } })
      const row = { ...request, state: 'deferred' as const, deferred: entry, erased: null }
      await tx.db.insertInto('erasures').values(row).execute()
      const outcome: Erasure = { state: 'deferred', entry, ...said }
      return { outcome, reached: [] }
    }
    const erased = await eraseTx(ctx, tx, actor, subject, body)
    const row = { ...request, state: 'erased' as const, deferred: null, erased: erased.entry }
    await tx.db.insertInto('erasures').values(row).execute()
    const outcome: Erasure = { state: 'erased', entry: erased.entry, ...said }
    return { outcome, reached: erased.reached }
  })
  await ctx.vault.destroy(reached)
  return outcome
}

/** ERA-5: the person it is about, or the principal of the delegation. */
export async function isOwn(db: Kysely<Schema>, subject: string, approver: string): Promise<boolean> {
  const row = await db.selectFrom('subjects').select('owner').where('id', '=', subject).executeTakeFirst()
  return subject === approver || row?.owner === approver
}

type Tombstone = EntryBody<'subject.erased'>
type Said<T> = T extends unknown ? Omit<T, 'fields_n' | 'packs_n'> : never

/** The transaction's half: the rows and the tombstone. The caller destroys the keys of `reached` once it is durable. */
async function eraseTx(
  ctx: Ending,
  tx: Tx,
  actor: Actor,
  subject: string,
  said: Said<Tombstone>,
): Promise<{ readonly entry: number; readonly reached: readonly string[] }> {
  const reached = await reachedBy(tx.db, subject)
  const { first } = await tx.db
    .selectFrom('subjects')
    .select('first')
    .where('id', '=', subject)
    .executeTakeFirstOrThrow()
  const counts = {
    fields_n: await countSealed(tx.db, reached),
    packs_n: (await packsSince(tx.db, first)).length,
  }
  const body: Tombstone = { ...said, ...counts }
  if (subject.startsWith('dsb_')) await endSubjectTx(ctx, tx, actor, subject)
  const entry = await tx.append({ type: 'subject.erased', actor, subject, body })
  await clearRows(tx, subject, reached, entry)
  return { entry, reached }
}

/** Removes whatever there is of these subjects. Idempotent. @param entry the tombstone */
export async function clearRows(
  tx: Pick<Tx, 'db'>,
  subject: string,
  reached: readonly string[],
  entry: number,
): Promise<void> {
  for (const some of slices(reached)) {
    await tx.db.deleteFrom('sealed').where('subject', 'in', some).execute()
    await tx.db
      .updateTable('subjects')
      .set({ erased: entry })
      .where('id', 'in', some)
      .where('erased', 'is', null)
      .execute()
  }
  await tx.db.updateTable('people').set({ name_commit: null }).where('id', '=', subject).execute()
  await tx.db
    .updateTable('passkeys')
    .set({ credential_id: null, name_box: null })
    .where('person', '=', subject)
    .execute()
  await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', subject).execute()
  await tx.db.deleteFrom('drafts').where('principal', '=', subject).execute()
  await clearIdentities(tx.db, subject)
  if (subject.startsWith('dsb_')) await clearSubject(tx.db, subject, entry)
  if (subject.startsWith('prv_')) await clearPreview(tx.db, subject)
  await tx.db.deleteFrom('ceremonies').where('person', '=', subject).execute()
}

type Deferred = Row & { readonly deferred: number | null; readonly approver: string }

function findDeferred(db: Kysely<Schema>): Promise<Deferred[]> {
  return db
    .selectFrom('erasures')
    .innerJoin('subjects', 'subjects.id', 'erasures.subject')
    .select(['subjects.id', 'owner', 'first', 'subjects.erased', 'deferred', 'approver'])
    .where('state', '=', 'deferred')
    .orderBy('deferred')
    .execute()
}

/** The erasures that this hold is in the way of, with or without others. */
export async function deferredBy(db: Kysely<Schema>, hold: string): Promise<Deferred[]> {
  const found: Deferred[] = []
  for (const row of await findDeferred(db))
    if ((await holdsOn(db, row, await reachedBy(db, row.id))).includes(hold)) found.push(row)
  return found
}

/**
 * Carries out the deferred erasures that no hold is in the way of any more.
 * @returns the subjects, and all those whose keys the caller destroys once the transaction is durable
 */
export async function carryOutDeferred(
  ctx: Ending,
  tx: Tx,
  actor: Actor,
): Promise<{ readonly erased: readonly string[]; readonly reached: readonly string[] }> {
  const erased: string[] = []
  const all: string[] = []
  for (const { deferred, ...row } of await findDeferred(tx.db)) {
    const free = (await holdsOn(tx.db, row, await reachedBy(tx.db, row.id))).length === 0
    if (!free || deferred === null) continue
    const { entry, reached } = await eraseTx(ctx, tx, actor, row.id, { deferred })
    const done = { state: 'erased' as const, erased: entry }
    await tx.db.updateTable('erasures').set(done).where('subject', '=', row.id).execute()
    erased.push(row.id)
    all.push(...reached)
  }
  return { erased, reached: all }
}

function slices(subjects: readonly string[]): string[][] {
  const count = Math.ceil(subjects.length / SUBJECTS_AT_ONCE)
  return Array.from({ length: count }, (_, i) =>
    subjects.slice(i * SUBJECTS_AT_ONCE, (i + 1) * SUBJECTS_AT_ONCE),
  )
}
