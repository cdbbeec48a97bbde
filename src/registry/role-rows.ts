/** Rows of roles and custody, as registers and folds write them. spec/roles.md. @module */
import type { Kysely } from 'kysely'
import type { Custody, Holding, Role } from '../core/roles.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type RoleRow = Schema['roles']
type Db = Kysely<Schema>

interface Begun {
  /** Index of the entry that it begins with. */
  readonly entry: number
  readonly time_ms: number
  /** Who proposed it; null: the set-up gave it, and it is in force. */
  readonly proposer: string | null
}

export async function insertRole(
  db: Db,
  id: string,
  holding: Holding,
  { entry, time_ms, proposer }: Begun,
): Promise<void> {
  const { kind, person } = holding
  const name = holding.kind === 'role' ? holding.role : holding.custody
  const thing = holding.kind === 'role' ? null : holding.of
  const isPreset = proposer === null
  await db
    .insertInto('roles')
    .values({
      id,
      entry,
      kind,
      name,
      thing,
      person,
      proposer,
      proposed: time_ms,
      approver: null,
      approval: isPreset ? entry : null,
      approved: isPreset ? time_ms : null,
      removal: null,
      removed: null,
    })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_ROLE` */
export async function findRole(db: Db, id: string): Promise<RoleRow> {
  const row = await db.selectFrom('roles').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_ROLE', 'nobody holds that: see "countersign role list"')
  return row
}

export async function updateRole(db: Db, id: string, change: Partial<RoleRow>): Promise<void> {
  await db.updateTable('roles').set(change).where('id', '=', id).execute()
}

export function holdingOf({ kind, person, name, thing }: RoleRow): Holding {
  return kind === 'role'
    ? { kind, person, role: name as Role }
    : { kind, person, custody: name as Custody, of: thing ?? '' }
}
