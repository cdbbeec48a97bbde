/**
 * Memory domains at the point: what the flow rules are told of what was read elsewhere. spec/flow.md (FLW-13 to FLW-18).
 * @module
 */
import type { DataLabel } from '../../core/label.ts'

/** One domain of a chain, as this point has it. */
export interface HeldDomain {
  /** Its name. */
  readonly agent: string
  /** Another than before: texts may have been read elsewhere meanwhile. */
  readonly turn: number
  /** Untrusted texts were read in it that this process does not have (FLW-6). */
  readonly forgot: boolean
}

/**
 * One call in the domains of its chain: from before it is judged until its result was noted. While somebody stays, a
 * domain is not handed over. Do not stay while a person is asked: leave, and enter again to decide again.
 */
export interface DomainStay {
  /** The root's agent first, who acts last, each once. */
  readonly domains: readonly HeldDomain[]
  /** The join of what was read in all of them, as of now. */
  readonly taint: DataLabel
  /**
   * What is about to be read. In force at once; resolves once it survives a crash: hand the result over then.
   * @throws {SpoolError} `SPOOL_UNAVAILABLE`: it would not survive, so withhold the result
   */
  raise(label: DataLabel): Promise<void>
  /** Idempotent. */
  leave(): void
}

export interface Domains {
  /** Synchronous. @returns null: not all of them are held here; obtain them. @param agents of the chain, the root's first */
  enter(agents: readonly string[]): DomainStay | null
  /** Asks the control plane, and enters. Never rejects. @returns null: another point holds one (`DOMAIN_ELSEWHERE`) */
  obtain(agents: readonly string[]): Promise<DomainStay | null>
  /** Hands everything over that nobody stays in. Never rejects. */
  close(): Promise<void>
}
