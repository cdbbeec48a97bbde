/**
 * Keys of indices, kept in the database as only the vault opens them: what is found by a keyed hash is found by nobody
 * who has the database alone. spec/consent.md (CNS-10), spec/identity.md (IDN-8).
 * @module
 */
import type { Kysely } from 'kysely'
import { base64url, fromBase64url } from '../core/encoding.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

const INDEX_KEY_BYTES = 32

/** Rows of `meta`, under which names the vault has the keys that open them too. */
export const SEALED_KEYS = ['subject_index', 'identity_index'] as const
type SealedKey = (typeof SEALED_KEYS)[number]

/** The boxes that this process has opened: points ask every second. */
const opened = new Map<string, Uint8Array>()

async function openBox(
  ctx: Pick<RegistryContext, 'vault'>,
  name: SealedKey,
  box: string,
): Promise<Uint8Array | null> {
  const known = opened.get(box)
  if (known !== undefined) return known
  const key = await ctx.vault.open(name, fromBase64url(box), name)
  if (key !== null) opened.set(box, key)
  return key
}

/** @returns null: nothing was filed by it yet, or the vault was replaced */
export async function sealedKey(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  name: SealedKey,
): Promise<Uint8Array | null> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', name).executeTakeFirst()
  return row === undefined ? null : openBox(ctx, name, row.value)
}

/**
 * The key, made the first time; and anew where the vault was replaced: what was found by the old one is not found.
 * @param forget what was filed by an earlier one
 */
export async function sealedKeyTx(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  tx: Tx,
  name: SealedKey,
  forget: () => Promise<void>,
): Promise<Uint8Array> {
  const known = await sealedKey(ctx, tx.db, name)
  if (known !== null) return known
  const key = ctx.crypto.randomBytes(INDEX_KEY_BYTES)
  const box = await ctx.vault.seal(name, key, name)
  if (box === null) throw new RegistryError('SETUP_MISMATCH', `the vault refuses a key for ${name}`)
  const value = base64url(box)
  await tx.db
    .insertInto('meta')
    .values({ name, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
  await forget()
  return key
}
