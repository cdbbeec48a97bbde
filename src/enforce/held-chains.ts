/**
 * Chains that stand for a client call after call, verified once and not each time: those that the point holds itself
 * (MCP-3, GWR-6), and those that lists are asked under over HTTP. spec/gateway.md (GWR-7).
 * Invariant: what is remembered was verified against the trust of this moment and has not ended.
 * @module
 */
import type { Reason } from '../decide/reasons.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChainTrust } from '../token/trust.ts'
import type { DecidedChain, VerifiedChain } from '../token/verify.ts'
import type { ChainRecord } from './chain-record.ts'
import { keptOf } from './kept-chain.ts'

/** Chains remembered, about 2 KiB each; the one that was verified longest ago goes first. */
const VERIFIED_MAX = 1024

/** A chain that was verified, with what came behind it. */
export interface Presented {
  readonly chain: VerifiedChain
  readonly record: ChainRecord
  readonly proof: string | null
  readonly sd_hash: string
}

export interface HeldOptions {
  readonly clock: Clock
  /** Asked for each chain: it changes while the point runs. */
  readonly trust: () => ChainTrust
  /** A chain of the point's own, for clients that hold no key. */
  readonly hosted?: string
  /** Chains that it holds for clients, by the `jti` of their roots; null: none (GWR-6). */
  readonly delegations?: (jti: string) => string | null
}

export type Held =
  | {
      readonly reason: null
      readonly chain: DecidedChain
      readonly record: ChainRecord
      /** The version that the root names (VER-5). */
      readonly root: { readonly agent: { readonly manifest: string } }
    }
  | { readonly reason: Reason; readonly chain: null; readonly record: null }

interface Verified {
  readonly held: Extract<Held, { reason: null }>
  /** Trust lists are replaced whole, never changed: the same object is the same trust. */
  readonly trust: unknown
  readonly ends_ms: number
}

export class HeldChains {
  readonly #o: HeldOptions
  readonly #present: (chain: string) => Presented | { reason: Reason }
  /** By chain. */
  readonly #verified = new Map<string, Verified>()

  constructor(options: HeldOptions, present: (chain: string) => Presented | { reason: Reason }) {
    this.#o = options
    this.#present = present
  }

  /** @param delegation `jti` of its root; without one, the delegation that the point was started with */
  hosted(delegation: string | undefined): Held {
    const chain = this.#chainOf(delegation)
    return chain === null ? none('NO_CHAIN') : this.shown(chain)
  }

  /** A chain without a proof: good for nothing but a list. */
  shown(chain: string): Held {
    const trust = this.#o.trust()
    const known = this.#verified.get(chain)
    if (known?.trust === trust && known.ends_ms > this.#o.clock.now()) return known.held
    this.#verified.delete(chain)
    const presented = this.#present(chain)
    if ('reason' in presented) return none(presented.reason)
    const { manifest } = presented.chain.root.agent
    const root = { agent: { manifest } }
    const held = { reason: null, chain: keptOf(presented.chain), record: presented.record, root } as const
    const ends_ms = 1000 * Math.min(...presented.chain.delegations.map(({ ends }) => ends))
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size < VERIFIED_MAX) break
      this.#verified.delete(oldest)
    }
    this.#verified.set(chain, { held, trust, ends_ms })
    return held
  }

  forget(delegation: string | undefined): void {
    const chain = this.#chainOf(delegation)
    if (chain !== null) this.#verified.delete(chain)
  }

  #chainOf(delegation: string | undefined): string | null {
    if (delegation === undefined) return this.#o.hosted ?? null
    return this.#o.delegations?.(delegation) ?? null
  }
}

function none(reason: Reason): Held {
  return { reason, chain: null, record: null }
}
