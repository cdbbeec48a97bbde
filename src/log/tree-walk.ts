/**
 * Recomputes a published tree, one tile at a time: behind verifyTree of reader.ts. spec/log.md, LOG-31.
 * Invariant: a tree that verifies has exactly the entries that its root commits to; one that does not names the
 * first wrong entry or file. Memory is bounded by the bundles that are read ahead. Faults of the store itself are
 * thrown, others returned.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import { keptPath } from './kept.ts'
import { HASH_BYTES, leafHash, rootOf, TreeFrontier } from './merkle.ts'
import { readTile, type TileFile, type TileReader } from './tile-file.ts'
import { decodeHashes, hashesAt, splitBundle, TILE_HEIGHT, TILE_WIDTH, tileAt } from './tiles.ts'

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

/** A full tile that was read and hashed elsewhere: its entries are those of its hash tile. */
export interface ReadTile {
  /** Over its entries, recomputed. */
  readonly root: Uint8Array
  /** Called when it is its turn, in place of {@link VerifyTreeOptions.onEntry} for each of its entries. */
  readonly take: () => void
}

export interface VerifyTreeOptions {
  /** An earlier checkpoint that the tree must extend. */
  readonly start?: TreeHead
  /** Sizes at which {@link VerifyTreeOptions.onRoot} is told the root of the entries read. Final only if the result is ok. */
  readonly rootsAt?: readonly number[]
  readonly onRoot?: (size: number, root: Uint8Array) => void
  /**
   * Called before the entries of a bundle that was pruned, with its hash tile and the indices that are empty. Without it
   * such a bundle is a missing one: only who looks for the `log.pruned` that took them away lets entries be gone.
   */
  readonly onPruned?: (first: number, gaps: readonly number[], hashes: Uint8Array) => void | Promise<void>
  /**
   * Asked ahead for each full tile, by its index. Null: it is read here, as is one within which a root is wanted. So only
   * what holds is read elsewhere, and each fault is found and named here.
   */
  readonly tileElsewhere?: (index: number) => Promise<ReadTile | null>
  /** Called in order with entries whose leaf hashes agree with their tile. Final only if the result is ok. */
  readonly onEntry?: (index: number, bytes: Uint8Array) => void | Promise<void>
}

/** Pairs of tile and bundle read ahead: what hides the way to a server. A bundle is 16 MiB at most, usually 100 kB. */
const AHEAD_MAX = 8

/** The two files of one level-0 tile. */
interface Leaves {
  readonly first: number
  readonly width: number
  readonly bundle: TileFile
  readonly hashes: TileFile
  /** Whether the bundle is what is kept of it, with an empty entry where one was pruned. */
  readonly isPruned: boolean
}

type Loaded = Leaves | { readonly elsewhere: ReadTile }

export class TreeWalk {
  readonly #crypto: Crypto
  readonly #store: TileReader
  readonly #head: TreeHead
  readonly #options: VerifyTreeOptions
  readonly #frontier: TreeFrontier
  /** For each tile level above 0: the hashes computed so far of the tile that is being filled. */
  readonly #upper = new Map<number, Uint8Array[]>()
  /** Sizes at which a root is wanted and that are not passed yet, the largest first. */
  readonly #marks: number[]
  #startRoot: Uint8Array | null = null

  constructor(crypto: Crypto, store: TileReader, head: TreeHead, options: VerifyTreeOptions) {
    this.#crypto = crypto
    this.#store = store
    this.#head = head
    this.#options = options
    this.#frontier = new TreeFrontier(crypto)
    const { start, rootsAt = [] } = options
    const marks = new Set([...rootsAt, ...(start === undefined ? [] : [start.size])])
    this.#marks = [...marks].sort((a, b) => b - a)
  }

  async run(): Promise<TreeResult> {
    const { size, root } = this.#head
    const ahead: Promise<Loaded>[] = []
    for (let first = 0, next = 0; first < size; first += TILE_WIDTH) {
      for (; next < size && ahead.length < AHEAD_MAX; next += TILE_WIDTH) {
        const leaves = this.#load(next) // while we hash
        leaves.catch(() => {}) // heard when awaited; not at all if we return before
        ahead.push(leaves)
      }
      const leaves = await ahead.shift()
      const fault = (leaves && (await this.#take(leaves))) ?? (await this.#checkUpperTiles(TILE_WIDTH))
      if (fault) return fault
    }
    const fault = await this.#checkUpperTiles(1)
    if (fault) return fault
    this.#noteRoot()
    if (!equalBytes(this.#frontier.root(), root)) return { ok: false, code: 'ROOT_MISMATCH' }
    const { start } = this.#options
    const extended = !start || (this.#startRoot !== null && equalBytes(this.#startRoot, start.root))
    return extended ? { ok: true, size, root } : { ok: false, code: 'START_MISMATCH' }
  }

  async #load(first: number): Promise<Loaded> {
    const tile = tileAt(0, first / TILE_WIDTH, this.#head.size)
    const isWanted =
      tile.width === TILE_WIDTH && !this.#marks.some((at) => at > first && at < first + TILE_WIDTH)
    const elsewhere = isWanted ? ((await this.#options.tileElsewhere?.(tile.index)) ?? null) : null
    if (elsewhere !== null) return { elsewhere }
    const [bundle, hashes] = await Promise.all([
      readTile(this.#store, { ...tile, level: 'entries' }),
      readTile(this.#store, tile),
    ])
    if (bundle.bytes !== null || this.#options.onPruned === undefined)
      return { first, width: tile.width, bundle, hashes, isPruned: false }
    const kept = await this.#store.read(keptPath(tile.index))
    const isPruned = kept !== null
    const file = isPruned ? { path: keptPath(tile.index), width: TILE_WIDTH, bytes: kept } : bundle
    return { first, width: tile.width, bundle: file, hashes, isPruned }
  }

  #take(loaded: Loaded): Promise<TreeFault | null> | null {
    if (!('elsewhere' in loaded)) return this.#takeLeaves(loaded)
    loaded.elsewhere.take()
    this.#append(loaded.elsewhere.root, TILE_HEIGHT)
    return null
  }

  async #takeLeaves(leaves: Leaves): Promise<TreeFault | null> {
    const { first, width, bundle, hashes: file, isPruned } = leaves
    if (!file.bytes) return { ok: false, code: 'TILE_MISSING', index: first, path: file.path }
    if (!bundle.bytes) return { ok: false, code: 'ENTRY_MISSING', index: first, path: bundle.path }
    if (file.bytes.length !== file.width * HASH_BYTES) {
      return { ok: false, code: 'TILE_INVALID', index: first, path: file.path }
    }
    const { entries, whole } = splitBundle(bundle.bytes)
    const computed: Uint8Array[] = []
    for (let i = 0; i < width; i++) {
      const entry = entries[i]
      if (isPruned && entry?.length === 0) {
        computed.push(hashIn(file.bytes, i)) // the tile above says whether it is true
        continue
      }
      if (entry) computed.push(leafHash(this.#crypto, entry))
      if (!entry || !isAt(file.bytes, i, computed[i])) {
        for (const rest of entries.slice(i + 1, width)) computed.push(leafHash(this.#crypto, rest))
        return this.#explain(leaves, i, decodeHashes(file.bytes, file.width).slice(0, width), computed)
      }
    }
    if (!whole || entries.length !== bundle.width) {
      return { ok: false, code: 'BUNDLE_INVALID', index: first, path: bundle.path }
    }
    if (isPruned) await this.#tellPruned(first, entries.slice(0, width), file.bytes)
    const { onEntry } = this.#options
    if (onEntry) {
      for (let i = 0; i < width; i++) {
        if (isPruned && entries[i]?.length === 0) continue
        const done = onEntry(first + i, entries[i] ?? new Uint8Array(0))
        if (done) await done
      }
    }
    for (const hash of computed) this.#append(hash, 0)
    return null
  }

  async #tellPruned(first: number, entries: readonly Uint8Array[], hashes: Uint8Array): Promise<void> {
    const gaps = entries.flatMap((entry, i) => (entry.length === 0 ? [first + i] : []))
    await this.#options.onPruned?.(first, gaps, hashes)
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

  /** @param height of the subtree whose root this is: 0 of an entry's hash */
  #append(root: Uint8Array, height: number): void {
    this.#noteRoot()
    this.#frontier.appendSubtree(root, height, (at, _, hash) => {
      if (at === 0 || at % TILE_HEIGHT !== 0) return
      const level = at / TILE_HEIGHT
      const hashes = this.#upper.get(level)
      if (hashes) hashes.push(hash)
      else this.#upper.set(level, [hash])
    })
  }

  #noteRoot(): void {
    const { size } = this.#frontier
    if (size !== this.#marks.at(-1)) return
    this.#marks.pop()
    const root = this.#frontier.root()
    if (size === this.#options.start?.size) this.#startRoot = root
    this.#options.onRoot?.(size, root)
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

function hashIn(tile: Uint8Array, index: number): Uint8Array {
  return tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
}

/** Whether the hash at `index` of a hash tile is this one. */
function isAt(tile: Uint8Array, index: number, hash: Uint8Array | undefined): boolean {
  if (hash === undefined) return false
  const start = index * HASH_BYTES
  for (let i = 0; i < HASH_BYTES; i++) if (tile[start + i] !== hash[i]) return false
  return true
}
