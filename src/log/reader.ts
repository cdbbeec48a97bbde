/** Reads a published tree through a TileStore: its entries, its nodes, all of it recomputed. spec/log.md. @module */
import type { Crypto } from '../core/crypto.ts'
import { LogError } from './entries.ts'
import { rootFromNodes, rootOf, type NodeReader } from './merkle.ts'
import { readTile, type TileReader } from './tile-file.ts'
import { decodeBundle, decodeHashes, TILE_HEIGHT, TILE_WIDTH, tileAt, tilePath, type Tile } from './tiles.ts'
import { TreeWalk, type TreeHead, type TreeResult, type VerifyTreeOptions } from './tree-walk.ts'

export type { TreeFault, TreeFaultCode, TreeHead } from './tree-walk.ts'

/** Tiles that one {@link tileNodes} keeps: a proof needs about two for each of the 7 levels of a tree of 2^53. */
const NODE_TILES_MAX = 64

export interface IndexedEntry {
  readonly index: number
  readonly bytes: Uint8Array
}

/**
 * The entries of a tree of `size`, in order. Not checked: any hash; see {@link verifyTree}.
 * @throws {LogError} `TILE_MISSING`, `TILE_INVALID`
 */
export async function* readEntries(store: TileReader, size: number): AsyncGenerator<IndexedEntry> {
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const tile = tileAt('entries', first / TILE_WIDTH, size)
    const file = await readTile(store, tile)
    if (!file.bytes) throw new LogError('TILE_MISSING', `no entry bundle at ${file.path}`)
    const entries = decodeBundle(file.bytes, file.width).slice(0, tile.width)
    for (const [i, bytes] of entries.entries()) yield { index: first + i, bytes }
  }
}

/**
 * Recomputes the published tree: every entry against its level-0 tile, every tile against the ones below, the
 * root against the checkpoint. Not checked: the checkpoint's signature (open it first), what the entries say.
 */
export async function verifyTree(
  crypto: Crypto,
  store: TileReader,
  checkpoint: TreeHead,
  options: VerifyTreeOptions = {},
): Promise<TreeResult> {
  return new TreeWalk(crypto, store, checkpoint, options).run()
}

/** Root of the first `size` entries from the hash tiles of a published tree of `treeSize`. Not verified. */
export async function rootAt(
  crypto: Crypto,
  store: TileReader,
  size: number,
  treeSize: number = size,
): Promise<Uint8Array> {
  return rootFromNodes(crypto, tileNodes(crypto, store, treeSize), size)
}

/**
 * Nodes of the published tree of `size`, for proofs. Not verified: whoever checks the proof does that.
 * The reader throws {LogError} `TILE_MISSING`, `TILE_INVALID`.
 */
export function tileNodes(crypto: Crypto, store: TileReader, size: number): NodeReader {
  const known = new Map<string, Promise<Uint8Array[]>>()
  const load = async (tile: Tile): Promise<Uint8Array[]> => {
    const file = await readTile(store, tile)
    if (!file.bytes) throw new LogError('TILE_MISSING', `no hash tile at ${file.path}`)
    return decodeHashes(file.bytes, file.width)
  }
  return async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT)
    const span = 2 ** (height % TILE_HEIGHT)
    const first = index * span
    const tile = tileAt(level, Math.floor(first / TILE_WIDTH), size)
    const path = tilePath(tile)
    const hashes = known.get(path) ?? load(tile)
    if (known.size < NODE_TILES_MAX) known.set(path, hashes)
    const at = first % TILE_WIDTH
    return rootOf(crypto, (await hashes).slice(at, at + span))
  }
}
