/** Rows of links to accounts, written the same by an act and by a fold of the log. spec/identity.md (IDN-8, IDN-11). @module */
import type { Kysely } from 'kysely'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'

type Db = Kysely<Schema>
export type IdentityRow = Schema['identities']

export async function insertIdentity(db: Db, row: IdentityRow): Promise<void> {
  await db.insertInto('identities').values(row).execute()
}

/** With what opens its commitment. */
export async function dropIdentity(db: Db, id: string): Promise<void> {
  const row = await db
    .deleteFrom('identities')
    .where('id', '=', id)
    .returning('sub_commit')
    .executeTakeFirst()
  if (row) await db.deleteFrom('sealed').where('commitment', '=', row.sub_commit).execute()
}

export async function unlinkTx(tx: Tx, actor: Actor, { id, person }: IdentityRow): Promise<void> {
  await tx.append({ type: 'identity.unlinked', actor, subject: person, body: { identity: id } })
  await dropIdentity(tx.db, id)
}

/** Who leaves has no account any more (IDN-11). */
export async function unlinkAllTx(tx: Tx, actor: Actor, person: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('identities')
    .selectAll()
    .where('person', '=', person)
    .orderBy('id')
    .execute()
  for (const row of rows) await unlinkTx(tx, actor, row)
}

/** Nothing of a person who is erased is found any more, nor what a client says of them (ERA-6). */
export async function clearIdentities(db: Db, person: string): Promise<void> {
  await db.deleteFrom('identities').where('person', '=', person).execute()
  const users = db.selectFrom('scim_users').select('id').where('person', '=', person)
  await db.deleteFrom('scim_members').where('user', 'in', users).execute()
  await db.deleteFrom('scim_users').where('person', '=', person).execute()
}
