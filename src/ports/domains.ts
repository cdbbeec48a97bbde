/** Memory domains, as a point holds them by lease of the control plane. spec/flow.md (FLW-13 to FLW-18). @module */
import type { DomainLeased, SignedDomain } from '../core/domain.ts'

/** A domain that a point asks for: with `turn` when it holds it already. */
export interface DomainAsked {
  readonly agent: string
  readonly turn?: number
}

/** One point's right to hold a domain, and how long it lasts from when the request arrived. */
export type DomainLease = DomainLeased & { readonly ttl_ms: number }

/** Who asks. */
export interface DomainHolder {
  /** The open one of the point's receipts. */
  readonly epoch: number
  /** Of one run of the point's process: another has forgotten what this one knew. */
  readonly run: string
}

/** Every method rejects when the control plane cannot be reached or refuses. */
export interface DomainExchange {
  /**
   * All or none. Waits a moment for other holders to hand over, whom it asks to.
   * @returns null: another point holds one of them
   */
  leaseDomains(holder: DomainHolder, asked: readonly DomainAsked[]): Promise<readonly DomainLease[] | null>
  /** Each by itself. @returns those that were renewed: the others are another's by now, or wanted by one */
  renewDomains(holder: DomainHolder, held: readonly Required<DomainAsked>[]): Promise<readonly DomainLease[]>
  /** Idempotent. What is of an earlier turn changes nothing. */
  handOver(domains: readonly SignedDomain[]): Promise<void>
  /** Waits a while. @returns agents whose domains this point holds and another asks for */
  wantedDomains(signal: AbortSignal): Promise<readonly string[]>
}
