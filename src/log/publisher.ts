/**
 * The one signer of the log: integrates committed entries into the tree, publishes tiles and signs checkpoints.
 * spec/log.md, LOG-4 and LOG-5.
 * Invariant: every checkpoint that is signed extends the one before, which is kept outside the database.
 *
 * What a crash leaves behind, by step of `publish`; `start` and `publish` repair each:
 * 1. entries committed: an unpublished tail in the source. Integrated next time.
 * 2. some tiles or bundles written: files beyond the checkpoint that nobody refers to. Written again, the same
 *    bytes for the same width; a partial tile of a size that was never signed stays and is never read.
 * 3. signed: nothing, the signature was in memory. The next one covers this tree or one that extends it.
 * 4. swapped into the lock store: signed, not yet public. `start` adopts it, `publish` writes the file.
 * 5. `checkpoint` written: nothing but a lost `onPublished`, which is called again after a restart.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { Clock } from '../ports/clock.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import type { CheckpointLock, TileStore } from '../ports/tile-store.ts'
import { openCheckpoint, signCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { leafHash } from './merkle.ts'
import { formatVkey, noteKey } from './note.ts'
import {
  changedTiles,
  CHECKPOINT_PATH,
  encodeBundle,
  encodeHashes,
  TILE_WIDTH,
  tileAt,
  TileBuilder,
  tilePath,
  type HashTile,
} from './tiles.ts'
import { Writes } from './writes.ts'

export interface PublishedCheckpoint {
  readonly size: number
  readonly root: Uint8Array
  /** The signed note, as it is served: with cosignatures. */
  readonly note: Uint8Array
}

export interface LogPublisherOptions {
  readonly crypto: Crypto
  readonly source: EntrySource
  readonly tiles: TileStore
  readonly lock: CheckpointLock
  /** Ed25519. */
  readonly signer: Signer
  readonly origin: string
  readonly clock: Clock
  /**
   * Called with each signed checkpoint before it is made public, and again with the last one by every later run:
   * returns it with the cosignatures there are (WIT-9). While it throws, nothing is published.
   */
  readonly cosign?: (note: Uint8Array) => Promise<Uint8Array>
  /**
   * Called once a checkpoint is public, before `publish` resolves. At least once for each: the last one again
   * after a restart, so key a history by size. A crash between the two can still lose an intermediate one.
   */
  readonly onPublished?: (note: Uint8Array, size: number, time_ms: number) => void | Promise<void>
}

interface Signed {
  /** The tree of the last checkpoint, or the empty tree before the first. */
  readonly tree: TileBuilder
  readonly note: Uint8Array | null
}

export class LogPublisher {
  readonly #options: LogPublisherOptions
  readonly #vkey: string
  #started = false
  /** Null when not known: before the start, and after a swap that may or may not have been stored. */
  #signed: Signed | null = null
  #published: PublishedCheckpoint | null = null
  #queued: Promise<PublishedCheckpoint> | null = null
  #last: Promise<unknown> = Promise.resolve()

  /** @throws {LogError} `VKEY_INVALID`: the signer is not Ed25519, or the origin cannot name a key. */
  constructor(options: LogPublisherOptions) {
    this.#options = options
    this.#vkey = formatVkey(noteKey(options.crypto, options.origin, options.signer.publicJwk))
  }

  /** The key that readers verify checkpoints with. */
  get vkey(): string {
    return this.#vkey
  }

  /**
   * Takes the signer's place and rebuilds the tree of the last checkpoint from the source.
   * @throws {LogError} `LOG_LOCKED`; `LOG_DIVERGED`: the source does not extend the last checkpoint;
   * `NOTE_INVALID`, `CHECKPOINT_INVALID`: the lock store holds something that our key did not sign for this log.
   */
  async start(): Promise<void> {
    await this.#options.lock.acquire()
    try {
      this.#signed = await this.#recover()
      this.#started = true
    } catch (cause) {
      await this.#options.lock.release()
      throw cause
    }
  }

  /**
   * Publishes every entry that was committed before the call. Concurrent calls share one run.
   * @returns the existing checkpoint, not signed again, when there is nothing new.
   * @throws {LogError} `LOG_DIVERGED`; `LOG_LOCKED`: not started, or another signer took over: stop this process.
   */
  publish(): Promise<PublishedCheckpoint> {
    this.#queued ??= this.#enqueue()
    return this.#queued
  }

  /** Waits for a run in progress and gives up the signer's place. */
  async stop(): Promise<void> {
    await this.#last
    if (this.#started) await this.#giveUp()
  }

  /** Starts a run after the present one: a caller that joins it committed its entries before it began. */
  #enqueue(): Promise<PublishedCheckpoint> {
    const run = this.#last.then(() => {
      this.#queued = null
      return this.#run()
    })
    this.#last = run.catch(() => {}) // its callers hear of the fault
    return run
  }

  async #run(): Promise<PublishedCheckpoint> {
    if (!this.#started) throw new LogError('LOG_LOCKED', 'the log publisher is not started')
    this.#signed ??= await this.#recover()
    const { tree, note } = this.#signed
    const size = await this.#options.source.size()
    if (size < tree.size) throw diverged(`the database has ${size} entries, ${tree.size} are signed`)
    if (note !== null && size === tree.size) return this.#makePublic(tree, note)
    const grown = await this.#integrate(tree, size)
    return this.#makePublic(grown, await this.#sign(grown, note))
  }

  /** The last signed tree, rebuilt from the source and compared with what was signed. */
  async #recover(): Promise<Signed> {
    const { crypto, source, lock } = this.#options
    const note = await lock.load()
    const last = note && openCheckpoint(crypto, note, this.#vkey)
    await this.#checkAnchor(last)
    const tree = new TileBuilder(crypto)
    if (!last) return { tree, note: null }
    const size = await source.size()
    if (size < last.size) throw diverged(`the database has ${size} entries, ${last.size} are signed`)
    for (let first = 0; first < last.size; first += TILE_WIDTH) {
      const entries = await this.#read(first, Math.min(first + TILE_WIDTH, last.size))
      for (const entry of entries) tree.append(leafHash(crypto, entry))
    }
    if (!equalBytes(tree.root(), last.root)) {
      throw diverged(`the first ${last.size} entries of the database are not those that are signed`)
    }
    if (await this.#tilesAreLost(last.size)) await this.#integrate(new TileBuilder(crypto), last.size)
    return { tree, note }
  }

  /** Whether the public files below the last checkpoint are gone: the first and the last tell of a lost folder. */
  async #tilesAreLost(size: number): Promise<boolean> {
    if (size === 0) return false
    const ends = [0, Math.floor((size - 1) / TILE_WIDTH)]
    const paths = ends
      .flatMap((index) => [tileAt('entries', index, size), tileAt(0, index, size)])
      .map(tilePath)
    const files = await Promise.all(paths.map((path) => this.#options.tiles.read(path)))
    return files.includes(null)
  }

  /** A public checkpoint of ours that is ahead of the lock store means that the lock store was lost or rolled back. */
  async #checkAnchor(last: Checkpoint | null): Promise<void> {
    const note = await this.#options.tiles.read(CHECKPOINT_PATH)
    let published: Checkpoint
    try {
      if (!note) return
      published = openCheckpoint(this.#options.crypto, note, this.#vkey)
    } catch {
      return // not ours, so it binds nobody; overwritten by the next checkpoint
    }
    const forked = published.size === last?.size && !equalBytes(published.root, last.root)
    if (forked || published.size > (last?.size ?? -1)) {
      throw diverged(`a checkpoint of ${published.size} entries is public, the lock store does not have it`)
    }
  }

  /** Writes the bundles and tiles of entries `tree.size` to `size`; durable once it resolves. */
  async #integrate(tree: TileBuilder, size: number): Promise<TileBuilder> {
    const { crypto } = this.#options
    const grown = tree.clone(crypto)
    const writes = new Writes(this.#options.tiles)
    try {
      for (let first = tree.size - (tree.size % TILE_WIDTH); first < size; first += TILE_WIDTH) {
        const bundle = tileAt('entries', first / TILE_WIDTH, size)
        const entries = await this.#read(first, first + bundle.width)
        await writes.add(tilePath(bundle), encodeBundle(entries))
        const full: HashTile[] = []
        const fresh = entries.slice(grown.size - first)
        this.#assertUnchanged(grown, entries)
        for (const entry of fresh) full.push(...grown.append(leafHash(crypto, entry)))
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
  #assertUnchanged(tree: TileBuilder, bundle: readonly Uint8Array[]): void {
    const known = tree.partials().find(({ tile }) => tile.level === 0)?.hashes ?? []
    const changed = known.some((hash, i) => {
      const entry = bundle[i]
      return !entry || !equalBytes(leafHash(this.#options.crypto, entry), hash)
    })
    if (changed) throw diverged('entries that are signed were changed in the database')
  }

  async #sign(tree: TileBuilder, previous: Uint8Array | null): Promise<Uint8Array> {
    const { crypto, lock, signer, origin } = this.#options
    const note = signCheckpoint(crypto, signer, { origin, size: tree.size, root: tree.root() })
    this.#signed = null // until the swap answers, it may or may not have been stored: load it again
    if (!(await lock.compareAndSwap(previous, note))) {
      await this.#giveUp()
      throw new LogError(
        'LOG_LOCKED',
        'another signer stored a checkpoint: run one control plane on this log',
      )
    }
    this.#signed = { tree, note }
    return note
  }

  async #makePublic(tree: TileBuilder, signed: Uint8Array): Promise<PublishedCheckpoint> {
    const { tiles, clock, cosign, onPublished } = this.#options
    const note = (await cosign?.(signed)) ?? signed
    if (this.#published && equalBytes(this.#published.note, note)) return this.#published
    await tiles.write(CHECKPOINT_PATH, note)
    await onPublished?.(note, tree.size, clock.now())
    this.#published = { size: tree.size, root: tree.root(), note }
    return this.#published
  }

  async #read(start: number, end: number): Promise<Uint8Array[]> {
    const entries = await this.#options.source.read(start, end)
    if (entries.length !== end - start)
      throw diverged(`the database has a gap in entries ${start} to ${end - 1}`)
    return entries
  }

  async #giveUp(): Promise<void> {
    this.#started = false
    this.#signed = null
    this.#published = null
    await this.#options.lock.release()
  }
}

function diverged(what: string): LogError {
  return new LogError(
    'LOG_DIVERGED',
    `refusing to sign: ${what}. Restore the database, or the lock store, to a state that extends the last ` +
      'signed checkpoint; if neither can be restored, start a new log with a new origin and tell the auditor why',
  )
}
