/**
 * Requests of the client that have no answer yet: bounded, answered once, and not at all when withdrawn.
 * @module
 */
import type { RpcId } from './frames.ts'

/** A request of the client that has no answer yet. */
export interface Pending {
  /** Null for a request that came without one: it gets an answer that names none. */
  readonly id: RpcId | null
  readonly key: string
  /** The client has withdrawn it: whatever comes, it gets no answer. */
  isCancelled: boolean
  /** Takes it back from the point, while it waits there for a person. */
  withdraw: (() => void) | null
  /** A subscription: it has no answer while it lasts, and nobody waits for one. */
  isLong: boolean
}

export class InFlight {
  readonly #toClient: (line: string) => void
  readonly #max: number
  readonly #onAnswer: ((key: string, line: string | null) => void) | undefined
  readonly #pending = new Map<string, Pending>()
  #long_n = 0
  #idleWaiters: (() => void)[] = []

  /** @param onAnswer in place of `toClient` for answers; null: it was withdrawn and gets none */
  constructor(
    toClient: (line: string) => void,
    max: number,
    onAnswer?: (key: string, line: string | null) => void,
  ) {
    this.#toClient = toClient
    this.#max = max
    this.#onAnswer = onAnswer
  }

  get isFull(): boolean {
    return this.#pending.size - this.#long_n >= this.#max
  }

  /** Subscriptions among them. */
  get long_n(): number {
    return this.#long_n
  }

  has(key: string): boolean {
    return this.#pending.has(key)
  }

  isLong(key: string): boolean {
    return this.#pending.get(key)?.isLong ?? false
  }

  add(id: RpcId | null, key: string): Pending {
    const pending: Pending = { id, key, isCancelled: false, withdraw: null, isLong: false }
    this.#pending.set(key, pending)
    return pending
  }

  lasts(pending: Pending): void {
    if (!pending.isLong) this.#long_n++
    pending.isLong = true
    this.#wake()
  }

  /** @returns null when nothing is in flight under that key */
  cancel(key: string): Pending | null {
    const pending = this.#pending.get(key)
    if (pending === undefined) return null
    pending.isCancelled = true
    pending.withdraw?.()
    return pending
  }

  /** The one place where a request of the client is answered. */
  finish(pending: Pending, line: string): void {
    this.#pending.delete(pending.key)
    if (pending.isLong) this.#long_n--
    const answer = pending.isCancelled ? null : line
    if (this.#onAnswer !== undefined) this.#onAnswer(pending.key, answer)
    else if (answer !== null) this.#toClient(answer)
    this.#wake()
  }

  /** Resolves when nothing is in flight but subscriptions. */
  async idle(): Promise<void> {
    if (this.#pending.size > this.#long_n)
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  #wake(): void {
    if (this.#pending.size === this.#long_n) for (const wake of this.#idleWaiters.splice(0)) wake()
  }
}
