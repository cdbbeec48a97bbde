/** Service accounts as people and programs see them. spec/service-accounts.md. @module */
import type { Kysely } from 'kysely'
import type { ServiceTerms } from '../log/service-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { findAccount, keyOf, networksOf, rolesOf, type ServiceRow } from './service-rows.ts'

type Db = Kysely<Schema>

const LISTED_MAX = 1_000

export interface ServiceView extends Omit<ServiceTerms, 'expires'> {
  readonly id: string
  readonly status: 'waiting' | 'approved' | 'active' | 'expired' | 'disabled' | 'retired'
  readonly proposer: string
  /** Milliseconds, as those below. */
  readonly proposed: number
  readonly approver: string | null
  readonly approved: number | null
  readonly expires: number
  readonly ended: number | null
  /** Of its key now. */
  readonly key: { readonly jkt: string; readonly since: number } | null
  /** When it asked last, to a minute. */
  readonly used: number | null
}

/** The latest first. */
export async function listServices(db: Db, now_ms: number): Promise<ServiceView[]> {
  const rows = await db
    .selectFrom('service_accounts')
    .selectAll()
    .orderBy('entry', 'desc')
    .limit(LISTED_MAX)
    .execute()
  const keys = await db.selectFrom('service_keys').selectAll().where('replaced', 'is', null).execute()
  const uses = await db.selectFrom('service_uses').selectAll().execute()
  const keyBy = new Map(keys.map((key) => [key.account, key]))
  const usedBy = new Map(uses.map(({ account, used }) => [account, used]))
  return rows.map((row) => viewOf(row, keyBy.get(row.id) ?? null, usedBy.get(row.id) ?? null, now_ms))
}

/** @throws {RegistryError} `UNKNOWN_SERVICE_ACCOUNT` */
export async function showService(db: Db, id: string, now_ms: number): Promise<ServiceView> {
  return viewOf(await findAccount(db, id), await keyOf(db, id), null, now_ms)
}

function viewOf(
  row: ServiceRow,
  key: { readonly jkt: string; readonly since: number } | null,
  used: number | null,
  now_ms: number,
): ServiceView {
  const { id, name, purpose, owner, proposer, proposed, approver, approved, expires, ended_at } = row
  return {
    id,
    name,
    purpose,
    owner,
    roles: rolesOf(row),
    networks: networksOf(row),
    status: statusOf(row, key !== null, now_ms),
    proposer,
    proposed,
    approver,
    approved,
    expires,
    ended: ended_at,
    key: key === null ? null : { jkt: key.jkt, since: key.since },
    used,
  }
}

function statusOf(row: ServiceRow, hasKey: boolean, now_ms: number): ServiceView['status'] {
  if (row.ended !== null) return row.ended
  if (row.expires <= now_ms) return 'expired'
  if (row.approval === null) return 'waiting'
  return hasKey ? 'active' : 'approved'
}
