/**
 * The tree of a signed checkpoint, computed from the database: it fits, or the signer refuses. spec/log.md, LOG-5.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError, type LogErrorCode } from './entries.ts'
import { readLeaves } from './leaves.ts'
import { TILE_WIDTH, type TileBuilder } from './tiles.ts'

const NOT_OURS = new Set<LogErrorCode>(['CHECKPOINT_INVALID', 'LOG_DIVERGED', 'NOTE_INVALID'])

/**
 * Appends the database's entries to a tree, up to a checkpoint that was signed.
 * @throws {LogError} `LOG_DIVERGED`: the database is behind it, or has other entries
 */
export async function growTo(
  crypto: Crypto,
  source: EntrySource,
  tree: TileBuilder,
  to: Checkpoint,
): Promise<void> {
  const size = await source.size()
  if (size < to.size) throw diverged(`the database has ${size} entries, ${to.size} are signed`)
  for (let first = tree.size; first < to.size; first = tree.size) {
    const end = Math.min(first - (first % TILE_WIDTH) + TILE_WIDTH, to.size)
    for (const { hash } of (await readLeaves(crypto, source, first, end)).leaves) tree.append(hash)
  }
  if (!equalBytes(tree.root(), to.root)) {
    throw diverged(`the first ${to.size} entries of the database are not those that are signed`)
  }
}

/**
 * Whether our key signed a tree of at least `size` that extends ours, as the database has it: then somebody who has seen
 * that much was shown nothing else (WIT-11).
 * @param newest the checkpoint that any signer stored last
 */
export async function isOvertaken(
  crypto: Crypto,
  source: EntrySource,
  tree: TileBuilder,
  newest: Uint8Array | null,
  { vkey, size }: { readonly vkey: string; readonly size: number },
): Promise<boolean> {
  if (newest === null) return false
  try {
    const stored = openCheckpoint(crypto, newest, vkey)
    if (stored.size < size || stored.size < tree.size) return false
    await growTo(crypto, source, tree.clone(crypto), stored)
    return true
  } catch (cause) {
    if (cause instanceof LogError && NOT_OURS.has(cause.code)) return false
    throw cause
  }
}

export function diverged(what: string): LogError {
  return new LogError(
    'LOG_DIVERGED',
    `refusing to sign: ${what}. Restore the database, or the lock store, to a state that extends the last ` +
      'signed checkpoint; if neither can be restored, start a new log with a new origin and tell the auditor why',
  )
}
