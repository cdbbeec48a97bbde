/** The files of a tree from its entries, as the publisher would have written them. spec/log.md. @module */
import type { Crypto } from '../core/crypto.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { leafHash } from './merkle.ts'
import { encodeBundle, encodeHashes, TILE_WIDTH, tileAt, TileBuilder, tilePath } from './tiles.ts'
import { Writes } from './writes.ts'

/**
 * Writes the bundles and tiles of the first `size` entries; durable once it resolves.
 * @param entries at least `size`, in order
 * @returns the root. Not checked: that anybody signed it.
 */
export async function writeTreeFiles(
  crypto: Crypto,
  entries: AsyncIterable<Uint8Array>,
  size: number,
  tiles: TileStore,
): Promise<Uint8Array> {
  const tree = new TileBuilder(crypto)
  const writes = new Writes(tiles)
  let bundle: Uint8Array[] = []
  try {
    for await (const entry of entries) {
      if (tree.size === size) break
      bundle.push(entry)
      for (const { tile, hashes } of tree.append(leafHash(crypto, entry)))
        await writes.add(tilePath(tile), encodeHashes(hashes))
      if (bundle.length < TILE_WIDTH && tree.size < size) continue
      const index = Math.floor((tree.size - 1) / TILE_WIDTH)
      await writes.add(tilePath(tileAt('entries', index, size)), encodeBundle(bundle))
      bundle = []
    }
    for (const { tile, hashes } of tree.partials()) await writes.add(tilePath(tile), encodeHashes(hashes))
  } finally {
    await writes.settle()
  }
  writes.assertDurable()
  return tree.root()
}
