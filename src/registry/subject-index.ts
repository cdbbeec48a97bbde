/**
 * How an identifier finds its data subject: by a keyed hash, whose key only the vault opens. spec/consent.md (CNS-10).
 * Invariant: who has the database, the log or a backup of either cannot try names.
 * @module
 */
import type { Kysely } from 'kysely'
import { alikeKey, plainOf } from '../core/alike.ts'
import { foldIdentifier, subjectKey } from '../core/consent.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** Where the sealed key stands, and under which name the vault has the key that opens it. */
export const SUBJECT_INDEX = 'subject_index'
const INDEX_KEY_BYTES = 32

export interface Identifier {
  /** The system in which the value names the subject; null: everywhere. */
  readonly system: string | null
  readonly value: string
}

/** The boxes that this process has opened: points ask every second. */
const opened = new Map<string, Uint8Array>()

async function openBox(ctx: Pick<RegistryContext, 'vault'>, box: string): Promise<Uint8Array | null> {
  const known = opened.get(box)
  if (known !== undefined) return known
  const key = await ctx.vault.open(SUBJECT_INDEX, fromBase64url(box), SUBJECT_INDEX)
  if (key !== null) opened.set(box, key)
  return key
}

async function boxOf(db: Kysely<Schema>): Promise<string | null> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', SUBJECT_INDEX).executeTakeFirst()
  return row?.value ?? null
}

/** @returns null: nobody was identified yet */
export async function indexKey(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
): Promise<Uint8Array | null> {
  const box = await boxOf(db)
  return box === null ? null : openBox(ctx, box)
}

/** The key, made the first time; and anew where the vault was replaced: what was found by the old one is not found. */
async function indexKeyTx(ctx: Pick<RegistryContext, 'vault' | 'crypto'>, tx: Tx): Promise<Uint8Array> {
  const known = await indexKey(ctx, tx.db)
  if (known !== null) return known
  const key = ctx.crypto.randomBytes(INDEX_KEY_BYTES)
  const box = await ctx.vault.seal(SUBJECT_INDEX, key, SUBJECT_INDEX)
  if (box === null)
    throw new RegistryError('SETUP_MISMATCH', 'the vault refuses a key for the index of subjects')
  const value = base64url(box)
  await tx.db
    .insertInto('meta')
    .values({ name: SUBJECT_INDEX, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
  await tx.db.updateTable('identifiers').set({ key: null, alike: null }).execute()
  return key
}

/** @throws {RegistryError} `IDENTIFIER_INVALID` */
function foldedOf({ value }: Identifier): string {
  const folded = foldIdentifier(value)
  if (folded === null)
    throw new RegistryError('IDENTIFIER_INVALID', 'an identifier is a text of 1 to 256 characters')
  return folded
}

export interface IdentifierKeys {
  /** What it is found by (CNS-10). */
  readonly key: string
  /** What is found by something that looks like it (CNS-43); null: it is plain itself. */
  readonly alike: string | null
}

/** The keys of an identifier that is being registered. @throws {RegistryError} `IDENTIFIER_INVALID` */
export async function keysTx(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  tx: Tx,
  identifier: Identifier,
): Promise<IdentifierKeys> {
  const { system } = identifier
  const folded = foldedOf(identifier)
  const plain = plainOf(folded)
  const own = await indexKeyTx(ctx, tx)
  return {
    key: subjectKey(ctx.crypto, own, system, folded),
    alike: plain === folded ? null : alikeKey(ctx.crypto, own, system, plain),
  }
}

/** @returns null: nobody is known by it. @throws {RegistryError} `IDENTIFIER_INVALID` */
export async function subjectNamed(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  db: Kysely<Schema>,
  identifier: Identifier,
): Promise<string | null> {
  const folded = foldedOf(identifier)
  const own = await indexKey(ctx, db)
  if (own === null) return null
  const row = await db
    .selectFrom('identifiers')
    .select('subject')
    .where('key', '=', subjectKey(ctx.crypto, own, identifier.system, folded))
    .executeTakeFirst()
  return row?.subject ?? null
}
