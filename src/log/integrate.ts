/**
 * Writes what a tree grows by: bundles of entries and tiles of hashes. spec/log.md, Files.
 * Invariant: everything is durable once it resolves, and no entry that was hashed before is written otherwise.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { encodeKept, keptPath } from './kept.ts'
import { readLeaves, type Leaf } from './leaves.ts'
import { diverged } from './signed-tree.ts'
import {
  changedTiles,
  encodeBundle,
  encodeHashes,
  TILE_WIDTH,
  tileAt,
  tilePath,
  type HashTile,
  type TileBuilder,
} from './tiles.ts'
import { Writes } from './writes.ts'

interface Stores {
  readonly crypto: Crypto
  readonly source: EntrySource
  readonly tiles: TileStore
}

/**
 * Writes the bundles and tiles of entries `tree.size` to `size`.
 * @returns the grown tree; the one given stays
 * @throws {LogError} `LOG_DIVERGED`: the source has other entries than were hashed before
 */
export async function integrate(stores: Stores, tree: TileBuilder, size: number): Promise<TileBuilder> {
  const { crypto, source } = stores
  const grown = tree.clone(crypto)
  const writes = new Writes(stores.tiles)
  try {
    for (let first = tree.size - (tree.size % TILE_WIDTH); first < size; first += TILE_WIDTH) {
      const bundle = tileAt('entries', first / TILE_WIDTH, size)
      const { leaves, isPruned } = await readLeaves(crypto, source, first, first + bundle.width)
      const entries = leaves.map(({ entry }) => entry)
      if (isPruned) await writes.add(keptPath(bundle.index), encodeKept(entries))
      else await writes.add(tilePath(bundle), encodeBundle(entries.filter((entry) => entry !== null)))
      const full: HashTile[] = []
      const fresh = leaves.slice(grown.size - first)
      assertUnchanged(grown, leaves)
      for (const { hash } of fresh) full.push(...grown.append(hash))
      for (const { tile, hashes } of full) await writes.add(tilePath(tile), encodeHashes(hashes))
    }
    const changed = new Set(changedTiles(tree.size, size).map(tilePath))
    for (const { tile, hashes } of grown.partials()) {
      if (changed.has(tilePath(tile))) await writes.add(tilePath(tile), encodeHashes(hashes))
    }
  } finally {
    await writes.settle()
  }
  writes.assertDurable()
  return grown
}

/** The bundle at the old edge is read again: its signed entries must be the ones that we hashed before. */
function assertUnchanged(tree: TileBuilder, bundle: readonly Leaf[]): void {
  const known = tree.partials().find(({ tile }) => tile.level === 0)?.hashes ?? []
  const changed = known.some((hash, i) => {
    const leaf = bundle[i]
    return !leaf || !equalBytes(leaf.hash, hash)
  })
  if (changed) throw diverged('entries that are signed were changed in the database')
}
