/** Rows of service accounts, as registers and folds write them. spec/service-accounts.md. @module */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { ServiceRole } from '../core/roles.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { ServiceTerms } from '../log/service-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { RegistryError } from './errors.ts'

export type ServiceRow = Schema['service_accounts']
export type ServiceKeyRow = Schema['service_keys']
type Db = Kysely<Schema>

interface Begun {
  /** Index of the entry that it begins with. */
  readonly entry: number
  readonly time_ms: number
  readonly proposer: string
}

export async function insertAccount(
  db: Db,
  id: string,
  { name, purpose, owner, roles, networks, expires }: ServiceTerms,
  { entry, time_ms, proposer }: Begun,
): Promise<void> {
  await db
    .insertInto('service_accounts')
    .values({
      id,
      entry,
      name,
      purpose,
      owner,
      roles_json: canonicalize(roles),
      networks_json: canonicalize(networks),
      expires: parseRfc3339(expires),
      proposer,
      proposed: time_ms,
      approver: null,
      approval: null,
      approved: null,
      ended: null,
      ending: null,
      ended_at: null,
    })
    .execute()
}

export function termsOf(row: ServiceRow): ServiceTerms {
  const { name, purpose, owner, expires } = row
  return { name, purpose, owner, roles: rolesOf(row), networks: networksOf(row), expires: rfc3339(expires) }
}

export function rolesOf({ roles_json }: Pick<ServiceRow, 'roles_json'>): ServiceRole[] {
  return parseJson(roles_json) as ServiceRole[]
}

export function networksOf({ networks_json }: Pick<ServiceRow, 'networks_json'>): string[] {
  return parseJson(networks_json) as string[]
}

/** @throws {RegistryError} `UNKNOWN_SERVICE_ACCOUNT` */
export async function findAccount(db: Db, id: string): Promise<ServiceRow> {
  const row = await db.selectFrom('service_accounts').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError(
      'UNKNOWN_SERVICE_ACCOUNT',
      'no such service account: see "countersign service-account list"',
    )
  return row
}

export async function markServiceApproved(
  db: Db,
  id: string,
  approved: Pick<ServiceRow, 'approver' | 'approval' | 'approved'>,
): Promise<void> {
  await db.updateTable('service_accounts').set(approved).where('id', '=', id).execute()
}

/** The key that an account has from an entry on: the one before is nobody's. */
export async function putServiceKey(db: Db, key: Omit<ServiceKeyRow, 'replaced'>): Promise<void> {
  await db
    .updateTable('service_keys')
    .set({ replaced: key.entry })
    .where('account', '=', key.account)
    .where('replaced', 'is', null)
    .execute()
  await db
    .insertInto('service_keys')
    .values({ ...key, replaced: null })
    .execute()
}

export async function keyOf(db: Db, account: string): Promise<ServiceKeyRow | null> {
  const row = await db
    .selectFrom('service_keys')
    .selectAll()
    .where('account', '=', account)
    .where('replaced', 'is', null)
    .executeTakeFirst()
  return row ?? null
}

/** Its invitation is good for nothing any more. */
export async function endAccount(
  db: Db,
  id: string,
  end: Pick<ServiceRow, 'ended' | 'ending' | 'ended_at'>,
): Promise<void> {
  await db.updateTable('service_accounts').set(end).where('id', '=', id).execute()
  await db.deleteFrom('service_invitations').where('account', '=', id).execute()
}

/** SVC-7: programs end with who answers for them. */
export async function retireOwnedTx(tx: Tx, actor: Actor, owner: string, reason: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('service_accounts')
    .select('id')
    .where('owner', '=', owner)
    .where('ended', 'is', null)
    .orderBy('id')
    .execute()
  for (const { id } of rows) {
    const type = 'service_account.retired'
    const ending = await tx.append({ type, actor, subject: id, body: { reason } })
    await endAccount(tx.db, id, { ended: 'retired', ending, ended_at: tx.now })
  }
}

/** Those and, where some are programs, who owns them (SVC-13). */
export async function withOwners(db: Db, ids: readonly string[]): Promise<readonly string[]> {
  const programs = ids.filter((id) => id.startsWith('svc_'))
  if (programs.length === 0) return ids
  const rows = await db.selectFrom('service_accounts').select('owner').where('id', 'in', programs).execute()
  return [...ids, ...rows.map(({ owner }) => owner)]
}
