/**
 * Reads a published tree through a {@link TileStore} and recomputes it, one tile at a time. spec/log.md.
 * Invariant: a tree that verifies has exactly the entries that its root commits to; one that does not names the
 * first wrong entry or file. Memory is bounded by two bundles. Faults of the store itself are thrown, others returned.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { LogError } from './entries.ts'
import { HASH_BYTES, leafHash, rootFromNodes, rootOf, TreeFrontier, type NodeReader } from './merkle.ts'
import {
  decodeBundle,
  decodeHashes,
  hashesAt,
  splitBundle,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileAt,
  tilePath,
  type Tile,
} from './tiles.ts'

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
export async function* readEntries(store: TileStore, size: number): AsyncGenerator<IndexedEntry> {
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const tile = tileAt('entries', first / TILE_WIDTH, size)
    const file = await readTile(store, tile)
    if (!file.bytes) throw new LogError('TILE_MISSING', `no entry bundle at ${file.path}`)
    const entries = decodeBundle(file.bytes, file.width).slice(0, tile.width)
    for (const [i, bytes] of entries.entries()) yield { index: first + i, bytes }
  }
}

/** Size and root of a tree, as a checkpoint that was opened gives them. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

export type TreeFaultCode =
  | 'BUNDLE_INVALID'
  | 'ENTRY_CHANGED'
  | 'ENTRY_MISSING'
  | 'ROOT_MISMATCH'
  | 'START_MISMATCH'
  | 'TILE_INVALID'
  | 'TILE_MISMATCH'
  | 'TILE_MISSING'

/**
 * `ENTRY_CHANGED`: the entry at `index` is not the one that the tree holds. `ENTRY_MISSING`: it was deleted (its
 * place is empty, or taken by a later one). `BUNDLE_INVALID`: all entries are there and then something more.
 * `TILE_MISMATCH`: the hash tile disagrees with what is below it; `index` is the first entry that it is about.
 * `ROOT_MISMATCH`, `START_MISMATCH`: all files agree, on a tree that the checkpoint does not commit to.
 */
export interface TreeFault {
  readonly ok: false
  readonly code: TreeFaultCode
  readonly index?: number
  readonly path?: string
}

export type TreeResult = { readonly ok: true; readonly size: number; readonly root: Uint8Array } | TreeFault

export interface VerifyTreeOptions {
  /** An earlier checkpoint that the tree must extend. */
  readonly start?: TreeHead
  /** Called in order with entries whose leaf hashes agree with their tile. Final only if the result is ok. */
  readonly onEntry?: (index: number, bytes: Uint8Array) => void | Promise<void>
}

/**
 * Recomputes the published tree: every entry against its level-0 tile, every tile against the ones below, the
 * root against the checkpoint. Not checked: the checkpoint's signature (open it first), what the entries say.
 */
export async function verifyTree(
  crypto: Crypto,
  store: TileStore,
  checkpoint: TreeHead,
  options: VerifyTreeOptions = {},
): Promise<TreeResult> {
  return new TreeWalk(crypto, store, checkpoint, options).run()
}

/** Root of the first `size` entries from the hash tiles of a published tree of `treeSize`. Not verified. */
export async function rootAt(
  crypto: Crypto,
  store: Pick<TileStore, 'read'>,
  size: number,
  treeSize: number = size,
): Promise<Uint8Array> {
  return rootFromNodes(crypto, tileNodes(crypto, store, treeSize), size)
}

/**
 * Nodes of the published tree of `size`, for proofs. Not verified: whoever checks the proof does that.
 * The reader throws {LogError} `TILE_MISSING`, `TILE_INVALID`.
 */
export function tileNodes(crypto: Crypto, store: Pick<TileStore, 'read'>, size: number): NodeReader {
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

interface TileFile {
  readonly path: string
  /** Hashes or entries that the file should hold: the tile's width, or 256 if only the full one was there. */
  readonly width: number
  readonly bytes: Uint8Array | null
}

/** A log may delete a partial tile once the full one exists, so the full one stands in for it. */
async function readTile(store: Pick<TileStore, 'read'>, tile: Tile): Promise<TileFile> {
  const path = tilePath(tile)
  const bytes = await store.read(path)
  if (bytes || tile.width === TILE_WIDTH) return { path, width: tile.width, bytes }
  const full = tilePath({ ...tile, width: TILE_WIDTH })
  const instead = await store.read(full)
  return instead ? { path: full, width: TILE_WIDTH, bytes: instead } : { path, width: tile.width, bytes }
}

/** The two files of one level-0 tile. */
interface Leaves {
  readonly first: number
  readonly width: number
  readonly bundle: TileFile
  readonly hashes: TileFile
}

class TreeWalk {
  readonly #crypto: Crypto
  readonly #store: TileStore
  readonly #head: TreeHead
  readonly #options: VerifyTreeOptions
  readonly #frontier: TreeFrontier
  /** For each tile level above 0: the hashes computed so far of the tile that is being filled. */
  readonly #upper = new Map<number, Uint8Array[]>()
  #startRoot: Uint8Array | null = null

  constructor(crypto: Crypto, store: TileStore, head: TreeHead, options: VerifyTreeOptions) {
    this.#crypto = crypto
    this.#store = store
    this.#head = head
    this.#options = options
    this.#frontier = new TreeFrontier(crypto)
  }

  async run(): Promise<TreeResult> {
    const { size, root } = this.#head
    let next = this.#load(0)
    for (let first = 0; first < size; first += TILE_WIDTH) {
      const leaves = await next
      next = this.#load(first + TILE_WIDTH) // read ahead while we hash
      next.catch(() => {}) // heard when awaited; not at all if we return before
      const fault = (await this.#takeLeaves(leaves)) ?? (await this.#checkUpperTiles(TILE_WIDTH))
      if (fault) return fault
    }
    await next
    const fault = await this.#checkUpperTiles(1)
    if (fault) return fault
    this.#noteStart()
    if (!equalBytes(this.#frontier.root(), root)) return { ok: false, code: 'ROOT_MISMATCH' }
    const { start } = this.#options
    const extended = !start || (this.#startRoot !== null && equalBytes(this.#startRoot, start.root))
    return extended ? { ok: true, size, root } : { ok: false, code: 'START_MISMATCH' }
  }

  async #load(first: number): Promise<Leaves | null> {
    if (first >= this.#head.size) return null
    const tile = tileAt(0, first / TILE_WIDTH, this.#head.size)
    const [bundle, hashes] = await Promise.all([
      readTile(this.#store, { ...tile, level: 'entries' }),
      readTile(this.#store, tile),
    ])
    return { first, width: tile.width, bundle, hashes }
  }

  async #takeLeaves(leaves: Leaves | null): Promise<TreeFault | null> {
    if (leaves === null) return null
    const { first, width, bundle, hashes: file } = leaves
    if (!file.bytes) return { ok: false, code: 'TILE_MISSING', index: first, path: file.path }
    if (!bundle.bytes) return { ok: false, code: 'ENTRY_MISSING', index: first, path: bundle.path }
    if (file.bytes.length !== file.width * HASH_BYTES) {
      return { ok: false, code: 'TILE_INVALID', index: first, path: file.path }
    }
    const expected = decodeHashes(file.bytes, file.width).slice(0, width)
    const { entries, whole } = splitBundle(bundle.bytes)
    const computed = entries.slice(0, width).map((entry) => leafHash(this.#crypto, entry))
    for (const [i, hash] of expected.entries()) {
      const found = computed[i]
      if (!found || !equalBytes(found, hash)) return this.#explain(leaves, i, expected, computed)
    }
    if (!whole || entries.length !== bundle.width) {
      return { ok: false, code: 'BUNDLE_INVALID', index: first, path: bundle.path }
    }
    for (let i = 0; i < width; i++) {
      const done = this.#options.onEntry?.(first + i, entries[i] ?? new Uint8Array(0))
      if (done) await done
    }
    for (const hash of expected) this.#append(hash)
    return null
  }

  /** Entry `first + at` is the first that disagrees with its tile: which of the two is wrong, and how? */
  async #explain(
    { first, width, bundle, hashes }: Leaves,
    at: number,
    expected: readonly Uint8Array[],
    computed: readonly Uint8Array[],
  ): Promise<TreeFault> {
    const index = first + at
    if (computed.length === width && (await this.#treeHolds(first, computed))) {
      return { ok: false, code: 'TILE_MISMATCH', index, path: hashes.path }
    }
    const found = computed[at]
    const isLater = found && expected.slice(at + 1).some((hash) => equalBytes(hash, found))
    const code = !found || isLater ? 'ENTRY_MISSING' : 'ENTRY_CHANGED'
    return { ok: false, code, index, path: bundle.path }
  }

  /** Whether the tree commits to these leaves: by the tile above if they fill one, else by the root itself. */
  async #treeHolds(first: number, leaves: readonly Uint8Array[]): Promise<boolean> {
    if (leaves.length === TILE_WIDTH) {
      const index = first / TILE_WIDTH
      const tile = tileAt(1, Math.floor(index / TILE_WIDTH), this.#head.size)
      const file = await readTile(this.#store, tile)
      const at = (index % TILE_WIDTH) * HASH_BYTES
      const above = file.bytes?.subarray(at, at + HASH_BYTES)
      return above !== undefined && equalBytes(above, rootOf(this.#crypto, leaves))
    }
    const frontier = this.#frontier.clone()
    for (const leaf of leaves) frontier.append(leaf)
    return equalBytes(frontier.root(), this.#head.root)
  }

  #append(leaf: Uint8Array): void {
    this.#noteStart()
    this.#frontier.append(leaf, (height, _, hash) => {
      if (height === 0 || height % TILE_HEIGHT !== 0) return
      const level = height / TILE_HEIGHT
      const hashes = this.#upper.get(level)
      if (hashes) hashes.push(hash)
      else this.#upper.set(level, [hash])
    })
  }

  #noteStart(): void {
    if (this.#frontier.size === this.#options.start?.size) this.#startRoot = this.#frontier.root()
  }

  /** Checks each upper tile that ends where we are: the full ones, and at the end of the tree the partial ones. */
  async #checkUpperTiles(widthMin: number): Promise<TreeFault | null> {
    for (const [level, hashes] of this.#upper) {
      const fault = hashes.length < widthMin ? null : await this.#checkUpper(level, hashes)
      if (fault) return fault
      if (hashes.length >= widthMin) this.#upper.set(level, [])
    }
    return null
  }

  /** Compares the tile that ends where we are with what the entries below it hash to. */
  async #checkUpper(level: number, computed: readonly Uint8Array[]): Promise<TreeFault | null> {
    const start = hashesAt(level, this.#frontier.size) - computed.length
    const file = await readTile(this.#store, { level, index: start / TILE_WIDTH, width: computed.length })
    const fault = (code: TreeFaultCode, at: number): TreeFault => {
      return { ok: false, code, index: (start + at) * TILE_WIDTH ** level, path: file.path }
    }
    if (!file.bytes) return fault('TILE_MISSING', 0)
    if (file.bytes.length !== file.width * HASH_BYTES) return fault('TILE_INVALID', 0)
    const published = decodeHashes(file.bytes, file.width)
    const at = computed.findIndex((hash, i) => !equalBytes(hash, published[i] ?? new Uint8Array(0)))
    return at < 0 ? null : fault('TILE_MISMATCH', at)
  }
}
