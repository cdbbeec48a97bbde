/**
 * {@link CheckpointLock} over conditional writes: no place to take and no leader, so several machines may sign at once, and
 * of those that swap from the same bytes one wins. spec/log.md, LOG-20.
 * Invariant: a swap whose answer was lost is settled by reading what is there, never by guessing.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { equalBytes } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { CheckpointLock } from '../../ports/tile-store.ts'
import { unsupported, type Put, type S3Client, type S3Object } from './client.ts'

const LAST_CHECKPOINT = 'signer/last-checkpoint'
/** Written at each start, to see that conditions are kept. */
const PROBE = 'signer/probe'

export function s3CheckpointLock(client: S3Client): CheckpointLock {
  return new S3CheckpointLock(client)
}

class S3CheckpointLock implements CheckpointLock {
  readonly #client: S3Client
  #held = false
  /** What was read or stored last: it gives the ETag to swap from. */
  #known: S3Object | null = null

  constructor(client: S3Client) {
    this.#client = client
  }

  async acquire(): Promise<void> {
    if (this.#held) throw new LogError('LOG_LOCKED', 'this lock is already held')
    await this.#probe()
    this.#held = true
  }

  /** A service that ignores a condition would let two signers store two trees: it is found out before anything is signed. */
  async #probe(): Promise<void> {
    const bytes = new Uint8Array(randomBytes(16))
    await this.#client.put(PROBE, objectOf(bytes))
    const created = await this.#client.put(PROBE, { ...objectOf(bytes), condition: { absent: true } })
    const other = `"${randomBytes(16).toString('hex')}"`
    const swapped = await this.#client.put(PROBE, { ...objectOf(bytes), condition: { etag: other } })
    if (created.stored || swapped.stored) throw unsupported()
  }

  async load(): Promise<Uint8Array | null> {
    this.#known = await this.#client.get(LAST_CHECKPOINT)
    return this.#known && Uint8Array.from(this.#known.bytes)
  }

  async compareAndSwap(previous: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    if (!this.#held) throw new LogError('LOG_LOCKED', 'the lock of the log is not held')
    const from = await this.#current(previous)
    if (from === undefined) return false
    const condition = from === null ? { absent: true as const } : { etag: from.etag }
    this.#known = null
    const bytes = Uint8Array.from(next)
    const put = await this.#client.put(LAST_CHECKPOINT, { ...objectOf(bytes), condition })
    if (put.stored) {
      this.#known = put.etag === '' ? null : { bytes, etag: put.etag }
      return true
    }
    // Another's, or our own from an attempt whose answer was lost. The same bytes are the same checkpoint either way.
    const now = await this.load()
    return now !== null && equalBytes(now, bytes)
  }

  async release(): Promise<void> {
    this.#held = false
    this.#known = null
  }

  /** What to swap from; undefined when it is not what the caller thinks. */
  async #current(previous: Uint8Array | null): Promise<S3Object | null | undefined> {
    const isSame = (stored: S3Object | null): boolean =>
      stored === null || previous === null ? stored === previous : equalBytes(stored.bytes, previous)
    if (this.#known !== null && isSame(this.#known)) return this.#known
    if (previous === null && this.#known === null) return null
    await this.load()
    return isSame(this.#known) ? this.#known : undefined
  }
}

function objectOf(bytes: Uint8Array): Put {
  return { bytes, contentType: 'text/plain; charset=utf-8', cacheControl: 'no-store' }
}
