/**
 * Rows of what is provisioned, written the same by an act and by a fold of the log. spec/identity.md (IDN-14 to IDN-22).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>
export type ScimClientRow = Schema['scim_clients']
export type ScimUserRow = Schema['scim_users']
export type ScimGroupRow = Schema['scim_groups']

/** Rows that one statement inserts. */
const SLICE = 200

export async function insertClient(db: Db, row: ScimClientRow): Promise<void> {
  await db.insertInto('scim_clients').values(row).execute()
}

export async function renewClient(
  db: Db,
  id: string,
  change: Pick<ScimClientRow, 'expires' | 'token_hash'>,
): Promise<void> {
  await db.updateTable('scim_clients').set(change).where('id', '=', id).execute()
}

/** Its users are found by nobody any more: another client may say them again. */
export async function markClientRemoved(db: Db, id: string, removed: number): Promise<void> {
  const found = { name_key: null, look_key: null, external_key: null }
  await db.updateTable('scim_users').set(found).where('client', '=', id).execute()
  await db.updateTable('scim_clients').set({ removed, token_hash: null }).where('id', '=', id).execute()
}

export async function insertUser(db: Db, row: ScimUserRow): Promise<void> {
  await db.insertInto('scim_users').values(row).execute()
}

export async function updateUser(db: Db, id: string, change: Partial<ScimUserRow>): Promise<void> {
  await db.updateTable('scim_users').set(change).where('id', '=', id).execute()
}

/** With its memberships, and what opens the commitment to what was said of it. */
export async function dropUser(db: Db, id: string): Promise<void> {
  await db.deleteFrom('scim_members').where('user', '=', id).execute()
  const row = await db
    .deleteFrom('scim_users')
    .where('id', '=', id)
    .returning('user_commit')
    .executeTakeFirst()
  if (row) await db.deleteFrom('sealed').where('commitment', '=', row.user_commit).execute()
}

export async function insertGroup(db: Db, row: ScimGroupRow): Promise<void> {
  await db.insertInto('scim_groups').values(row).execute()
}

export async function updateGroup(db: Db, id: string, change: Partial<ScimGroupRow>): Promise<void> {
  await db.updateTable('scim_groups').set(change).where('id', '=', id).execute()
}

export async function dropGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('scim_members').where('group', '=', id).execute()
  await db.deleteFrom('scim_groups').where('id', '=', id).execute()
}

export async function insertMembers(db: Db, group: string, users: readonly string[]): Promise<void> {
  for (let at = 0; at < users.length; at += SLICE) {
    const rows = users.slice(at, at + SLICE).map((user) => ({ group, user }))
    await db.insertInto('scim_members').values(rows).execute()
  }
}

export async function dropMembers(db: Db, group: string, users: readonly string[]): Promise<void> {
  for (let at = 0; at < users.length; at += SLICE)
    await db
      .deleteFrom('scim_members')
      .where('group', '=', group)
      .where('user', 'in', users.slice(at, at + SLICE))
      .execute()
}
