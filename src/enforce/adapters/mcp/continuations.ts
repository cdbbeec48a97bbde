/**
 * What a connection may go on with because a call of it was allowed: tasks, and subscriptions to end. spec/mcp.md
 * (MCP-8). Bounded.
 * @module
 */
import type { Given } from '../../types.ts'
import { TASKS_MAX } from './limits.ts'

/** By whose leave: the call has to be one that could still be made. */
export interface Origin {
  /** Null: the hosted delegation. */
  readonly session: string | null
  readonly action: string
  /** Of that call: what a task says later is its result, too. */
  readonly given: Pick<Given, 'mayGoOn' | 'takeLater'>
}

export class Continuations {
  readonly #tasks = new Map<string, Origin>()
  readonly #subscriptions = new Map<string, Origin>()
  readonly #subscriptions_max: number

  constructor(subscriptions_max: number) {
    this.#subscriptions_max = subscriptions_max
  }

  taskMade(id: string, origin: Origin): void {
    this.#tasks.delete(id)
    if (this.#tasks.size >= TASKS_MAX) this.#tasks.delete(this.#tasks.keys().next().value ?? '')
    this.#tasks.set(id, origin)
  }

  task(id: string): Origin | null {
    return this.#tasks.get(id) ?? null
  }

  hasRoomFor(uri: string): boolean {
    return this.#subscriptions.has(uri) || this.#subscriptions.size < this.#subscriptions_max
  }

  subscribed(uri: string, origin: Origin): void {
    this.#subscriptions.set(uri, origin)
  }

  unsubscribe(uri: string): void {
    this.#subscriptions.delete(uri)
  }

  subscription(uri: string): Origin | null {
    return this.#subscriptions.get(uri) ?? null
  }
}
