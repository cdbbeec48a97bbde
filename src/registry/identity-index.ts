/**
 * How an account at a provider, and a user that is provisioned, is found: by a keyed hash. spec/identity.md (IDN-8, IDN-17).
 * Invariant: who has the database, the log or a backup of either cannot try names.
 * @module
 */
import type { Kysely } from 'kysely'
import { hmacText, taggedText } from '../core/digest.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { sealedKey, sealedKeyTx } from './sealed-keys.ts'

const TAG = 'countersign-identity-v1'

/** What is looked for: an account by issuer and subject, a user by name, or by client and what the client calls it, a logout. */
export type Sought =
  | readonly ['sub', iss: string, sub: string]
  | readonly ['user_name', folded: string]
  | readonly ['external', client: string, external: string]
  | readonly ['logout', iss: string, which: string, sub: string]

type Crypto = RegistryContext['crypto']

function hashed(crypto: Crypto, key: Uint8Array, sought: Sought): string {
  return hmacText(crypto, key, taggedText(TAG, [...sought]))
}

/** @returns null: nothing was filed yet, so nothing is found */
export async function soughtKey(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  db: Kysely<Schema>,
  sought: Sought,
): Promise<string | null> {
  const key = await sealedKey(ctx, db, 'identity_index')
  return key === null ? null : hashed(ctx.crypto, key, sought)
}

/** For what is being filed. */
export async function soughtKeyTx(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  tx: Tx,
  sought: Sought,
): Promise<string> {
  const key = await sealedKeyTx(ctx, tx, 'identity_index', async () => {
    await tx.db.updateTable('identities').set({ key: null }).execute()
    await tx.db
      .updateTable('scim_users')
      .set({ name_key: null, look_key: null, external_key: null })
      .execute()
  })
  return hashed(ctx.crypto, key, sought)
}
