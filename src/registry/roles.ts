/**
 * Who administers the installation: proposed by one person, approved by another, reviewed each quarter, removed by anybody.
 * spec/roles.md (ROL-1 to ROL-6).
 *
 *   proposed --approve--> in force --remove--> removed
 *
 * Invariants: what is in force was approved by somebody who neither holds nor proposed it, or the entry says so; somebody
 * is an owner.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { holdingName, type Holding } from '../core/roles.ts'
import { rfc3339 } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { ReviewItem } from '../log/governance-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { rolesDecide } from './access.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { ownersHere } from './last-person.ts'
import { findEnrolled } from './people.ts'
import { findRole, holdingOf, insertRole, updateRole, type RoleRow } from './role-rows.ts'

type Db = Kysely<Schema>

/** Of those that wait or are in force. */
const ROLES_MAX = 2_000

/** ROL-3: the first person of an installation owns it. */
export async function presetOwner(
  { crypto }: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  person: string,
): Promise<void> {
  const id = newId(crypto, 'rol', tx.now)
  const body = { kind: 'role', person, role: 'owner' } as const
  const entry = await tx.append({ type: 'role.preset', actor: SYSTEM, subject: id, body })
  await insertRole(tx.db, id, body, { entry, time_ms: tx.now, proposer: null })
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_PERSON`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: they hold it, or it waits */
export function proposeRole(
  ctx: RegistryContext,
  proposer: string,
  body: Holding,
): Promise<{ role: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, proposer)
    return proposeRoleTx(ctx, tx, personActor(proposer), body)
  })
}

/** As {@link proposeRole}, for whoever may ask and has a transaction. */
export async function proposeRoleTx(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  actor: Actor,
  body: Holding,
): Promise<{ role: string; entry: number }> {
  await findEnrolled(tx.db, body.person)
  const standing = await standingRoles(tx.db)
  if (standing.length >= ROLES_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `${ROLES_MAX} roles and custodies stand`)
  const same = standing.find((row) => isSame(row, body))
  if (same !== undefined)
    throw new RegistryError('STATE_CONFLICT', `${same.id} says that already: approve or remove that one`)
  const id = newId(ctx.crypto, 'rol', tx.now)
  const entry = await tx.append({ type: 'role.proposed', actor, subject: id, body })
  await insertRole(tx.db, id, body, { entry, time_ms: tx.now, proposer: actor.id })
  return { role: id, entry }
}

function isSame(row: RoleRow, body: Holding): boolean {
  return (
    row.kind === body.kind && row.person === body.person && holdingName(holdingOf(row)) === holdingName(body)
  )
}

/** Those that wait or are in force. */
export function standingRoles(db: Db): Promise<RoleRow[]> {
  return db.selectFrom('roles').selectAll().where('removed', 'is', null).orderBy('id').execute()
}

/** ROL-4. */
export const roleApproval: ApprovalTerms<'role.approved'> = {
  type: 'role.approved',
  notOwn: 'who proposed it or is to hold it does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await findRole(db, id)
    if (row.removed !== null) throw new RegistryError('STATE_CONFLICT', 'it was removed: propose it again')
    if (row.approval !== null || row.proposer === null)
      throw new RegistryError('STATE_CONFLICT', 'it is in force already')
    await findEnrolled(db, row.person)
    await assertOwned(db, row, approver)
    const { person, entry: proposal } = row
    const act = {
      act: 'role.approve',
      role: id,
      person,
      holds: holdingName(holdingOf(row)),
      proposal,
    } as const
    return { act: { ...act, approver }, askedBy: [row.proposer, person] }
  },
  async settle(tx, { key: { id }, act: { approver }, approval }) {
    await updateRole(tx.db, id, { approver, approval, approved: tx.now })
  },
}

/**
 * The first role that is approved has roles decide for good (ROL-13): with no owner here nobody could give any other. And
 * an owner makes the next one (ROL-19), or who may approve roles would make of any person of theirs what they are not.
 * @throws {RegistryError} `STATE_CONFLICT`, `OWNER_NEEDED`
 */
async function assertOwned(db: Db, row: RoleRow, approver: string): Promise<void> {
  if (row.kind !== 'role') return
  const owners = await ownersHere(db)
  if (row.name === 'owner') {
    if (owners.length === 0 || owners.some(({ person }) => person === approver)) return
    throw new RegistryError(
      'OWNER_NEEDED',
      'an owner approves who owns it too: ask one who neither proposed it nor is to hold it',
    )
  }
  if (owners.length > 0 || (await rolesDecide(db))) return
  throw new RegistryError('STATE_CONFLICT', 'no owner is here any more: have one approved before other roles')
}

/** @throws {RegistryError} `UNKNOWN_ROLE`, `NOT_ENDORSED`; `STATE_CONFLICT`: removed before; `LAST_OWNER` */
export function removeRole(
  ctx: RegistryContext,
  person: string,
  id: string,
  reason: string,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { removed } = await findRole(tx.db, id)
    if (removed !== null) throw new RegistryError('STATE_CONFLICT', 'it was removed before')
    return { entry: await removeRoleTx(tx, personActor(person), id, reason) }
  })
}

/** @returns the index of the entry that removed it, now or before. @throws {RegistryError} `UNKNOWN_ROLE`, `LAST_OWNER` */
export async function removeRoleTx(tx: Tx, actor: Actor, id: string, reason: string): Promise<number> {
  const row = await findRole(tx.db, id)
  if (row.removal !== null) return row.removal
  // Of two, one who has left is no other.
  if (isOwner(row) && (await ownersHere(tx.db)).every(({ role }) => role === id))
    throw new RegistryError('LAST_OWNER', 'this is the last owner: have another one approved first')
  const entry = await tx.append({ type: 'role.removed', actor, subject: id, body: { reason } })
  await updateRole(tx.db, id, { removal: entry, removed: tx.now })
  return entry
}

function isOwner({ kind, name, approval }: RoleRow): boolean {
  return kind === 'role' && name === 'owner' && approval !== null
}

/** What a review of roles looks at (ROL-7): all that is in force. */
export async function rolesInForce(db: Db): Promise<ReviewItem[]> {
  const rows = (await standingRoles(db)).filter(({ approval }) => approval !== null)
  return rows.map((row) => ({
    kind: 'role',
    target: row.id,
    owner: row.person,
    may: [`${row.kind}: ${holdingName(holdingOf(row))}`, `since: ${rfc3339(row.approved ?? row.proposed)}`],
  }))
}

export interface RoleView {
  readonly id: string
  readonly holding: Holding
  readonly status: 'waiting' | 'in_force' | 'removed'
  /** Null: the set-up. */
  readonly proposer: string | null
  /** Milliseconds, as those below. */
  readonly proposed: number
  readonly approver: string | null
  readonly approved: number | null
  readonly removed: number | null
}

/** The oldest first. */
export async function listRoles(db: Db): Promise<RoleView[]> {
  const rows = await db.selectFrom('roles').selectAll().orderBy('entry').execute()
  return rows.map((row) => {
    const { id, proposer, proposed, approver, approved, approval, removed } = row
    const standing = approval === null ? 'waiting' : 'in_force'
    const status = removed === null ? standing : 'removed'
    return { id, holding: holdingOf(row), status, proposer, proposed, approver, approved, removed }
  })
}
