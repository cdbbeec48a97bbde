/**
 * Points that wait for a person's decision, or for a memory domain of another point: each asks again when something was committed, at this node or another, and
 * not more often than it is worth. spec/approvals.md (APR-11), spec/flow.md (FLW-16).
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '../../src/ports/store.ts'
import { ApiError } from './errors.ts'

/** How long an answer may take, in milliseconds. */
const WAIT_MS = 20_000
/** Between two looks of one who waits: a busy log commits hundreds of times a second. */
const LOOK_EVERY_MS = 100
/** Calls that wait at once, of all points. */
const WAITING_MAX = 4_096

export class ApprovalWaits {
  readonly #store: Pick<Store, 'onCommit'>
  readonly #look_every_ms: number
  #waiting = 0

  constructor(store: Pick<Store, 'onCommit'>, look_every_ms = LOOK_EVERY_MS) {
    this.#store = store
    this.#look_every_ms = look_every_ms
  }

  /** @returns what `look` found, or null when it found nothing in time. @throws {ApiError} `TOO_MANY` */
  async wait<T>(look: () => Promise<T | null>, signal: AbortSignal): Promise<T | null> {
    if (this.#waiting >= WAITING_MAX) throw new ApiError('TOO_MANY', 'too many points wait for an answer')
    this.#waiting++
    let news = Promise.withResolvers<void>()
    const leave = this.#store.onCommit(() => news.resolve())
    const limit = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)])
    limit.addEventListener('abort', () => news.resolve())
    try {
      for (;;) {
        const found = await look()
        if (found !== null || limit.aborted) return found
        await news.promise
        await pause(this.#look_every_ms, undefined, { signal: limit }).catch(() => undefined)
        news = Promise.withResolvers()
        if (limit.aborted) news.resolve()
      }
    } finally {
      leave()
      this.#waiting--
    }
  }
}
