/**
 * What a provider said of sessions that are over, for all nodes of a database. spec/identity.md (IDN-13).
 * Sessions themselves are in the memory of a node: each asks here with every request of one that the provider opened.
 * Invariant: a database tells nobody whose account that is: names are keyed hashes.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { soughtKey, soughtKeyTx, type Sought } from './identity-index.ts'

type Db = Kysely<Schema>

export const LOGOUT_PREFIX = 'logout/'
/** Over for good: a provider gives no `sid` twice. */
const SESSION = `${LOGOUT_PREFIX}sid/`
/** Over what had begun by then: whoever signs in again has another session. */
const ACCOUNT = `${LOGOUT_PREFIX}sub/`
/** A token that was used. */
const TOKEN = `${LOGOUT_PREFIX}jti/`

/** A session at the provider, and whose; null: not said. */
interface Whose {
  readonly sub: string | null
  readonly sid: string | null
}

type Logout = Extract<Sought, readonly ['logout', ...unknown[]]>

/** Of a session with a `sid`: that one, of the subject or of whoever. Of one without: what was said of those. And of all. */
function namesOf(iss: string, { sub, sid }: { readonly sub: string; readonly sid: string | null }): Logout[] {
  const own: Logout[] =
    sid === null
      ? [['logout', iss, 'without', sub]]
      : [
          ['logout', iss, `sid ${sid}`, sub],
          ['logout', iss, `sid ${sid}`, ''],
        ]
  return [...own, ['logout', iss, 'all', sub]]
}

/** What ends by a logout. Of a provider that names its session here and did not in the ID token: whoever it was. */
function endedBy(iss: string, { sub, sid }: Whose): Logout[] {
  if (sid === null) return sub === null ? [] : [['logout', iss, 'all', sub]]
  const own: Logout = ['logout', iss, `sid ${sid}`, sub ?? '']
  return sub === null ? [own] : [own, ['logout', iss, 'without', sub]]
}

function prefixOf([, , which]: Logout): string {
  return which.startsWith('sid ') ? SESSION : ACCOUNT
}

/** What a session that begins is asked by from then on: see {@link isLoggedOut}. */
export async function logoutNames(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  db: Db,
  iss: string,
  whose: { readonly sub: string; readonly sid: string | null },
): Promise<string[]> {
  const names: string[] = []
  for (const name of namesOf(iss, whose)) {
    const key = await soughtKey(ctx, db, name)
    if (key !== null) names.push(prefixOf(name) + key)
  }
  return names
}

/**
 * Once for a token, in one transaction: what failed can be sent again, and what is sent again ends nothing newer.
 * @param keep_ms as long as a session lasts at most, which is longer than a token is good
 * @returns false: it was noted before
 */
export function noteLogout(
  ctx: Pick<RegistryContext, 'store' | 'vault' | 'crypto'>,
  iss: string,
  whose: Whose & { readonly jti: string },
  keep_ms: number,
): Promise<boolean> {
  return ctx.store.write(async (tx) => {
    const token = TOKEN + (await soughtKeyTx(ctx, tx, ['logout', iss, `jti ${whose.jti}`, '']))
    const known = await tx.db.selectFrom('meta').select('name').where('name', '=', token).executeTakeFirst()
    if (known !== undefined) return false
    await put(tx, token)
    for (const name of endedBy(iss, whose)) await put(tx, prefixOf(name) + (await soughtKeyTx(ctx, tx, name)))
    // Times have as many digits for the next 250 years.
    await tx.db
      .deleteFrom('meta')
      .where('name', 'like', `${LOGOUT_PREFIX}%`)
      .where('value', '<', String(tx.now - keep_ms))
      .execute()
    return true
  })
}

async function put({ db, now }: Tx, name: string): Promise<void> {
  const value = String(now)
  await db
    .insertInto('meta')
    .values({ name, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
}

/** @param began milliseconds: when the session did */
export async function isLoggedOut(db: Db, names: readonly string[], began: number): Promise<boolean> {
  if (names.length === 0) return false
  const rows = await db.selectFrom('meta').select(['name', 'value']).where('name', 'in', names).execute()
  return rows.some(({ name, value }) => name.startsWith(SESSION) || Number(value) >= began)
}
