/**
 * How an identifier finds its data subject: by a keyed hash, whose key only the vault opens. spec/consent.md (CNS-10).
 * Invariant: who has the database, the log or a backup of either cannot try names.
 * @module
 */
import type { Kysely } from 'kysely'
import { alikeKey, plainOf } from '../core/alike.ts'
import { foldIdentifier, subjectKey } from '../core/consent.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { sealedKey, sealedKeyTx } from './sealed-keys.ts'

export interface Identifier {
  /** The system in which the value names the subject; null: everywhere. */
  readonly system: string | null
  readonly value: string
}

/** @returns null: nobody was identified yet */
export function indexKey(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
): Promise<Uint8Array | null> {
  return sealedKey(ctx, db, 'subject_index')
}

function indexKeyTx(ctx: Pick<RegistryContext, 'vault' | 'crypto'>, tx: Tx): Promise<Uint8Array> {
  return sealedKeyTx(ctx, tx, 'subject_index', async () => {
    await tx.db.updateTable('identifiers').set({ key: null, alike: null }).execute()
  })
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
