/**
 * Domains that this point holds no more and the control plane has not taken back yet. spec/flow.md (FLW-16).
 * Invariant: what was read in one is said until it is heard.
 * @module
 */
import type { Signer } from '../../core/crypto.ts'
import { DOMAINS_MAX, signDomain, type SignedDomain } from '../../core/domain.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DomainExchange } from '../../ports/domains.ts'
import type { KeptTaint } from './kept-taints.ts'

export interface GivenUpOptions {
  readonly point: string
  readonly signer: Signer
  readonly clock: Clock
  readonly control: Pick<DomainExchange, 'handOver'>
}

export class GivenUp {
  readonly #o: GivenUpOptions
  readonly #owed = new Map<string, SignedDomain>()

  constructor(options: GivenUpOptions) {
    this.#o = options
  }

  add({ agent, epoch, turn, taint }: KeptTaint): void {
    const { point, signer, clock } = this.#o
    if ((this.#owed.get(agent)?.statement.turn ?? 0) > turn) return
    const time = rfc3339(clock.now())
    this.#owed.set(agent, signDomain(signer, { v: 1, point, epoch, agent, turn, taint, time }))
  }

  has(agent: string): boolean {
    return this.#owed.has(agent)
  }

  get kept(): readonly KeptTaint[] {
    return [...this.#owed.values()].map(({ statement }) => statement)
  }

  /** Some that may be handed over now. */
  next(isFree: (agent: string) => boolean): readonly SignedDomain[] {
    const free = [...this.#owed.values()].filter(({ statement }) => isFree(statement.agent))
    return free.slice(0, DOMAINS_MAX)
  }

  /** Rejects when the control plane does not hear it: it stays owed. */
  async handOver(some: readonly SignedDomain[]): Promise<void> {
    await this.#o.control.handOver(some)
    for (const signed of some) {
      const { agent } = signed.statement
      if (this.#owed.get(agent) === signed) this.#owed.delete(agent)
    }
  }
}
