/**
 * The log's publisher on one of several nodes: it signs while it has the place, and stands by while another has. Standing
 * by with a folder of its own, it follows: it writes the same tiles and takes over each signed checkpoint into its own
 * folder and lock store, so that it serves what the signer serves and can go on where that one ended: if somebody outside
 * the database says how far that one signed. docs/adr/0016, docs/adr/0025
 * Invariant: it follows nothing that the database in front of it does not give, byte for byte, and signs only while no
 * other node can have the place.
 * @module
 */
import { LogPublisher, type LogPublisherOptions } from '../../src/log/publisher.ts'
import { equalBytes } from '../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { LogError } from '../../src/log/entries.ts'
import { growTo } from '../../src/log/signed-tree.ts'
import { TileBuilder } from '../../src/log/tiles.ts'
import type { Nodes, Place } from '../../src/ports/nodes.ts'
import type { Store } from '../../src/ports/store.ts'
import type { CheckpointLock } from '../../src/ports/tile-store.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { Publisher } from './log-runner.ts'

/** How long committed entries may wait for the node that signs before this one says so, in milliseconds. */
const BEHIND_MS_MAX = 10_000

export interface NodePublisherOptions extends LogPublisherOptions {
  readonly store: Pick<Store, 'query'>
  readonly nodes: Nodes
  readonly elsewhere: Elsewhere
}

type Cosign = NonNullable<LogPublisherOptions['cosign']>

/** As it was made public, with its cosignatures. */
interface Recorded extends Checkpoint {
  readonly note: Uint8Array
}

export class NodePublisher implements Publisher {
  readonly #options: NodePublisherOptions
  readonly #signer: LogPublisher
  readonly #follower: LogPublisher
  #place: Place | null = null
  #following = false
  /** Size of the checkpoint that is followed, as the follower's source. */
  #followed = 0
  #expected: Recorded | null = null
  #behindSince: number | null = null
  #queued: Promise<void> | null = null
  #last: Promise<unknown> = Promise.resolve()
  /** Why this node does not sign although nobody else may. */
  #objection: string | null = null

  constructor(options: NodePublisherOptions) {
    this.#options = options
    const { source, lock } = options
    const { cosign } = options
    this.#signer = new LogPublisher({
      ...options,
      lock: this.#guarded(lock),
      newest: async () => (await this.#lastRecorded())?.note ?? null,
      ...(cosign === undefined ? {} : { cosign: this.#asking(cosign) }),
    })
    // With the same key over the same tree the signature comes out the same: nothing is signed that was not before.
    const { onPublished: _, ...followed } = options
    this.#follower = new LogPublisher({
      ...followed,
      source: {
        size: async () => this.#followed,
        read: (start, end) => source.read(start, end),
        hashes: (index) => source.hashes(index),
      },
      lock: this.#only(lock),
      cosign: async (note) => this.#expected?.note ?? note, // the one that signs has asked already
    })
  }

  get vkey(): string {
    return this.#signer.vkey
  }

  async start(): Promise<void> {
    await this.publish()
  }

  /** One run at a time, as what is followed belongs to a run: who asks meanwhile shares the next one. */
  publish(): Promise<void> {
    this.#queued ??= this.#last.then(() => {
      this.#queued = null
      return this.#run()
    })
    this.#last = this.#queued.catch(() => undefined) // who asked hears of the fault
    return this.#queued
  }

  async #run(): Promise<void> {
    if (this.#place !== null && !this.#place.isHeld()) await this.#stepDown()
    if (this.#place === null && !(await this.#takeOver())) return this.#follow()
    try {
      await this.#signer.publish()
    } catch (cause) {
      if (!isLocked(cause)) throw cause
      await this.#stepDown() // another node signs now: look again with the next run
    }
  }

  async stop(): Promise<void> {
    await this.#last
    if (this.#place !== null) return this.#stepDown()
    await this.#unfollow()
  }

  async #stepDown(): Promise<void> {
    const place = this.#place
    this.#place = null
    await this.#signer.stop()
    await place?.leave()
  }

  /** @returns whether this node signs now */
  async #takeOver(): Promise<boolean> {
    const { nodes, elsewhere } = this.#options
    this.#objection = await elsewhere.objection()
    if (this.#objection !== null) return false
    const place = await nodes.takePlace()
    if (place === null) return false
    try {
      this.#place = place
      await this.#catchUp()
      await this.#unfollow()
      await this.#signer.start()
      elsewhere.tookOver()
      this.#behindSince = null
      return true
    } catch (cause) {
      this.#place = null
      await place.leave()
      if (isLocked(cause)) return false // in a shared folder: the last signer is not gone yet
      throw cause
    }
  }

  /**
   * It goes on from what the last one signed: as far as that one left word of it, and as anybody else has it (LOG-44).
   * @throws {LogError} `LOG_DIVERGED`
   */
  async #catchUp(): Promise<void> {
    const { elsewhere, crypto, source, lock } = this.#options
    await this.#mirror(await this.#lastRecorded())
    await elsewhere.ask() // nobody else signs any more: this is the last word of a node that lost the database
    const newest = await elsewhere.newest()
    if (newest === null) return
    if (newest.size > this.#followed) await this.#mirror(newest)
    const note = await lock.load()
    const own = note && openCheckpoint(crypto, note, this.vkey)
    if (own?.size !== newest.size || !equalBytes(own.root, newest.root))
      await growTo(crypto, source, new TileBuilder(crypto), newest)
  }

  async #follow(): Promise<void> {
    this.#options.elsewhere.watch()
    const last = await this.#lastRecorded()
    const isGrown = await this.#mirror(last)
    // Somebody else signed it: who signs alone has it before the database does.
    if (isGrown && last !== null && this.#objection === null) await this.#options.elsewhere.follows(last.note)
    const size = await this.#options.source.size()
    if (size < this.#followed) throw diverged(`it has ${size} entries, ${this.#followed} are signed`)
    const now = this.#options.clock.monotonic()
    this.#behindSince = size > (last?.size ?? 0) ? (this.#behindSince ?? now) : null
    if (this.#behindSince !== null && now - this.#behindSince > BEHIND_MS_MAX)
      throw unpublished(this.#objection)
  }

  /**
   * Takes a checkpoint over into this node's own folder; in one that the signer shares there is nothing to do.
   * @returns whether it is of more entries than this node had
   */
  async #mirror(last: Recorded | null): Promise<boolean> {
    if (!(await this.#startFollowing()) || last === null || last.size < this.#followed) return false
    if (this.#expected !== null && equalBytes(last.note, this.#expected.note)) return false
    const before = this.#followed
    this.#followed = last.size
    this.#expected = last
    try {
      await this.#follower.publish()
      return last.size > before
    } catch (cause) {
      this.#followed = before
      this.#expected = null
      throw cause
    }
  }

  /** @returns false in a folder that the signer shares */
  async #startFollowing(): Promise<boolean> {
    if (this.#following) return true
    const note = await this.#options.lock.load()
    this.#followed = note === null ? 0 : openCheckpoint(this.#options.crypto, note, this.vkey).size
    try {
      await this.#follower.start()
    } catch (cause) {
      if (isLocked(cause)) return false
      throw cause
    }
    this.#following = true
    return true
  }

  async #unfollow(): Promise<void> {
    if (this.#following) await this.#follower.stop()
    this.#following = false
  }

  /** The one that was signed last and recorded. */
  async #lastRecorded(): Promise<Recorded | null> {
    const row = await this.#options.store.query((db) =>
      db.selectFrom('checkpoints').select('note').orderBy('size', 'desc').limit(1).executeTakeFirst(),
    )
    if (!row) return null
    const note = Uint8Array.from(row.note)
    return { ...openCheckpoint(this.#options.crypto, note, this.vkey), note }
  }

  /**
   * WIT-13: only who signs asks, and one that lost its place meanwhile is overtaken, also when nobody told it: the other
   * node records what it signed after the witness has seen it.
   */
  #asking(cosign: Cosign): Cosign {
    return (note, isOvertaken) => {
      this.#assertPlace()
      const place = this.#place
      return cosign(note, async (size) => {
        if (!this.#hasPlace() || (await isOvertaken(size))) return true
        return place === null || !(await place.confirm())
      })
    }
  }

  #hasPlace(): boolean {
    return this.#place?.isHeld() === true
  }

  #assertPlace(): void {
    if (!this.#hasPlace()) throw new LogError('LOG_LOCKED', 'the place of the signer is lost')
  }

  /** Nothing is signed once another node may have the place. */
  #guarded(lock: CheckpointLock): CheckpointLock {
    return {
      ...plain(lock),
      compareAndSwap: async (previous, next) => {
        this.#assertPlace()
        return lock.compareAndSwap(previous, next)
      },
    }
  }

  /** Nothing is stored but what the signer signed. */
  #only(lock: CheckpointLock): CheckpointLock {
    return {
      ...plain(lock),
      compareAndSwap: async (previous, next) => {
        const { crypto } = this.#options
        const { size, root } = openCheckpoint(crypto, next, this.vkey)
        const expected = this.#expected
        if (expected === null || size !== expected.size || !equalBytes(root, expected.root))
          throw diverged(`its first ${size} entries are not those that are signed`)
        return lock.compareAndSwap(previous, next)
      },
    }
  }
}

function plain(lock: CheckpointLock): CheckpointLock {
  return {
    acquire: () => lock.acquire(),
    load: () => lock.load(),
    compareAndSwap: (previous, next) => lock.compareAndSwap(previous, next),
    release: () => lock.release(),
  }
}

const isLocked = (cause: unknown): boolean => cause instanceof LogError && cause.code === 'LOG_LOCKED'

/** @param objection why this node does not, when no other does either */
function unpublished(objection: string | null): LogError {
  if (objection === null)
    return new LogError('LOG_UNAVAILABLE', 'no node publishes the log: look at the one that signs')
  return new LogError(
    'TAKE_OVER_UNCONFIRMED',
    `no node publishes the log, and this one does not go on from what the database says: ${objection}. ` +
      'Start the node that signed last, or this one with --take-over-from and the checkpoint that was signed last',
  )
}

function diverged(what: string): LogError {
  return new LogError(
    'LOG_DIVERGED',
    `refusing to follow a database that does not extend what was signed: ${what}. Restore one that does`,
  )
}
