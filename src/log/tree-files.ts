/** The files of a tree from its leaves, as the publisher would have written them. spec/log.md. @module */
import type { Crypto } from '../core/crypto.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { encodeKept, keptPath } from './kept.ts'
import type { Leaves } from './leaves.ts'
import { encodeBundle, encodeHashes, TILE_WIDTH, tileAt, TileBuilder, tilePath } from './tiles.ts'
import { Writes } from './writes.ts'

/**
 * Writes the bundles and tiles of the first `size` entries; durable once it resolves.
 * @param bundles of at least `size` entries, in order
 * @returns the root. Not checked: that anybody signed it.
 */
export async function writeTreeFiles(
  crypto: Crypto,
  bundles: AsyncIterable<Leaves>,
  size: number,
  tiles: TileStore,
): Promise<Uint8Array> {
  const tree = new TileBuilder(crypto)
  const writes = new Writes(tiles)
  try {
    for await (const { first, leaves, isPruned } of bundles) {
      if (tree.size === size) break
      const index = first / TILE_WIDTH
      const wanted = leaves.slice(0, size - first)
      for (const { hash } of wanted)
        for (const { tile, hashes } of tree.append(hash))
          await writes.add(tilePath(tile), encodeHashes(hashes))
      const entries = wanted.map(({ entry }) => entry)
      if (isPruned) await writes.add(keptPath(index), encodeKept(leaves.map(({ entry }) => entry)))
      else
        await writes.add(
          tilePath(tileAt('entries', index, size)),
          encodeBundle(entries.filter((entry) => entry !== null)),
        )
    }
    for (const { tile, hashes } of tree.partials()) await writes.add(tilePath(tile), encodeHashes(hashes))
  } finally {
    await writes.settle()
  }
  writes.assertDurable()
  return tree.root()
}
