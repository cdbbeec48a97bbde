/** Which service accounts stand, and what a request of one is judged by. spec/service-accounts.md (SVC-6 to SVC-8, SVC-14). @module */
import type { Kysely } from 'kysely'
import type { ServiceRole } from '../core/roles.ts'
import { rfc3339 } from '../core/time.ts'
import type { ReviewItem } from '../log/governance-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { withWrite, type Store, type Tx } from '../ports/store.ts'
import { RegistryError } from './errors.ts'
import { findAccount, networksOf, rolesOf, type ServiceRow } from './service-rows.ts'

type Db = Kysely<Schema>

/** Those that wait or may act. */
export function standingServices({ db, now }: Pick<Tx, 'db' | 'now'>): Promise<ServiceRow[]> {
  return db
    .selectFrom('service_accounts')
    .selectAll()
    .where('ended', 'is', null)
    .where('expires', '>', now)
    .orderBy('id')
    .execute()
}

/**
 * Why a key of the account opens nothing now.
 * @throws {RegistryError} `SERVICE_ACCOUNT_DISABLED`, `SERVICE_ACCOUNT_RETIRED`, `SERVICE_ACCOUNT_EXPIRED`
 */
export function assertNotOver(
  { ended, expires }: Pick<ServiceRow, 'ended' | 'expires'>,
  now_ms: number,
): void {
  if (ended === 'disabled')
    throw new RegistryError('SERVICE_ACCOUNT_DISABLED', 'this service account was disabled: propose another')
  if (ended === 'retired')
    throw new RegistryError('SERVICE_ACCOUNT_RETIRED', 'the owner of this service account has left')
  if (expires <= now_ms)
    throw new RegistryError('SERVICE_ACCOUNT_EXPIRED', 'this service account has expired: propose another')
}

/** What a review of access looks at (SVC-14). */
export async function servicesInForce(db: Db, now: number): Promise<ReviewItem[]> {
  const rows = (await standingServices({ db, now })).filter(({ approval }) => approval !== null)
  return rows.map((row) => ({
    kind: 'service',
    target: row.id,
    owner: row.owner,
    may: [
      ...rolesOf(row).map((role) => `role: ${role}`),
      ...networksOf(row).map((network) => `network: ${network}`),
      `until: ${rfc3339(row.expires)}`,
    ],
  }))
}

/** What a request of an account is judged by (SVC-8). */
export interface ServiceAccess {
  readonly roles: readonly ServiceRole[]
  readonly networks: readonly string[]
  readonly owner: string
}

/** @throws {RegistryError} as {@link assertNotOver} */
export async function accessOfService(db: Db, id: string, now_ms: number): Promise<ServiceAccess> {
  const row = await findAccount(db, id)
  assertNotOver(row, now_ms)
  return { roles: rolesOf(row), networks: networksOf(row), owner: row.owner }
}

/**
 * A store in which a program that is over appends nothing, also when it was let through a moment before: a verifier judges
 * by the log alone, where its end stands before what it did (SVC-8).
 */
export function endingPrograms(store: Store): Store {
  return withWrite(store, (work, options) => store.write((tx) => work(guarded(tx)), options))
}

function guarded(tx: Tx): Tx {
  return {
    db: tx.db,
    now: tx.now,
    append: async (entry) => {
      const { actor } = entry
      if (actor.kind === 'service') assertNotOver(await findAccount(tx.db, actor.id), tx.now)
      return tx.append(entry)
    },
  }
}

/** SVC-17. */
export async function noteUse(ctx: { readonly store: Store }, account: string, used: number): Promise<void> {
  await ctx.store.write(async ({ db }) => {
    await db
      .insertInto('service_uses')
      .values({ account, used })
      .onConflict((on) => on.column('account').doUpdateSet({ used }))
      .execute()
  })
}
