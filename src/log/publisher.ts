/**
 * A signer of the log: integrates committed entries into the tree, publishes tiles and signs checkpoints. Where the lock
 * store allows several, they work side by side, and one that loses a swap adopts what won. spec/log.md, LOG-4, 5, 20, 21.
 * Invariant: every checkpoint that is stored extends the one before, which is kept outside the database.
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
import type { CheckpointLock, PublicTiles } from '../ports/tile-store.ts'
import { openCheckpoint, signCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { integrate } from './integrate.ts'
import { tilesAreLost } from './lost-tiles.ts'
import { formatVkey, noteKey } from './note.ts'
import { diverged, growTo, isOvertaken } from './signed-tree.ts'
import { CHECKPOINT_PATH, TileBuilder } from './tiles.ts'

export interface PublishedCheckpoint {
  readonly size: number
  readonly root: Uint8Array
  /** The signed note, as it is served: with cosignatures. */
  readonly note: Uint8Array
}

export interface LogPublisherOptions {
  readonly crypto: Crypto
  readonly source: EntrySource
  readonly tiles: PublicTiles
  readonly lock: CheckpointLock
  /** Ed25519. */
  readonly signer: Signer
  readonly origin: string
  readonly clock: Clock
  /**
   * Called with each signed checkpoint before it is made public, and again with the last one by every later run:
   * returns it with the cosignatures there are (WIT-9). While it throws, nothing is published. Not with one that another
   * signer stored, which asks itself, unless that one did not go on (WIT-13).
   * @param isOvertaken whether another signer stored a checkpoint of this size or more, which our entries extend
   */
  readonly cosign?: (note: Uint8Array, isOvertaken: IsOvertaken) => Promise<Uint8Array>
  /** The checkpoint that any signer stored last: what the lock store holds, unless given. */
  readonly newest?: () => Promise<Uint8Array | null>
  /**
   * Called once a checkpoint is public, before `publish` resolves. At least once for each: the last one again
   * after a restart, so key a history by size. A crash between the two can still lose an intermediate one.
   */
  readonly onPublished?: (note: Uint8Array, size: number, time_ms: number) => void | Promise<void>
}

export type IsOvertaken = (size: number) => Promise<boolean>

/** How long the signer that stored a checkpoint is left to gather its cosignatures, in milliseconds. */
const HAND_OVER_MS = 15_000

/** Swaps lost in one run before it gives up: whoever won has published most of what we would have. */
const SWAPS_MAX = 16

interface Signed {
  /** The tree of the last checkpoint, or the empty tree before the first. */
  readonly tree: TileBuilder
  readonly note: Uint8Array | null
  /** Of another signer's: monotonic time when it was adopted. */
  readonly adopted_ms?: number
}

export class LogPublisher {
  readonly #options: LogPublisherOptions
  readonly #vkey: string
  #started = false
  /** Of a signer, in the lock store. */
  #hasPlace = false
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
   * Takes a signer's place and rebuilds the tree of the last checkpoint from the source.
   * @throws {LogError} `LOG_LOCKED`; `LOG_DIVERGED`: the source does not extend the last checkpoint;
   * `NOTE_INVALID`, `CHECKPOINT_INVALID`: the lock store holds something that our key did not sign for this log.
   */
  async start(): Promise<void> {
    if (!this.#hasPlace) await this.#options.lock.acquire()
    this.#hasPlace = true
    try {
      this.#signed = await this.#recover()
      this.#started = true
    } catch (cause) {
      await this.#giveUp().catch(() => {}) // the first fault is the one to tell; the next start has the place already
      throw cause
    }
  }

  /**
   * Publishes every entry that was committed before the call. Concurrent calls share one run.
   * @returns the existing checkpoint, not signed again, when there is nothing new; without cosignatures while another
   * signer, which stored it, asks for them.
   * @throws {LogError} `LOG_DIVERGED`; `LOG_LOCKED`: not started, or somebody removed our claim: stop this process.
   */
  publish(): Promise<PublishedCheckpoint> {
    this.#queued ??= this.#enqueue()
    return this.#queued
  }

  /** Waits for a run in progress and gives up the signer's place. May be called again if that fails. */
  async stop(): Promise<void> {
    await this.#last
    if (this.#hasPlace) await this.#giveUp()
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
    for (let swaps = 0; swaps < SWAPS_MAX; swaps++) {
      const last = await this.#lastSigned()
      const { tree, note } = last
      const size = await this.#options.source.size()
      if (size < tree.size) throw diverged(`the database has ${size} entries, ${tree.size} are signed`)
      const isNew = note === null || size > tree.size
      if (!isNew && this.#isLeftToAnother(last)) return { size, root: tree.root(), note }
      const grown = isNew ? await integrate(this.#options, tree, size) : tree
      const signed = isNew ? await this.#sign(grown, note) : note
      const done = signed && (await this.#makePublicUnlessOvertaken(grown, signed))
      if (done !== null) return done
    }
    throw new LogError(
      'LOG_UNAVAILABLE',
      `other signers stored ${SWAPS_MAX} checkpoints before this one could`,
    )
  }

  /** What is in the lock store now, as a tree of ours: another signer may have been there since. */
  async #lastSigned(): Promise<Signed> {
    const known = this.#signed ?? (await this.#recover())
    this.#signed = known
    const stored = await this.#options.lock.load()
    const same =
      stored !== null && known.note !== null ? equalBytes(stored, known.note) : stored === known.note
    if (!same) this.#signed = await this.#adopt(known, stored)
    return this.#signed
  }

  /** The tree of a checkpoint that another signer stored, grown out of ours from the database: so it extends both. */
  async #adopt({ tree }: Signed, note: Uint8Array | null): Promise<Signed> {
    const { crypto } = this.#options
    if (note === null) throw diverged('the lock store lost its checkpoint')
    const won = openCheckpoint(crypto, note, this.#vkey)
    if (won.size < tree.size) {
      throw diverged(`the lock store went back from ${tree.size} entries to ${won.size}`)
    }
    const grown = tree.clone(crypto)
    await growTo(crypto, this.#options.source, grown, won)
    return { tree: grown, note, adopted_ms: this.#options.clock.monotonic() }
  }

  /** WIT-13: whoever won the swap asks the witnesses, and publishes. */
  #isLeftToAnother({ adopted_ms }: Signed): boolean {
    const { cosign, clock } = this.#options
    return cosign !== undefined && adopted_ms !== undefined && clock.monotonic() < adopted_ms + HAND_OVER_MS
  }

  /** The last signed tree, rebuilt from the source and compared with what was signed. */
  async #recover(): Promise<Signed> {
    const { crypto, lock, source, tiles } = this.#options
    // In this order: what is public was stored in the lock before, by us or by another signer.
    const published = await tiles.read(CHECKPOINT_PATH)
    const note = await lock.load()
    const last = note && openCheckpoint(crypto, note, this.#vkey)
    this.#checkAnchor(published, last)
    const tree = new TileBuilder(crypto)
    if (!last) return { tree, note: null }
    await growTo(crypto, source, tree, last)
    if (await tilesAreLost(tiles, last.size))
      await integrate(this.#options, new TileBuilder(crypto), last.size)
    return { tree, note }
  }

  /** A public checkpoint of ours that is ahead of the lock store means that the lock store was lost or rolled back. */
  #checkAnchor(note: Uint8Array | null, last: Checkpoint | null): void {
    const published = this.#ours(note)
    if (published === null) return
    const forked = published.size === last?.size && !equalBytes(published.root, last.root)
    if (forked || published.size > (last?.size ?? -1)) {
      throw diverged(`a checkpoint of ${published.size} entries is public, the lock store does not have it`)
    }
  }

  /** A public checkpoint, or null for one that is not ours: it binds nobody, and the next one replaces it. */
  #ours(note: Uint8Array | null): Checkpoint | null {
    try {
      return note && openCheckpoint(this.#options.crypto, note, this.#vkey)
    } catch {
      return null
    }
  }

  /** @returns null when another signer stored a checkpoint first: what was signed here is thrown away */
  async #sign(tree: TileBuilder, previous: Uint8Array | null): Promise<Uint8Array | null> {
    const { crypto, lock, signer, origin } = this.#options
    const note = signCheckpoint(crypto, signer, { origin, size: tree.size, root: tree.root() })
    const before = this.#signed
    this.#signed = null // until the swap answers, it may or may not have been stored: load it again
    const won = await lock.compareAndSwap(previous, note)
    this.#signed = won ? { tree, note } : before
    return won ? note : null
  }

  /** @returns null when there were too few cosignatures because another signer went on: look again */
  async #makePublicUnlessOvertaken(
    tree: TileBuilder,
    signed: Uint8Array,
  ): Promise<PublishedCheckpoint | null> {
    try {
      return await this.#makePublic(tree, signed)
    } catch (cause) {
      const isMissing = cause instanceof LogError && cause.code === 'COSIGNATURES_MISSING'
      if (isMissing && (await this.#isOvertaken(tree, tree.size + 1))) return null
      throw cause
    }
  }

  async #makePublic(tree: TileBuilder, signed: Uint8Array): Promise<PublishedCheckpoint> {
    const { tiles, clock, cosign, onPublished } = this.#options
    const note = (await cosign?.(signed, (size) => this.#isOvertaken(tree, size))) ?? signed
    if (this.#published && equalBytes(this.#published.note, note)) return this.#published
    const root = tree.root()
    // Another signer may be ahead of us: what is public never goes backwards (LOG-21).
    await tiles.writeIf(CHECKPOINT_PATH, note, (stored) => {
      const there = this.#ours(stored)
      if (there === null || there.size !== tree.size) return (there?.size ?? -1) < tree.size
      if (!equalBytes(there.root, root))
        throw diverged(`another checkpoint of ${tree.size} entries is public`)
      return note.length > (stored?.length ?? 0) // with more cosignatures
    })
    await onPublished?.(note, tree.size, clock.now())
    this.#published = { size: tree.size, root, note }
    return this.#published
  }

  async #isOvertaken(tree: TileBuilder, size: number): Promise<boolean> {
    const { crypto, source, lock, newest } = this.#options
    return isOvertaken(crypto, source, tree, await (newest?.() ?? lock.load()), { vkey: this.#vkey, size })
  }

  async #giveUp(): Promise<void> {
    this.#started = false
    this.#signed = null
    this.#published = null
    await this.#options.lock.release()
    this.#hasPlace = false
  }
}
