/**
 * The leaves of a tree as a source of entries gives them: hashed from the entry, or for one that was pruned the hash that
 * was left in its place. spec/retention.md (RET-6).
 * Invariant: a kept entry of a pruned bundle hashes to the leaf that is left of it.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import { LogError } from './entries.ts'
import { HASH_BYTES, leafHash } from './merkle.ts'
import { decodeHashes, TILE_WIDTH } from './tiles.ts'

/** One place of a tree. */
export interface Leaf {
  readonly hash: Uint8Array
  /** Null: it was pruned. */
  readonly entry: Uint8Array | null
}

/** The leaves of one entry bundle. */
export interface Leaves {
  /** Index of the first. */
  readonly first: number
  readonly leaves: readonly Leaf[]
  /** Whether the bundle was pruned: then nothing is in it but what had to stay. */
  readonly isPruned: boolean
}

/**
 * @param start of a bundle, or in it; `end` lies in the same one or at its end
 * @throws {LogError} `LOG_DIVERGED`: the source does not have all of them, or others than it hashed
 */
export async function readLeaves(
  crypto: Crypto,
  source: EntrySource,
  start: number,
  end: number,
): Promise<Leaves> {
  const entries = await source.read(start, end)
  if (entries.length !== end - start)
    throw new LogError(
      'LOG_DIVERGED',
      `the database has a gap in entries ${start} to ${end - 1}. Restore the database to a state that extends the ` +
        'last signed checkpoint',
    )
  const index = Math.floor(start / TILE_WIDTH)
  const tile = await source.hashes(index)
  const hashes = tile && decodeHashes(tile, TILE_WIDTH).slice(start - index * TILE_WIDTH)
  const leaves = entries.map((entry, i) => leafOf(crypto, entry, hashes?.[i] ?? null, start + i))
  return { first: start, leaves, isPruned: hashes !== null }
}

function leafOf(crypto: Crypto, entry: Uint8Array, left: Uint8Array | null, index: number): Leaf {
  if (entry.length === 0) {
    if (left?.length === HASH_BYTES) return { hash: left, entry: null }
    throw new LogError('LOG_DIVERGED', `entry ${index} of the database is empty, and was not pruned`)
  }
  const hash = leafHash(crypto, entry)
  if (left !== null && !equalBytes(left, hash))
    throw new LogError('LOG_DIVERGED', `entry ${index} of the database is not the one that it hashed`)
  return { hash, entry }
}

/** The leaves of the first `size` entries, bundle by bundle. @throws {LogError} as {@link readLeaves} */
export async function* leavesOf(crypto: Crypto, source: EntrySource, size: number): AsyncGenerator<Leaves> {
  for (let first = 0; first < size; first += TILE_WIDTH)
    yield await readLeaves(crypto, source, first, Math.min(first + TILE_WIDTH, size))
}
