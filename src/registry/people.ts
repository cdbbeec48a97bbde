/**
 * People: invited, enrolled, endorsed, and gone again. spec/people.md.
 * Names are sealed and erasable (spec/erasure.md); the log has random identifiers and commitments.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import { unlinkAllTx } from './identity-rows.ts'
import { insertInvitation } from './invitations.ts'
import { assertNotLastTx, assertOwnerStays } from './last-person.ts'
import { dropRecovery, passkeyOf, passkeysOf, type Passkey } from './passkey-rows.ts'
import { fileUnder, keep, namesOf } from './personal.ts'
import { retireOwnedTx } from './service-rows.ts'

export interface Person {
  readonly id: string
  /** Null: erased. */
  readonly name: string | null
  /** The handle that delegations name this person by; null: not enrolled. */
  readonly rev: string | null
  readonly status: 'added' | 'enrolled' | 'left'
  /** Whether gestures of this person count (PPL-5). */
  readonly endorsed: boolean
}

/** As a register lists one. */
export interface ListedPerson extends Person {
  /** How many of their passkeys count. */
  readonly passkeys: number
  /** How far their recovery is (PPL-11), and who invited them: a person, or null for the machine. Null: none is open. */
  readonly recovery: { readonly state: 'invited' | 'registered'; readonly inviter: string | null } | null
}

/** Whose gesture it is to be, and with which passkeys they may make it. */
export interface Signer {
  readonly rev: string
  readonly passkeys: readonly Passkey[]
}

/** An enrolled person, as gestures and roots need one. */
export interface EnrolledPerson extends Omit<Person, 'name'> {
  readonly rev: string
  /** Index of the entry that registered the person. */
  readonly registration: number
  /** Those that count, the oldest first; before the person is endorsed, the one that waits. */
  readonly passkeys: readonly [Passkey, ...Passkey[]]
  /** How this person is authenticated: `["swk"]`, or `["pop", "user"]` for a passkey (PPL-3). One for all (PPL-8). */
  readonly amr: readonly string[]
}

/** @returns the invitation's secret, which is kept as a hash only and cannot be shown again. */
export function addPerson(
  ctx: RegistryContext,
  actor: Actor,
  name: string,
): Promise<{ person: string; invitation: string }> {
  return ctx.store.write((tx) => addPersonTx(ctx, tx, actor, name))
}

export async function addPersonTx(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  tx: Tx,
  actor: Actor,
  name: string,
): Promise<{ person: string; invitation: string }> {
  const person = await addUninvitedTx(ctx, tx, actor, name)
  return { person, invitation: await insertInvitation(ctx.crypto, tx, person) }
}

/** Somebody who is provisioned: they are invited when they first come (IDN-6). */
export async function addUninvitedTx(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  tx: Tx,
  actor: Actor,
  name: string,
): Promise<string> {
  const person = newId(ctx.crypto, 'per', tx.now)
  const named = commitTo(ctx.crypto, name)
  await tx.db
    .insertInto('people')
    .values({
      id: person,
      name_commit: named.commitment,
      status: 'added',
      rev: null,
      registration: null,
      operator_jkt: null,
      endorsed: null,
    })
    .execute()
  const commitments = { name: named.commitment }
  const first = await tx.append({ type: 'person.added', actor, subject: person, body: {}, commitments })
  await fileUnder(tx, { id: person, owner: null, first })
  await keep(ctx, tx, person, 'name', named)
  return person
}

/**
 * A person leaves: their handle is revoked, which reaches every delegation behind which they stand.
 * Somebody who never enrolled has no handle; only their invitation ends.
 * @throws {RegistryError} `UNKNOWN_PERSON`; `STATE_CONFLICT`: the last one enrolled, after whom nobody could act;
 * `LAST_OWNER`
 */
export function leave(
  ctx: RegistryContext,
  actor: Actor,
  person: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write(async (tx) => {
    await assertNotLastTx(tx, person)
    return leaveTx(ctx, tx, actor, person, reason)
  })
}

/**
 * As {@link leave}, for anyone: a revocation is refused of the last owner alone. Idempotent.
 * @throws {RegistryError} `UNKNOWN_PERSON`, `LAST_OWNER`
 */
export async function leaveTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  person: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await tx.db
    .selectFrom('people')
    .select(['rev', 'status'])
    .where('id', '=', person)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  await assertOwnerStays(tx, person)
  await tx.db.updateTable('people').set({ status: 'left' }).where('id', '=', person).execute()
  await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', person).execute()
  await dropRecovery(tx.db, person)
  await unlinkAllTx(tx, actor, person)
  await retireOwnedTx(tx, actor, person, reason)
  if (row.rev === null) {
    if (row.status !== 'left')
      await tx.append({ type: 'person.left', actor, subject: person, body: { reason } })
    return []
  }
  return [await appendFrame(ctx, tx, actor, { kind: 'person', handle: row.rev, reason, target: person })]
}

const LISTED = ['id', 'name_commit', 'rev', 'status', 'endorsed'] as const

export async function listPeople(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
): Promise<ListedPerson[]> {
  const rows = await db.selectFrom('people').select(LISTED).orderBy('id').execute()
  const names = await namesOf(
    ctx,
    db,
    rows.map((row) => row.name_commit),
  )
  const counting = await db.selectFrom('passkeys').select('person').where('status', '=', 'counts').execute()
  const passkeys = Map.groupBy(counting, ({ person }) => person)
  const open = await db.selectFrom('recoveries').select(['person', 'registration', 'inviter']).execute()
  const recoveries = new Map(open.map(({ person, ...recovery }) => [person, recovery]))
  return rows.map(({ id, name_commit, rev, status, endorsed }) => {
    const recovery = recoveries.get(id)
    return {
      id,
      name: names.get(name_commit ?? '') ?? null,
      rev,
      status,
      endorsed: endorsed !== null,
      passkeys: passkeys.get(id)?.length ?? 0,
      recovery:
        recovery === undefined
          ? null
          : {
              state: recovery.registration === null ? ('invited' as const) : ('registered' as const),
              inviter: recovery.inviter,
            },
    }
  })
}

/**
 * Who may make a gesture: a person with an endorsed registration.
 * @throws {RegistryError} `UNKNOWN_PERSON`; `STATE_CONFLICT`: not enrolled. `NOT_ENDORSED` (PPL-5).
 */
export async function findEnrolled(db: Kysely<Schema>, id: string): Promise<EnrolledPerson> {
  const person = await findRegistered(db, id)
  if (!person.endorsed) {
    throw new RegistryError(
      'NOT_ENDORSED',
      'this registration does not count yet: ask somebody to run "countersign person endorse"',
    )
  }
  return person
}

/** As {@link findEnrolled}, endorsed or not. @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` */
export async function findRegistered(db: Kysely<Schema>, id: string): Promise<EnrolledPerson> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  const { rev, registration } = row
  if (row.status !== 'enrolled' || rev === null || registration === null) {
    throw new RegistryError(
      'STATE_CONFLICT',
      'this person has left or did not enrol yet: invite them, or wait until they enrol',
    )
  }
  const rows = await passkeysOf(db, id, row.endorsed === null ? 'waiting' : 'counts')
  const [first, ...rest] = rows.map(passkeyOf)
  if (first === undefined) {
    throw new RegistryError(
      'STATE_CONFLICT',
      'no passkey of this person is left: somebody else runs "countersign person recover"',
    )
  }
  return {
    id: row.id,
    status: row.status,
    endorsed: row.endorsed !== null,
    rev,
    registration,
    passkeys: [first, ...rest],
    amr: first.amr,
  }
}

/** A passkey, and not a software authenticator (PPL-3). */
export function usesPasskey(person: EnrolledPerson): boolean {
  return !person.amr.includes('swk')
}

/**
 * The gesture of a person, complete: whose it is, and by which passkey, comes from the register and never from the request.
 * @param faultOf what does not hold of a gesture, or null. It holds with one key of them at most
 * @throws {RegistryError} `GESTURE_INVALID`: by none of their passkeys that count
 */
export function gestureBy(
  { rev, passkeys }: Signer,
  role: Gesture['role'],
  parts: GestureParts,
  faultOf: (gesture: Gesture) => string | null,
): Gesture {
  let why: string | null = null
  for (const { jwk, registration } of passkeys) {
    const gesture = { rev, role, jwk, registration, ...parts }
    const fault = faultOf(gesture)
    if (fault === null) return gesture
    why ??= fault
  }
  throw new RegistryError('GESTURE_INVALID', why ?? 'no passkey of this person counts')
}
