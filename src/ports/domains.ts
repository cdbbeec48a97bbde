/** Memory domains, as a point holds them by lease of the control plane. spec/flow.md (FLW-13 to FLW-18). @module */
import type { SignedDomain } from '../core/domain.ts'
import type { DataLabel } from '../core/label.ts'

/** A domain that a point asks for: with `turn` when it holds it already. */
export interface DomainAsked {
  readonly agent: string
  readonly turn?: number
}

/** One point's right to hold a domain. */
export interface DomainLease {
  readonly agent: string
  /** Counts the holds of a domain: renewing one leaves it as it is. */
  readonly turn: number
  /** `new`: nobody held it before. `lapsed`: its last holder never said what was read in it. */
  readonly begins: 'new' | 'handed_over' | 'lapsed' | 'renewed'
  /** What this turn began with. */
  readonly taint: DataLabel
  readonly expires: string
  /** What is left until `expires` from when the request arrived. */
  readonly ttl_ms: number
}

/** Every method rejects when the control plane cannot be reached or refuses. */
export interface DomainExchange {
  /**
   * All or none. Waits a moment for other holders to hand over, whom it asks to.
   * @param epoch the open one of the point's receipts
   * @returns null: another point holds one of them
   */
  leaseDomains(epoch: number, asked: readonly DomainAsked[]): Promise<readonly DomainLease[] | null>
  /** Each by itself. @returns those that were renewed: the others are another's by now, or wanted by one */
  renewDomains(epoch: number, held: readonly Required<DomainAsked>[]): Promise<readonly DomainLease[]>
  /** Idempotent. What is of an earlier turn changes nothing. */
  handOver(domains: readonly SignedDomain[]): Promise<void>
  /** Waits a while. @returns agents whose domains this point holds and another asks for */
  wantedDomains(signal: AbortSignal): Promise<readonly string[]>
}
