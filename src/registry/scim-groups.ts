/**
 * Groups as a provisioning client has them. spec/identity.md (IDN-22, IDN-23).
 * Invariant: whoever comes into a group or goes out of it is proposed for its role, or loses it, in the same transaction.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { MEMBERS_MAX } from '../log/identity-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { provisioner } from './scim-clients.ts'
import { ScimError } from './scim-errors.ts'
import { settleRolesTx } from './scim-roles.ts'
import {
  dropGroup,
  dropMembers,
  insertGroup,
  insertMembers,
  updateGroup,
  type ScimGroupRow,
} from './scim-rows.ts'
import { findUserRow } from './scim-user-views.ts'
import type { Provisioning } from './scim-users.ts'

type Db = Kysely<Schema>

export interface GroupSaid {
  readonly name: string
  readonly external: string | null
  /** Identifiers of users. */
  readonly members: readonly string[]
}

/** What changes of a group; what is not named stays. */
export interface GroupChange {
  readonly name?: string
  readonly external?: string | null
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

export interface GroupView extends Pick<ScimGroupRow, 'id' | 'name' | 'external' | 'created' | 'modified'> {
  readonly members: readonly string[]
}

/** @throws {ScimError} `uniqueness`; `invalidValue`: a member is no user of the client */
export function addGroup(ctx: RegistryContext, by: Provisioning, said: GroupSaid): Promise<GroupView> {
  return ctx.store.write(async (tx) => {
    const { client } = by
    const { name, external, members } = said
    await assertFree(tx.db, client, name, null)
    const id = newId(ctx.crypto, 'scg', tx.now)
    const body = { client, name, external }
    const added = await tx.append({ type: 'scim.group_added', actor: provisioner(client), subject: id, body })
    const times = { added, created: tx.now, changed: added, modified: tx.now }
    await insertGroup(tx.db, { id, ...body, ...times })
    await changeTx(ctx, tx, by, id, { add: members, remove: [] })
    return viewOf(tx.db, await findGroupRow(tx.db, client, id))
  })
}

async function assertFree(db: Db, client: string, name: string, own: string | null): Promise<void> {
  const taken = await db
    .selectFrom('scim_groups')
    .select('id')
    .where('client', '=', client)
    .where('name', '=', name)
    .executeTakeFirst()
  if (taken !== undefined && taken.id !== own)
    throw new ScimError('uniqueness', 'another group has this displayName')
}

/**
 * @param change of the group as it stands in the transaction
 * @throws {ScimError} `unknown`, `uniqueness`, `invalidValue`; {RegistryError} `LAST_OWNER`
 */
export function changeGroup(
  ctx: RegistryContext,
  by: Provisioning,
  id: string,
  change: (group: GroupView) => GroupChange,
): Promise<GroupView> {
  return ctx.store.write(async (tx) => {
    const group = await viewOf(tx.db, await findGroupRow(tx.db, by.client, id))
    const wanted = change(group)
    if (wanted.name !== undefined) await assertFree(tx.db, by.client, wanted.name, id)
    await changeTx(ctx, tx, by, id, wanted)
    return viewOf(tx.db, await findGroupRow(tx.db, by.client, id))
  })
}

async function changeTx(
  ctx: RegistryContext,
  tx: Tx,
  by: Provisioning,
  id: string,
  { name, external, add, remove }: GroupChange,
): Promise<void> {
  const before = await findGroupRow(tx.db, by.client, id)
  const members = new Set(await membersOf(tx.db, id))
  const removed = [...new Set(remove)].filter((user) => members.has(user))
  const added = [...new Set(add)].filter((user) => !members.has(user) || removed.includes(user))
  for (const user of added) await assertOwn(tx.db, by.client, user)
  const isRenamed = name !== undefined && name !== before.name
  const said = {
    ...(isRenamed ? { name } : {}),
    ...(external === undefined || external === before.external ? {} : { external }),
  }
  if (Object.keys(said).length + removed.length + added.length === 0) return
  const times = { changed: 0, modified: tx.now }
  for (let at = 0; at === 0 || at < Math.max(added.length, removed.length); at += MEMBERS_MAX) {
    const [some, others] = [added.slice(at, at + MEMBERS_MAX), removed.slice(at, at + MEMBERS_MAX)]
    const body = { ...(at === 0 ? said : {}), added: some, removed: others }
    times.changed = await tx.append({
      type: 'scim.group_changed',
      actor: provisioner(by.client),
      subject: id,
      body,
    })
    await dropMembers(tx.db, id, others)
    await insertMembers(tx.db, id, some)
  }
  await updateGroup(tx.db, id, { ...said, ...times })
  const touched = isRenamed ? [...new Set([...members, ...added])] : [...new Set([...added, ...removed])]
  for (const user of touched)
    await settleRolesTx(ctx, tx, await findUserRow(tx.db, by.client, user), by.roles)
}

async function assertOwn(db: Db, client: string, user: string): Promise<void> {
  const row = await db
    .selectFrom('scim_users')
    .select('id')
    .where('id', '=', user)
    .where('client', '=', client)
    .executeTakeFirst()
  if (!row) throw new ScimError('invalidValue', 'a member is no user of yours')
}

/** @throws {ScimError} `unknown`; {RegistryError} `LAST_OWNER` */
export function removeGroup(ctx: RegistryContext, by: Provisioning, id: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findGroupRow(tx.db, by.client, id)
    const members = await membersOf(tx.db, id)
    await tx.append({ type: 'scim.group_removed', actor: provisioner(by.client), subject: id, body: {} })
    await dropGroup(tx.db, id)
    for (const user of members)
      await settleRolesTx(ctx, tx, await findUserRow(tx.db, by.client, user), by.roles)
  })
}

async function findGroupRow(db: Db, client: string, id: string): Promise<ScimGroupRow> {
  const row = await db
    .selectFrom('scim_groups')
    .selectAll()
    .where('id', '=', id)
    .where('client', '=', client)
    .executeTakeFirst()
  if (!row) throw new ScimError('unknown', 'no such group')
  return row
}

async function membersOf(db: Db, group: string): Promise<string[]> {
  const rows = await db
    .selectFrom('scim_members')
    .select('user')
    .where('group', '=', group)
    .orderBy('user')
    .execute()
  return rows.map(({ user }) => user)
}

async function viewOf(db: Db, { id, name, external, created, modified }: ScimGroupRow): Promise<GroupView> {
  return { id, name, external, created, modified, members: await membersOf(db, id) }
}

/** @throws {ScimError} `unknown` */
export function groupOf(ctx: RegistryContext, client: string, id: string): Promise<GroupView> {
  return ctx.store.query(async (db) => viewOf(db, await findGroupRow(db, client, id)))
}

export interface GroupFilter {
  readonly id?: string
  readonly displayName?: string
  readonly externalId?: string
}

/** @returns one page in the order of creation, and how many there are in all */
export function listGroups(
  ctx: RegistryContext,
  client: string,
  filter: GroupFilter,
  page: { readonly offset: number; readonly limit: number },
): Promise<{ readonly total: number; readonly groups: readonly GroupView[] }> {
  return ctx.store.query(async (db) => {
    let query = db.selectFrom('scim_groups').where('client', '=', client)
    if (filter.id !== undefined) query = query.where('id', '=', filter.id)
    if (filter.displayName !== undefined) query = query.where('name', '=', filter.displayName)
    if (filter.externalId !== undefined) query = query.where('external', '=', filter.externalId)
    const { n } = await query
      .select((eb) => eb.fn.countAll<number | string>().as('n'))
      .executeTakeFirstOrThrow()
    const rows = await query.selectAll().orderBy('id').offset(page.offset).limit(page.limit).execute()
    return { total: Number(n), groups: await Promise.all(rows.map((row) => viewOf(db, row))) }
  })
}
