/**
 * One path by which revocations come: a connection that is cut and resumed, with what was not verified on it. A state
 * has one for each source that is followed. spec/revocation.md (REV-6, REV-7).
 * @module
 */
import { MarkTable } from './marks.ts'

/** Handles that deny on arrival without a good signature: each ends its connection, so there are few. */
const UNVERIFIED_MAX = 1_024
/** Time answers that are waited for at once. */
const PENDING_MAX = 8

export class Feed {
  /** Of the newest heartbeat that counted on it since it last broke, in milliseconds. */
  heartbeat_t: number | null = null
  /** The newest frame that the state had when the path was resumed, or that came by it since. */
  reached = 0
  #isBroken = false
  #unverified: MarkTable | null = null
  readonly #pending = new Map<string, number>()

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** @returns whether handles were forgotten */
  resume(after: number): boolean {
    const had = this.#unverified !== null
    this.#isBroken = false
    this.#unverified = null
    this.reached = after
    return had
  }

  break(): void {
    this.#isBroken = true
    this.heartbeat_t = null
  }

  expect(nonce: string, sent_monotonic: number): void {
    if (this.#pending.size >= PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value ?? '')
    this.#pending.set(nonce, sent_monotonic)
  }

  /** When the nonce was sent, or null when it was not. */
  sentAt(nonce: string): number | null {
    return this.#pending.get(nonce) ?? null
  }

  answered(nonce: string): void {
    this.#pending.delete(nonce)
  }

  /** Nothing that was sent so far will be answered well. */
  forgetTimes(): void {
    this.#pending.clear()
  }

  deny(mark: Uint8Array): void {
    this.#unverified ??= new MarkTable()
    if (this.#unverified.size < UNVERIFIED_MAX) this.#unverified.add(mark)
  }

  denies(marks: Uint8Array, at: number): boolean {
    return this.#unverified?.has(marks, at) === true
  }
}
