/**
 * What a relay asks its upstream for in the name of others: time answers and snapshots. Bounded, because anybody who
 * reaches the relay can make it ask.
 * @module
 */
import type { HttpRevocations } from '../../src/adapters/http/revocations.ts'
import type { SignedTime } from '../../src/revoke/frame.ts'
import { MARK_BYTES } from '../../src/revoke/marks.ts'
import type { SignedSnapshot } from '../../src/revoke/snapshot.ts'
import { ApiError } from '../server/errors.ts'
import { Turns } from './turns.ts'

/** Requests for the time that are under way at once. */
const TIMES_MAX = 64
/** And that wait: each belongs to a connection that is open. */
const WAITING_MAX = 20_000

export class Upstream {
  readonly #source: HttpRevocations
  readonly #signal: AbortSignal
  readonly #turns = new Turns({ at_once_max: TIMES_MAX, waiting_max: WAITING_MAX })

  constructor(source: HttpRevocations, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  /**
   * The answer is older than the asking, never younger, however long it waits: so a point takes its state for older.
   * @param source who asks, for its share
   * @throws ApiError `TOO_MANY`
   */
  async time(nonce: string, source: string): Promise<SignedTime> {
    if (!(await this.#turns.begin(source))) throw new ApiError('TOO_MANY', 'too many points ask for the time')
    try {
      return await this.#source.time(nonce, this.#signal)
    } finally {
      this.#turns.end()
    }
  }

  async snapshot(): Promise<{ signed: SignedSnapshot; body: Uint8Array }> {
    const signed = await this.#source.snapshotHeader(this.#signal)
    const { digest, count } = signed.snapshot
    return { signed, body: await this.#source.snapshot(digest, count * MARK_BYTES, this.#signal) }
  }
}
