/**
 * Sign-ins under way at the provider, in memory. spec/identity.md (IDN-2).
 * Invariant: a flow is taken once, and by the browser alone that began it.
 * @module
 */
import type { Crypto } from '../../../src/core/crypto.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { newSecret, secretHash } from '../../../src/registry/invitations.ts'
import type { Expected } from './provider.ts'

export const FLOW_TTL_MS = 10 * 60_000
/** At once: the oldest goes first. About 5 MiB. */
const FLOWS_MAX = 10_000

export interface Flow extends Expected {
  /** Where the browser goes afterwards: a path of ours. */
  readonly back: string
  /** The session in which somebody connects an account; null: it is a sign-in. */
  readonly connects: { readonly person: string; readonly began: number } | null
}

interface Held extends Flow {
  readonly browser: string
  readonly until: number
}

export class Flows {
  readonly #crypto: Crypto
  readonly #clock: Clock
  /** By the hash of `state`, oldest first. */
  readonly #held = new Map<string, Held>()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
  }

  /** @returns the flow, and what the browser alone knows of it */
  begin(asked: Pick<Flow, 'back' | 'connects'>): { readonly flow: Flow; readonly browser: string } {
    const now = this.#clock.monotonic()
    for (const [name, { until }] of this.#held) {
      if (until > now && this.#held.size < FLOWS_MAX) break
      this.#held.delete(name)
    }
    const made = (): string => newSecret(this.#crypto)
    const flow = { ...asked, state: made(), nonce: made(), verifier: made() }
    const browser = made()
    const held = { ...flow, browser: this.#hash(browser), until: now + FLOW_TTL_MS }
    this.#held.set(this.#hash(flow.state), held)
    return { flow, browser }
  }

  /** Uses it up, also when it is another browser's. @returns null: unknown, used, over, or not of this browser */
  take(state: string, browser: string): Flow | null {
    const name = this.#hash(state)
    const held = this.#held.get(name)
    this.#held.delete(name)
    if (held === undefined || held.until <= this.#clock.monotonic()) return null
    return held.browser === this.#hash(browser) ? held : null
  }

  #hash(secret: string): string {
    return secretHash(this.#crypto, secret)
  }
}
