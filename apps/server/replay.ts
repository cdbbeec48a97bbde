/** What was used once, for as long as it could be used again. spec/api.md (API-2). @module */
import type { Clock } from '../../src/ports/clock.ts'
import type { Nodes } from '../../src/ports/nodes.ts'
import { ApiError } from './errors.ts'

/** Proofs remembered: 120 s at more than 2,000 requests a second, about 40 MiB. Past it callers are turned away. */
export const REPLAY_MAX = 262_144
/** Nodes may differ in what time it is, in milliseconds: what one forgets may still be good for another. */
const NODES_SKEW_MS_MAX = 60_000

export interface Replays {
  /**
   * Call for keys that we know alone, so that a stranger cannot fill the memory.
   * @returns false when it was used before
   * @throws {ApiError} `TOO_MANY`, {StoreError} `STORE_UNAVAILABLE`: it cannot be remembered, so it is not good
   */
  use(name: string): Promise<boolean>
}

/**
 * @param nodes remember together, or null where there is one process
 * @param keep_ms at least as long as anything that is used can be good
 */
export function replaysOf(nodes: Nodes | null, clock: Clock, keep_ms: number, max = REPLAY_MAX): Replays {
  if (nodes === null) return new ReplayMemory(clock, keep_ms, max)
  return { use: (name) => nodes.useOnce(name, keep_ms + NODES_SKEW_MS_MAX) }
}

/** In bounded memory. */
export class ReplayMemory implements Replays {
  readonly #clock: Clock
  readonly #keep_ms: number
  readonly #max: number
  /** Name to the time from which it may be forgotten, in the order of arrival. */
  readonly #used = new Map<string, number>()

  constructor(clock: Clock, keep_ms: number, max = REPLAY_MAX) {
    this.#clock = clock
    this.#keep_ms = keep_ms
    this.#max = max
  }

  async use(name: string): Promise<boolean> {
    const now = this.#clock.monotonic()
    for (const [known, until] of this.#used) {
      if (until > now) break
      this.#used.delete(known)
    }
    if (this.#used.has(name)) return false
    if (this.#used.size >= this.#max)
      throw new ApiError('TOO_MANY', 'too many requests: try again in a minute')
    this.#used.set(name, now + this.#keep_ms)
    return true
  }
}
