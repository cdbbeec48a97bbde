/**
 * {@link CheckpointLock} over a directory on the signer's machine, apart from the database. spec/log.md, LOG-5.
 * Invariant: of the processes of one machine at most one holds the lock, and a dead one never keeps it.
 * Across machines that share the directory, compareAndSwap is what stops a second signer.
 * @module
 */
import { join, resolve } from 'node:path'
import { equalBytes } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { CheckpointLock } from '../../ports/tile-store.ts'
import { claimDirectory, type DirectoryClaim } from './claim.ts'
import { makeDirectory, readWhole, replaceFile, type FileSystem } from './files.ts'

const LAST_CHECKPOINT = 'last-checkpoint'
/** The bound of a signed note (src/log/note.ts), in bytes. */
const NOTE_BYTES_MAX = 512 * 1024
const MODES = { file: 0o600, dir: 0o700 }

/** @param dir directory of its own, mode 0700; created when missing. Must not be inside the database's. */
export function fsCheckpointLock(dir: string, fs?: FileSystem): CheckpointLock {
  return new FsCheckpointLock(resolve(dir), fs)
}

class FsCheckpointLock implements CheckpointLock {
  readonly #dir: string
  readonly #fs: FileSystem | undefined
  #claim: DirectoryClaim | null = null
  /** Runs one operation at a time, so that the comparison and the swap are one step within this process. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(dir: string, fs: FileSystem | undefined) {
    this.#dir = dir
    this.#fs = fs
  }

  acquire(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#claim) throw new LogError('LOG_LOCKED', 'this lock is already held')
      const claim = await this.#take()
      if ('heldBy' in claim) {
        throw new LogError(
          'LOG_LOCKED',
          `process ${claim.heldBy} signs this log: stop it, or use its control plane`,
        )
      }
      this.#claim = claim
    })
  }

  async #take(): ReturnType<typeof claimDirectory> {
    try {
      await makeDirectory(this.#dir, MODES.dir, this.#fs)
      return await claimDirectory(this.#dir, 'signer', this.#fs)
    } catch (cause) {
      throw new LogError('LOG_UNAVAILABLE', 'the lock directory is not usable', { cause })
    }
  }

  load(): Promise<Uint8Array | null> {
    return readWhole(join(this.#dir, LAST_CHECKPOINT), NOTE_BYTES_MAX, this.#fs)
  }

  /** @throws {LogError} `LOG_LOCKED`: not held, or somebody removed our claim. `LOG_UNAVAILABLE`. */
  compareAndSwap(previous: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    return this.#inTurn(() => this.#swap(previous, next))
  }

  release(): Promise<void> {
    return this.#inTurn(() => this.#drop())
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const done = this.#last.then(operation)
    this.#last = done.catch(() => {}) // its caller hears of the fault
    return done
  }

  /** What could not be removed is still held, so that it can be released again. */
  async #drop(): Promise<void> {
    try {
      await this.#claim?.release()
    } catch (cause) {
      throw new LogError('LOG_UNAVAILABLE', 'the claim on the lock could not be removed', { cause })
    }
    this.#claim = null
  }

  async #swap(previous: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    const claim = this.#claim
    const held = claim !== null && (await claim.isHeld())
    if (!held) throw new LogError('LOG_LOCKED', 'the lock of the log is not held')
    const stored = await this.load()
    const same = stored === null || previous === null ? stored === previous : equalBytes(stored, previous)
    if (same) await replaceFile(join(this.#dir, LAST_CHECKPOINT), next, MODES, this.#fs)
    return same
  }
}
