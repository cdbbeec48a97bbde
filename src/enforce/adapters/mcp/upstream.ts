/**
 * Requests that the tool server has and has not answered: the client's, under the client's own identifiers, and ours,
 * under identifiers that no client can name. Answers to ours never reach the client.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { base64url } from '../../../core/encoding.ts'
import type { JsonValue } from '../../../core/json.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { InvalidFrame, RpcId, RpcResponse } from './frames.ts'
import { RPC_INTERNAL_ERROR, RPC_SERVER_ENDED, RPC_TIMED_OUT, rpcNotice, rpcRequest } from './messages.ts'

/** How often requests are looked at for those that waited too long. One timer for all: a timer each costs a call more. */
const SWEEP_MS = 1000
/** Identifiers of withdrawn requests that are remembered, so that a late answer finds nobody else. */
const WITHDRAWN_MAX = 1024

/** Why no answer will come: what the client is told, as a JSON-RPC error. */
export class AnswerLost extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'AnswerLost'
    this.code = code
  }
}

/** Called once. */
export type OnAnswer = (answer: RpcResponse | AnswerLost) => void

interface Waiting {
  readonly id: RpcId
  readonly onAnswer: OnAnswer
  /** By the monotonic clock. */
  readonly until_ms: number
}

export class Upstream {
  readonly #send: (line: string, key?: string) => void
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiting>()
  readonly #withdrawn = new Set<string>()
  readonly #prefix: string
  #own_n = 0
  #hasEnded = false
  #sweeper: NodeJS.Timeout | null = null

  /** @param send told the {@link keyOf} of a request that waits for an answer */
  constructor(crypto: Crypto, clock: Clock, send: (line: string, key?: string) => void) {
    this.#send = send
    this.#clock = clock
    this.#prefix = `countersign-${base64url(crypto.randomBytes(16))}-`
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** @throws {AnswerLost} when there is nobody to ask any more. */
  assertRunning(): void {
    if (this.#hasEnded) throw ended()
  }

  /** Sends what needs no answer. */
  send(line: string): void {
    if (!this.#hasEnded) this.#send(line)
  }

  /** Whether an answer under that identifier would be taken for another request's. */
  isTaken(id: RpcId): boolean {
    const key = keyOf(id)
    return this.#waiting.has(key) || this.#withdrawn.has(key)
  }

  /**
   * Sends a request. `onAnswer` is called in the turn in which the answer arrives, so that order is kept.
   * @param wait_ms infinite for a subscription
   */
  ask(id: RpcId, line: string, wait_ms: number, onAnswer: OnAnswer): void {
    if (this.#hasEnded) {
      onAnswer(ended())
      return
    }
    const key = keyOf(id)
    this.#waiting.set(key, { id, onAnswer, until_ms: this.#clock.monotonic() + wait_ms })
    this.#sweeper ??= setTimeout(() => this.sweep(), SWEEP_MS).unref()
    this.#send(line, key)
  }

  /** Sends a request of our own. */
  askOwn(
    method: string,
    params: { readonly [name: string]: JsonValue },
    wait_ms: number,
    onAnswer: OnAnswer,
  ): void {
    const id = `${this.#prefix}${++this.#own_n}`
    this.ask(id, rpcRequest(id, method, params), wait_ms, onAnswer)
  }

  /** Gives up what waited too long: the server is told, and an answer that still comes is dropped. */
  sweep(): void {
    const now_ms = this.#clock.monotonic()
    for (const { id, until_ms } of this.#waiting.values()) {
      if (until_ms > now_ms) continue
      this.send(rpcNotice('notifications/cancelled', { requestId: id, reason: 'timed out' }))
      this.withdraw(id, new AnswerLost(RPC_TIMED_OUT, 'the tool server did not answer in time'))
    }
    if (this.#sweeper !== null) clearTimeout(this.#sweeper)
    this.#sweeper = this.#waiting.size === 0 ? null : setTimeout(() => this.sweep(), SWEEP_MS).unref()
  }

  /** Tells the server to stop (MCP, Cancellation). One that answers all the same is heard for `grace_ms`. */
  tellToStop(id: RpcId, grace_ms: number): void {
    const waiting = this.#waiting.get(keyOf(id))
    if (waiting === undefined) return
    this.send(rpcNotice('notifications/cancelled', { requestId: id, reason: 'revoked' }))
    setTimeout(() => {
      if (this.#waiting.get(keyOf(id)) === waiting) this.withdraw(id)
    }, grace_ms).unref()
  }

  /** Nobody wants the answer any longer; one that still comes is dropped. */
  withdraw(id: RpcId, why = new AnswerLost(RPC_INTERNAL_ERROR, 'cancelled')): void {
    const key = keyOf(id)
    const onAnswer = this.#take(key)
    if (onAnswer === undefined) return
    if (this.#withdrawn.size >= WITHDRAWN_MAX)
      this.#withdrawn.delete(this.#withdrawn.keys().next().value ?? '')
    this.#withdrawn.add(key)
    onAnswer(why)
  }

  /** @returns false when nobody waits for it */
  answered(response: RpcResponse): boolean {
    const key = keyOf(response.id)
    if (this.#withdrawn.delete(key)) return true
    const onAnswer = this.#take(key)
    onAnswer?.(response)
    return onAnswer !== undefined
  }

  /** The server sent a line that is no message. Whoever waited for it, if it names one, waits no longer. */
  unreadable(frame: InvalidFrame): void {
    const text = 'the tool server sent an answer that cannot be read'
    this.#take(keyOf(frame.id))?.(new AnswerLost(RPC_INTERNAL_ERROR, text))
  }

  end(): void {
    this.#hasEnded = true
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    if (this.#sweeper !== null) clearTimeout(this.#sweeper)
    for (const { onAnswer } of waiting) onAnswer(ended())
  }

  #take(key: string): OnAnswer | undefined {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    return waiting?.onAnswer
  }
}

function ended(): AnswerLost {
  return new AnswerLost(RPC_SERVER_ENDED, 'tool server ended')
}

/** `1` and `"1"` are different identifiers. Anything else names no request. */
export function keyOf(id: JsonValue | undefined): string {
  return typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : ''
}
