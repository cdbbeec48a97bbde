/** Statements that a relay was given, each once, and how many it takes. spec/kill.md (KIL-10, KIL-11). @module */
import type { Crypto } from '../../src/core/crypto.ts'
import { taggedDigest } from '../../src/core/digest.ts'
import type { Statement } from '../../src/revoke/statement.ts'

/** Kept for who connects later. The oldest go first: they verify nothing, so nobody can say which matter. */
const STATEMENTS_MAX = 256

export class KeptStatements {
  readonly #crypto: Crypto
  readonly #kept = new Map<string, Statement>()

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  /** @returns whether it is new */
  add(statement: Statement): boolean {
    const name = taggedDigest(this.#crypto, 'statement', { ...statement })
    if (this.#kept.has(name)) return false
    if (this.#kept.size >= STATEMENTS_MAX) this.#kept.delete(this.#kept.keys().next().value ?? '')
    this.#kept.set(name, statement)
    return true
  }

  /** As they are now: whoever goes through them may wait in between. */
  all(): Statement[] {
    return [...this.#kept.values()]
  }
}

/** A bucket of tokens: `burst` at once, and `per_s` in the long run. */
export class RateLimit {
  readonly #burst: number
  readonly #per_s: number
  #tokens: number
  #at = performance.now()

  constructor(burst: number, per_s: number) {
    this.#burst = burst
    this.#per_s = per_s
    this.#tokens = burst
  }

  take(): boolean {
    const now = performance.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#per_s)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
