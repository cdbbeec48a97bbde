/**
 * Whether roles decide, and which a person has. spec/roles.md (ROL-13, ROL-14). They decide from the first role on that
 * people approved: until then an installation has told nobody apart, and whoever is endorsed acts as its owner. Who is not acts as nobody.
 * @module
 */
import type { Kysely } from 'kysely'
import { endorses, holds, opensToNewcomer, permissionFor } from '../core/permitted.ts'
import { ROLE_NAMES, type Role } from '../core/roles.ts'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>

export interface Access {
  /** Whether roles decide in this installation. */
  readonly decided: boolean
  /** False: nobody endorsed their registration, and they see what that takes and no more (PPL-18). */
  readonly endorsed: boolean
  /** What the person may act as: all of them, where roles do not decide; none before they are endorsed. */
  readonly roles: readonly Role[]
}

export async function accessOf(db: Db, person: string): Promise<Access> {
  const decided = await rolesDecide(db)
  const row = await db.selectFrom('people').select('endorsed').where('id', '=', person).executeTakeFirst()
  if ((row?.endorsed ?? null) === null) return { decided, endorsed: false, roles: [] }
  if (!decided) return { decided, endorsed: true, roles: ROLE_NAMES }
  const rows = await inForce(db).select('name').where('person', '=', person).execute()
  const held = new Set(rows.map(({ name }) => name))
  return { decided, endorsed: true, roles: ROLE_NAMES.filter((role) => held.has(role)) }
}

/** What a person asks for. */
export interface Asking {
  /** `METHOD /path`, as the matrix names it. */
  readonly operation: string
  /** What `{id}` in the path is; absent: it has none. */
  readonly of: string | undefined
}

/** Whether a person may ask for this: by their roles, or by what takes none (PPL-12, PPL-18). */
export async function mayAsk(db: Db, person: string, { operation, of }: Asking): Promise<boolean> {
  const { decided, endorsed, roles } = await accessOf(db, person)
  if (!endorsed) return opensToNewcomer(operation, of === person)
  const permission = permissionFor(operation)
  if (!decided || (permission !== null && holds(permission, roles))) return true
  return endorses(operation) && of !== undefined && (await isInvitedByMachine(db, of))
}

/** PPL-13: whoever holds the control plane's own machine let them register anew, and nobody in a role. */
async function isInvitedByMachine(db: Db, person: string): Promise<boolean> {
  const recovery = await db
    .selectFrom('recoveries')
    .select('person')
    .where('person', '=', person)
    .where('inviter', 'is', null)
    .executeTakeFirst()
  return recovery !== undefined
}

/** Once a role was approved they decide for good, also when it was removed since: access never widens by a removal. */
export async function rolesDecide(db: Db): Promise<boolean> {
  const approved = await db
    .selectFrom('roles')
    .select('id')
    .where('kind', '=', 'role')
    .where('proposer', 'is not', null)
    .where('approval', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return approved !== undefined
}

function inForce(db: Db) {
  return db
    .selectFrom('roles')
    .where('kind', '=', 'role')
    .where('approval', 'is not', null)
    .where('removed', 'is', null)
}
