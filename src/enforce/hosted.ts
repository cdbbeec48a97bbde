/**
 * Delegations that a gateway holds for clients without a key, under keys of its own. spec/gateway.md (GWR-5, GWR-6).
 * Invariant: a chain is used only if its one delegation is bound to a key of this pool and names this point; a key is
 * good for one agent. The private halves leave this process for its own file alone.
 * @module
 */
import type { Crypto, PrivateJwk, PublicJwk } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'
import { thumbprint } from '../core/jwk.ts'
import type { Clock } from '../ports/clock.ts'
import { lastDelegation } from '../token/narrow.ts'

/** Keys that wait for an agent, and below which the pool is filled up again. */
const UNUSED_WANTED = 32
const UNUSED_LEAST = 16
/** Of one visit to the control plane: it takes no more at once. */
const OFFER_MAX = 64
/** Chains kept; the one that was fetched longest ago goes first, and is fetched again when it is asked for. */
const CHAINS_MAX = 4096
/** Delegations that were asked for and are not ours: not asked for again so soon. */
const REFUSED_MAX = 1024
const REFUSED_MS = 5000

export interface HostingKey {
  readonly jwk: PrivateJwk
  /** The agent whose delegations are bound to it. */
  used: string | null
}

/** What the control plane has of it. Both reject when it cannot be reached or refuses. */
export interface HostingPlane {
  /**
   * Idempotent: hands in public keys that wait for an agent, and where the servers are.
   * @returns how many no agent has there: it takes one at the consent, of which this point may never hear
   */
  register(keys: readonly PublicJwk[]): Promise<number>
  /** The chain of a delegation for this point; null: it has none. */
  delegation(jti: string): Promise<string | null>
}

export interface HostedOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly point: string
  readonly plane: HostingPlane
  /** As they were kept. */
  readonly keys: readonly HostingKey[]
  /** Durable when it resolves: before the control plane hears of a key. */
  readonly keep: (keys: readonly HostingKey[]) => Promise<void>
  readonly onFault: (error: unknown) => void
}

export class HostedDelegations {
  readonly #o: HostedOptions
  readonly #keys = new Map<string, HostingKey>()
  readonly #chains = new Map<string, string>()
  readonly #refused = new Map<string, number>()
  readonly #fetching = new Map<string, Promise<Fetched>>()
  #filling: Promise<void> | null = null

  constructor(options: HostedOptions) {
    this.#o = options
    for (const key of options.keys) this.#keys.set(this.#jktOf(key), key)
  }

  /** What {@link fetch} brought. */
  readonly get = (jti: string): string | null => this.#chains.get(jti) ?? null

  /** Resolves once the chain can be used, or says why not. Never rejects. */
  async fetch(jti: string): Promise<Fetched> {
    if (this.#chains.has(jti)) return 'ok'
    const until = this.#refused.get(jti)
    if (until !== undefined && until > this.#o.clock.monotonic()) return 'refused'
    let fetching = this.#fetching.get(jti)
    if (fetching === undefined) {
      fetching = this.#fetch(jti).finally(() => this.#fetching.delete(jti))
      this.#fetching.set(jti, fetching)
    }
    return fetching
  }

  /** Makes keys until enough wait, and hands them in. Rejects when the control plane does not take them. */
  async fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => (this.#filling = null))
    return this.#filling
  }

  async #fill(): Promise<void> {
    const waiting = this.#unused().length
    const there = await this.#offer(UNUSED_WANTED - waiting)
    if (there < UNUSED_LEAST) await this.#offer(UNUSED_WANTED - there)
  }

  /** Hands in what waits, with `n` keys more. */
  async #offer(n: number): Promise<number> {
    const { crypto, keep, plane } = this.#o
    for (let i = 0; i < n; i++) {
      const key: HostingKey = { jwk: crypto.generateKey('Ed25519'), used: null }
      this.#keys.set(this.#jktOf(key), key)
    }
    await keep([...this.#keys.values()])
    const offered = this.#unused().slice(-OFFER_MAX)
    return plane.register(offered.map(({ jwk }) => crypto.signer(jwk).publicJwk))
  }

  #unused(): HostingKey[] {
    return [...this.#keys.values()].filter(({ used }) => used === null)
  }

  async #fetch(jti: string): Promise<Fetched> {
    let chain: string | null
    try {
      chain = await this.#o.plane.delegation(jti)
    } catch (error) {
      this.#o.onFault(error)
      return 'away'
    }
    const found = chain === null ? null : this.#keyOf(chain, jti)
    if (chain === null || found === null) {
      makeRoom(this.#refused, REFUSED_MAX)
      this.#refused.set(jti, this.#o.clock.monotonic() + REFUSED_MS)
      return 'refused'
    }
    makeRoom(this.#chains, CHAINS_MAX)
    this.#chains.set(jti, chain)
    const { key, agent } = found
    if (key.used === null) {
      key.used = agent
      void this.#usedOne().catch(this.#o.onFault)
    }
    return 'ok'
  }

  async #usedOne(): Promise<void> {
    if (this.#unused().length < UNUSED_LEAST) await this.fill()
    else await this.#o.keep([...this.#keys.values()])
  }

  /** The key of ours that the chain is bound to, when it is for this point and the delegation asked for, and whose it is. */
  #keyOf(chain: string, jti: string): { readonly key: HostingKey; readonly agent: string } | null {
    const { crypto, point } = this.#o
    try {
      const { payload } = lastDelegation(crypto, chain)
      const key = this.#keys.get(thumbprint(crypto, payload.cnf.jwk))
      // A consent makes roots.
      if (key === undefined || !('agent' in payload)) return null
      if (payload.jti !== jti || !payload.aud.includes(point)) return null
      const agent = payload.agent.id
      return key.used === null || key.used === agent ? { key, agent } : null
    } catch (error) {
      if (error instanceof CountersignError) return null
      throw error
    }
  }

  #jktOf({ jwk }: HostingKey): string {
    return thumbprint(this.#o.crypto, this.#o.crypto.signer(jwk).publicJwk)
  }
}

/** `away`: the control plane did not say. `refused`: it has none, or none that may be used here. */
export type Fetched = 'ok' | 'away' | 'refused'

function makeRoom(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size < max) return
    map.delete(key)
  }
}
