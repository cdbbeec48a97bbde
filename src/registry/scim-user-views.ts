/**
 * Users as their provisioning client sees them. spec/identity.md (IDN-17, IDN-21). Invariant: a client sees its own alone.
 * @module
 */
import type { Kysely } from 'kysely'
import { foldIdentifier } from '../core/consent.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { soughtKey } from './identity-index.ts'
import { openingOf } from './personal.ts'
import { ScimError } from './scim-errors.ts'
import type { ScimUserRow } from './scim-rows.ts'

type Db = Kysely<Schema>

/** @throws {ScimError} `unknown`: also of another client */
export async function findUserRow(db: Db, client: string, id: string): Promise<ScimUserRow> {
  const row = await db
    .selectFrom('scim_users')
    .selectAll()
    .where('id', '=', id)
    .where('client', '=', client)
    .executeTakeFirst()
  if (!row) throw new ScimError('unknown', 'no such user')
  return row
}

/** Whoever left otherwise is not active either. */
export async function isActive(
  db: Db,
  { active, person }: Pick<ScimUserRow, 'active' | 'person'>,
): Promise<boolean> {
  const row = await db.selectFrom('people').select('status').where('id', '=', person).executeTakeFirst()
  return active === 1 && row !== undefined && row.status !== 'left'
}

export async function saidOf(
  ctx: RegistryContext,
  db: Db,
  { user_commit }: ScimUserRow,
): Promise<JsonObject | null> {
  const found = await openingOf(ctx, db, user_commit)
  if (found === null || !('value' in found.opening)) return null
  return isJsonObject(found.opening.value) ? found.opening.value : null
}

export interface UserView {
  readonly id: string
  /** Null: it cannot be opened any more. */
  readonly said: JsonObject | null
  readonly active: boolean
  /** Milliseconds. */
  readonly created: number
  readonly modified: number
  readonly groups: readonly { readonly id: string; readonly name: string }[]
}

/** @throws {ScimError} `unknown` */
export function userOf(ctx: RegistryContext, client: string, id: string): Promise<UserView> {
  return ctx.store.query(async (db) => viewOf(ctx, db, await findUserRow(db, client, id)))
}

async function viewOf(ctx: RegistryContext, db: Db, row: ScimUserRow): Promise<UserView> {
  const groups = await db
    .selectFrom('scim_members')
    .innerJoin('scim_groups', 'scim_groups.id', 'scim_members.group')
    .select(['scim_groups.id', 'scim_groups.name'])
    .where('scim_members.user', '=', row.id)
    .orderBy('scim_groups.id')
    .execute()
  const { id, created, modified } = row
  return { id, said: await saidOf(ctx, db, row), active: await isActive(db, row), created, modified, groups }
}

/** What users are looked for by, each of which must hold. */
export interface UserFilter {
  readonly id?: string
  readonly userName?: string
  readonly externalId?: string
  readonly active?: boolean
}

/** @returns one page in the order of creation, and how many there are in all */
export function listUsers(
  ctx: RegistryContext,
  client: string,
  filter: UserFilter,
  page: { readonly offset: number; readonly limit: number },
): Promise<{ readonly total: number; readonly users: readonly UserView[] }> {
  return ctx.store.query(async (db) => {
    let query = db
      .selectFrom('scim_users')
      .innerJoin('people', 'people.id', 'scim_users.person')
      .where('scim_users.client', '=', client)
    if (filter.id !== undefined) query = query.where('scim_users.id', '=', filter.id)
    if (filter.userName !== undefined) {
      const folded = foldIdentifier(filter.userName)
      const key = folded === null ? null : await soughtKey(ctx, db, ['user_name', folded])
      query = query.where('name_key', '=', key ?? '')
    }
    if (filter.externalId !== undefined) {
      const key = await soughtKey(ctx, db, ['external', client, filter.externalId])
      query = query.where('external_key', '=', key ?? '')
    }
    if (filter.active === true) query = query.where('active', '=', 1).where('people.status', '!=', 'left')
    if (filter.active === false)
      query = query.where((eb) => eb.or([eb('active', '=', 0), eb('people.status', '=', 'left')]))
    const { n } = await query
      .select((eb) => eb.fn.countAll<number | string>().as('n'))
      .executeTakeFirstOrThrow()
    const rows = await query
      .selectAll('scim_users')
      .orderBy('scim_users.id')
      .offset(page.offset)
      .limit(page.limit)
      .execute()
    return { total: Number(n), users: await Promise.all(rows.map((row) => viewOf(ctx, db, row))) }
  })
}
