/** The last calls under each delegation: what may have fed an output. spec/outputs.md (OUT-2). @module */
import type { DecidedChain } from '../token/verify.ts'

/** Of one delegation: a statement names them all. */
const CALLS_MAX = 32
/** Those that called longest ago are forgotten first. */
const DELEGATIONS_MAX = 1_024

export class ChainCalls {
  readonly #calls = new Map<string, string[]>()

  note(chain: DecidedChain, action: string): void {
    const key = keyOf(chain)
    const calls = this.#calls.get(key) ?? []
    calls.push(action)
    if (calls.length > CALLS_MAX) calls.shift()
    this.#calls.delete(key)
    this.#calls.set(key, calls)
    const [oldest] = this.#calls.keys()
    if (this.#calls.size > DELEGATIONS_MAX && oldest !== undefined) this.#calls.delete(oldest)
  }

  of(chain: DecidedChain): readonly string[] {
    return [...(this.#calls.get(keyOf(chain)) ?? [])]
  }
}

/** By its root and by who calls. */
function keyOf({ iss, agent, delegations: [{ jti }] }: DecidedChain): string {
  return JSON.stringify([iss, jti, agent])
}
