/** Reads a published log into a pack: every file of it, once. spec/pack.md. @module */
import type { Crypto } from '../../core/crypto.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { mapPath } from '../../log/kept.ts'
import { verifyTree } from '../../log/reader.ts'
import { readExactly } from '../../log/tile-file.ts'
import { parseTilePath, tileAt, tilePath, type Tile } from '../../log/tiles.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'
import { History } from '../history.ts'
import type { WrittenFiles } from './files.ts'

/** What a pack is built over. */
export interface Tree {
  readonly start: Checkpoint | null
  readonly end: Checkpoint
}

/** Of a bundle that was pruned, what is kept. @returns null: the log does not serve it */
async function addTile(
  files: WrittenFiles,
  tiles: Pick<TileStore, 'read'>,
  tile: Tile,
): Promise<Uint8Array | null> {
  return files.addRead(tilePath(tile), () => readExactly(tiles, tile))
}

/** Reads the log once: each of its files goes into the pack as it is read. */
export async function readHistory(
  crypto: Crypto,
  files: WrittenFiles,
  tiles: Pick<TileStore, 'read'>,
  { start, end }: Tree,
): Promise<History> {
  const history = new History(crypto)
  const read = async (path: string): Promise<Uint8Array | null> => {
    if (files.has(path)) return files.get(path) ?? null
    const tile = parseTilePath(path)
    if (tile === null) return files.addRead(path, () => tiles.read(path))
    const isOfTree = tile.width === tileAt(tile.level, tile.index, end.size).width
    return isOfTree ? addTile(files, tiles, tile) : null
  }
  const result = await verifyTree(crypto, { read }, end, {
    ...(start === null ? {} : { start }),
    onPruned: (first) => history.pruned(first),
    onEntry: (index, bytes) => void history.addBytes(index, bytes),
  })
  await files.written()
  if (result.ok) return history
  const what = `the log itself does not verify (${result.code}${result.path === undefined ? '' : `: ${result.path}`})`
  throw new PackError('PACK_FILE_MISSING', `${what}: no pack is built over it`)
}

/** @returns the entries that say what is gone */
export async function addMaps(
  files: WrittenFiles,
  tiles: Pick<TileStore, 'read'>,
  history: History,
): Promise<number[]> {
  const begun = history.prunings.filter(({ entry }) => entry.body.act.from < history.prunedEnd)
  for (const { index } of begun) {
    const map = await tiles.read(mapPath(index))
    if (map === null) throw new PackError('PACK_FILE_MISSING', `the log does not serve ${mapPath(index)}`)
    await files.add(mapPath(index), [map])
  }
  return begun.map(({ index }) => index)
}
