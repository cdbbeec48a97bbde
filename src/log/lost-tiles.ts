/** Whether the public files of a signed tree are gone, so that they are written again. spec/log.md, LOG-4. @module */
import { keptPath } from './kept.ts'
import type { TileReader } from './tile-file.ts'
import { TILE_WIDTH, tileAt, tilePath } from './tiles.ts'

/** The first files and the last tell of a lost folder. Of a bundle that was pruned there is what was kept of it. */
export async function tilesAreLost(tiles: TileReader, size: number): Promise<boolean> {
  if (size === 0) return false
  for (const index of [0, Math.floor((size - 1) / TILE_WIDTH)]) {
    if ((await tiles.read(tilePath(tileAt(0, index, size)))) === null) return true
    const bundle = await tiles.read(tilePath(tileAt('entries', index, size)))
    if (bundle === null && (await tiles.read(keptPath(index))) === null) return true
  }
  return false
}
