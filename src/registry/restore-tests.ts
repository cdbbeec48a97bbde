/** Tests of backups, on record: what was restored, and whether it is this log. spec/backup.md (BAK-7). @module */
import type { Crypto } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { rootAt } from '../log/reader.ts'
import { CHECKPOINT_PATH } from '../log/tiles.ts'
import type { Store } from '../ports/store.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { RegistryError } from './errors.ts'

export interface RestoreTestContext {
  readonly store: Store
  readonly crypto: Crypto
  readonly tiles: TileStore
  readonly vkey: string
}

/**
 * A test that succeeded is recorded only if its root is the one that this log had at that size.
 * @returns the index of the entry
 * @throws {RegistryError} `STATE_CONFLICT`: of another log, or ahead of this one
 */
export async function recordRestoreTest(
  ctx: RestoreTestContext,
  actor: Actor,
  test: EntryBody<'restore.tested'>,
): Promise<{ index: number }> {
  if (test.ok && (await ownRoot(ctx, test.size)) !== test.root)
    throw new RegistryError('STATE_CONFLICT', 'the backup is of another log, or ahead of what is published')
  const index = await ctx.store.write((tx) => tx.append({ type: 'restore.tested', actor, body: test }))
  return { index }
}

async function ownRoot({ crypto, tiles, vkey }: RestoreTestContext, size: number): Promise<string | null> {
  const note = await tiles.read(CHECKPOINT_PATH)
  const published = note === null ? 0 : openCheckpoint(crypto, note, vkey).size
  return size > published ? null : base64url(await rootAt(crypto, tiles, size, published))
}
