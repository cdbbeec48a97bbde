/**
 * Tiles and entry bundles as C2SP tlog-tiles lays them out: paths, encodings, which files a growth changes.
 * spec/log.md, Files.
 * Invariant: a full tile or bundle never changes; a partial one is named by its width, so it never changes either.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { concat } from '../core/encoding.ts'
import { ENTRY_BYTES_MAX, LogError } from './entries.ts'
import { HASH_BYTES, TreeFrontier } from './merkle.ts'

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256
/** Levels of the Merkle tree that one tile spans. */
export const TILE_HEIGHT = 8
export const CHECKPOINT_PATH = 'checkpoint'

export interface Tile {
  /** 0 holds leaf hashes; `entries` is the bundle of the entries themselves. */
  readonly level: number | 'entries'
  readonly index: number
  /** 1 to 256; 256 is a full tile. */
  readonly width: number
}

/** e.g. `tile/0/x001/x234/067.p/8` */
export function tilePath({ level, index, width }: Tile): string {
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  }
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

const TILE_PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5})(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Reads a path that {@link tilePath} writes; null for every other spelling. */
export function parseTilePath(path: string): Tile | null {
  const [, level, groups = '', last = '', partial] = TILE_PATH.exec(path) ?? []
  if (level === undefined) return null
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '') + last),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  }
  // Writing it again settles leading groups of zeros, a partial tile of 256 and an index that is not exact.
  const known = level === 'entries' || Number(level) <= 63
  return known && tile.width <= TILE_WIDTH && tilePath(tile) === path ? tile : null
}

/** Hashes that level `level` of tiles holds in a tree of `size`: one for each full 256^level entries. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** Tile `index` of `level` as a tree of `size` needs it: full, or partial of exactly the size's width. */
export function tileAt(level: number | 'entries', index: number, size: number): Tile {
  const hashes = hashesAt(level === 'entries' ? 0 : level, size)
  return { level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) }
}

/** Every file of a tree of `size`, hash tiles first. One at a time: who signs a size has not shown that it has them. */
export function* treeTiles(size: number): Generator<Tile> {
  for (let level = 0; hashesAt(level, size) > 0; level++) yield* levelTiles(level, level, size)
  yield* levelTiles('entries', 0, size)
}

function* levelTiles(name: number | 'entries', level: number, size: number): Generator<Tile> {
  const end = hashesAt(level, size)
  for (let index = 0; index * TILE_WIDTH < end; index++) yield tileAt(name, index, size)
}

/** How many {@link treeTiles} there are. */
export function treeTileCount(size: number): number {
  let count = Math.ceil(size / TILE_WIDTH)
  for (let level = 0; hashesAt(level, size) > 0; level++)
    count += Math.ceil(hashesAt(level, size) / TILE_WIDTH)
  return count
}

/** The hash tiles that exist at size `to` and did not, or were narrower, at size `from`; level 0 first. */
export function changedTiles(from: number, to: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, to) > 0; level++) tiles.push(...changedAt(level, level, from, to))
  return tiles
}

/** The entry bundles that a growth changes, as {@link changedTiles}. */
export function changedBundles(from: number, to: number): Tile[] {
  return changedAt('entries', 0, from, to)
}

function changedAt(name: number | 'entries', level: number, from: number, to: number): Tile[] {
  const end = hashesAt(level, to)
  if (hashesAt(level, from) === end) return []
  const tiles: Tile[] = []
  for (let index = Math.floor(hashesAt(level, from) / TILE_WIDTH); index * TILE_WIDTH < end; index++) {
    tiles.push(tileAt(name, index, to))
  }
  return tiles
}

export function encodeHashes(hashes: readonly Uint8Array[]): Uint8Array {
  return concat(...hashes)
}

/** @throws {LogError} `TILE_INVALID`: not exactly `width` hashes. */
export function decodeHashes(bytes: Uint8Array, width: number): Uint8Array[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw new LogError('TILE_INVALID', `hash tile of ${bytes.length} bytes does not hold ${width} hashes`)
  }
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

/** @throws {LogError} `ENTRY_TOO_LARGE`: an entry does not fit its 16-bit length prefix. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > ENTRY_BYTES_MAX) {
      throw new LogError('ENTRY_TOO_LARGE', `entry of ${entry.length} bytes is over ${ENTRY_BYTES_MAX}`)
    }
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]
  })
  return concat(...parts)
}

/** What could be read of a bundle: at most 256 entries, and whether bytes were left over or missing. */
export interface SplitBundle {
  readonly entries: Uint8Array[]
  /** False if the last entry is cut short or something follows a full bundle. */
  readonly whole: boolean
}

/** Reads as much of a bundle as there is. The entries are views of `bytes`. */
export function splitBundle(bytes: Uint8Array): SplitBundle {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length && entries.length < TILE_WIDTH) {
    const start = at + 2
    const end = start + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0)
    if (end > bytes.length) return { entries, whole: false }
    entries.push(bytes.subarray(start, end))
    at = end
  }
  return { entries, whole: at === bytes.length }
}

/** @throws {LogError} `TILE_INVALID`: not exactly `width` entries. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const { entries, whole } = splitBundle(bytes)
  if (!whole || entries.length !== width) {
    throw new LogError('TILE_INVALID', `entry bundle does not hold exactly ${width} entries`)
  }
  return entries
}

export interface HashTile {
  readonly tile: Tile
  readonly hashes: readonly Uint8Array[]
}

/** Cuts a growing tree into hash tiles: the frontier, and for each level the hashes of its partial tile. */
export class TileBuilder {
  readonly #frontier: TreeFrontier
  readonly #partial: Uint8Array[][]

  constructor(crypto: Crypto, from?: TileBuilder) {
    this.#frontier = from ? from.#frontier.clone() : new TreeFrontier(crypto)
    this.#partial = from ? from.#partial.map((hashes) => [...hashes]) : []
  }

  get size(): number {
    return this.#frontier.size
  }

  root(): Uint8Array {
    return this.#frontier.root()
  }

  /** Appends a leaf hash; returns the tiles that it filled, lowest level first. */
  append(leaf: Uint8Array): HashTile[] {
    const full: HashTile[] = []
    this.#frontier.append(leaf, (height, index, hash) => {
      if (height % TILE_HEIGHT !== 0) return
      const level = height / TILE_HEIGHT
      const hashes = (this.#partial[level] ??= [])
      hashes.push(hash)
      if (hashes.length < TILE_WIDTH) return
      this.#partial[level] = []
      full.push({ tile: { level, index: Math.floor(index / TILE_WIDTH), width: TILE_WIDTH }, hashes })
    })
    return full
  }

  /** The partial tiles of the tree as it stands, lowest level first. */
  partials(): HashTile[] {
    return this.#partial.flatMap((hashes, level) => {
      const index = Math.floor(hashesAt(level, this.size) / TILE_WIDTH)
      return hashes.length === 0
        ? []
        : [{ tile: { level, index, width: hashes.length }, hashes: [...hashes] }]
    })
  }

  /** A builder that can be thrown away if what was appended to it could not be stored. */
  clone(crypto: Crypto): TileBuilder {
    return new TileBuilder(crypto, this)
  }
}
