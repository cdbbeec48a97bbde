/**
 * Requests of the client that have no answer yet: bounded, answered once, and not at all when withdrawn.
 * @module
 */
import type { RpcId } from './frames.ts'

/** Requests in flight, in either direction, each. */
export const IN_FLIGHT_MAX = 256

/** A request of the client that has no answer yet. */
export interface Pending {
  /** Null for a request that came without one: it gets an answer that names none. */
  readonly id: RpcId | null
  readonly key: string
  /** The client has withdrawn it: whatever comes, it gets no answer. */
  isCancelled: boolean
}

export class InFlight {
  readonly #toClient: (line: string) => void
  readonly #onAnswer: ((key: string, line: string | null) => void) | undefined
  readonly #pending = new Map<string, Pending>()
  #idleWaiters: (() => void)[] = []

  /** @param onAnswer in place of `toClient` for answers; null: it was withdrawn and gets none */
  constructor(toClient: (line: string) => void, onAnswer?: (key: string, line: string | null) => void) {
    this.#toClient = toClient
    this.#onAnswer = onAnswer
  }

  get isFull(): boolean {
    return this.#pending.size >= IN_FLIGHT_MAX
  }

  has(key: string): boolean {
    return this.#pending.has(key)
  }

  add(id: RpcId | null, key: string): Pending {
    const pending: Pending = { id, key, isCancelled: false }
    this.#pending.set(key, pending)
    return pending
  }

  /** @returns null when nothing is in flight under that key */
  cancel(key: string): Pending | null {
    const pending = this.#pending.get(key)
    if (pending === undefined) return null
    pending.isCancelled = true
    return pending
  }

  /** The one place where a request of the client is answered. */
  finish(pending: Pending, line: string): void {
    this.#pending.delete(pending.key)
    const answer = pending.isCancelled ? null : line
    if (this.#onAnswer !== undefined) this.#onAnswer(pending.key, answer)
    else if (answer !== null) this.#toClient(answer)
    if (this.#pending.size === 0) for (const wake of this.#idleWaiters.splice(0)) wake()
  }

  async idle(): Promise<void> {
    if (this.#pending.size > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }
}
