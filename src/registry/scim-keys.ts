/**
 * By what a user is found, and whose names are too like another's. spec/identity.md (IDN-17, IDN-19).
 * Invariant: nobody comes by a name that looks like another's, and nobody is kept in by theirs.
 * @module
 */
import { foldIdentifier } from '../core/consent.ts'
import { lookOf, mixesScripts } from '../core/scripts.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { soughtKeyTx } from './identity-index.ts'
import { ScimError } from './scim-errors.ts'
import type { ScimUserRow } from './scim-rows.ts'

interface Named {
  readonly userName: string
  readonly externalId: string | null
}
type Keys = Pick<ScimUserRow, 'name_key' | 'look_key' | 'external_key'>
/** What a user is now; null: they are added. */
type Own = Pick<ScimUserRow, 'id' | 'name_key'> | null

/**
 * By what a user is found. A name that they have is theirs, however names are judged by now.
 * @throws {ScimError} `uniqueness`: somebody else has the name, or what the client calls them; `invalidValue`
 */
export async function keysTx(
  ctx: RegistryContext,
  tx: Tx,
  client: string,
  user: Named,
  own: Own,
): Promise<Keys> {
  const keys = await keysOf(ctx, tx, client, user)
  const fault = (await nameFault(tx, user, keys, own)) ?? (await externalFault(tx, keys, own))
  if (fault !== null) throw fault
  return keys
}

/** Of who leaves: nobody is kept in by a name. One that they may not have is filed for nobody, and judged when they come back. */
export async function leaversKeysTx(
  ctx: RegistryContext,
  tx: Tx,
  client: string,
  user: Named,
  own: Own,
): Promise<Keys> {
  const keys = await keysOf(ctx, tx, client, user)
  const isNamed = (await nameFault(tx, user, keys, own)) === null
  const isCalled = (await externalFault(tx, keys, own)) === null
  return {
    ...(isNamed ? keys : { name_key: null, look_key: null }),
    external_key: isCalled ? keys.external_key : null,
  }
}

async function keysOf(
  ctx: RegistryContext,
  tx: Tx,
  client: string,
  { userName, externalId }: Named,
): Promise<Keys> {
  const folded = foldIdentifier(userName)
  const keyOf = async (text: string | null): Promise<string | null> =>
    text === null ? null : soughtKeyTx(ctx, tx, ['user_name', text])
  return {
    name_key: await keyOf(folded),
    look_key: await keyOf(folded === null ? null : lookOf(folded)),
    external_key: externalId === null ? null : await soughtKeyTx(ctx, tx, ['external', client, externalId]),
  }
}

async function nameFault(tx: Tx, { userName }: Named, keys: Keys, own: Own): Promise<ScimError | null> {
  const { name_key, look_key } = keys
  if (name_key === null || look_key === null)
    return new ScimError('invalidValue', 'userName is a text of 1 to 256 characters')
  if (name_key === own?.name_key) return null
  if (mixesScripts(foldIdentifier(userName) ?? ''))
    return new ScimError('invalidValue', 'userName has a word of letters of several scripts')
  return (
    (await takenFault(tx, 'name_key', name_key, own, 'has this userName')) ??
    takenFault(tx, 'look_key', look_key, own, 'has a userName that looks like this one')
  )
}

async function externalFault(tx: Tx, { external_key }: Keys, own: Own): Promise<ScimError | null> {
  return external_key === null
    ? null
    : takenFault(tx, 'external_key', external_key, own, 'has this externalId')
}

async function takenFault(
  { db }: Tx,
  column: keyof Keys,
  key: string,
  own: Own,
  what: string,
): Promise<ScimError | null> {
  const taken = await db
    .selectFrom('scim_users')
    .select('id')
    .where(column, '=', key)
    .where('id', '!=', own?.id ?? '')
    .limit(1)
    .executeTakeFirst()
  return taken === undefined ? null : new ScimError('uniqueness', `another user ${what}`)
}
