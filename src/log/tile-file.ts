/** One file of a published tree, a full tile standing in for a partial one. spec/log.md, Files. @module */
import type { TileStore } from '../ports/tile-store.ts'
import { HASH_BYTES } from './merkle.ts'
import { decodeBundle, encodeBundle, TILE_WIDTH, tilePath, type Tile } from './tiles.ts'

/** What a reader of the log needs of a {@link TileStore}. */
export type TileReader = Pick<TileStore, 'read'>

export interface TileFile {
  readonly path: string
  /** Hashes or entries that the file should hold: the tile's width, or 256 if only the full one was there. */
  readonly width: number
  readonly bytes: Uint8Array | null
}

/** A log may delete a partial tile once the full one exists, so the full one stands in for it. */
export async function readTile(store: TileReader, tile: Tile): Promise<TileFile> {
  const path = tilePath(tile)
  const bytes = await store.read(path)
  if (bytes || tile.width === TILE_WIDTH) return { path, width: tile.width, bytes }
  const full = tilePath({ ...tile, width: TILE_WIDTH })
  const instead = await store.read(full)
  return instead ? { path: full, width: TILE_WIDTH, bytes: instead } : { path, width: tile.width, bytes }
}

/**
 * The bytes of exactly this tile: of the full one's beginning, if that is all there is.
 * @returns null if neither is there. @throws {LogError} `TILE_INVALID`: the full bundle is not one.
 */
export async function readExactly(store: TileReader, tile: Tile): Promise<Uint8Array | null> {
  const { width, bytes } = await readTile(store, tile)
  if (bytes === null || width === tile.width) return bytes
  if (tile.level !== 'entries') return bytes.subarray(0, tile.width * HASH_BYTES)
  return encodeBundle(decodeBundle(bytes, width).slice(0, tile.width))
}
