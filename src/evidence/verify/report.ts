/** What a verifier reports: what it checked, what did not hold, what it could not check. spec/pack.md. @module */

export type FaultCode =
  | 'ACTION_UNBOUND'
  | 'ACTION_WITHOUT_GRANT'
  | 'AGENT_NOT_APPROVED'
  | 'ALERT_INVALID'
  | 'ALLOW_AFTER_KILL'
  | 'ALLOW_AFTER_REVOCATION'
  | 'ALLOW_WHILE_STALE'
  | 'APPROVAL_INVALID'
  | 'APPROVAL_MISSING'
  | 'APPROVAL_UNPROVEN'
  | 'ATTESTATION_INVALID'
  | 'ATTESTATION_OLDER'
  | 'ATTESTATION_REPLAYED'
  | 'ATTESTATION_UNPROVEN'
  | 'BASIS_INVALID'
  | 'BASIS_MISSING'
  | 'BASIS_WITHDRAWN'
  | 'CHAIN_INVALID'
  | 'CHAIN_MISSING'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISMATCH'
  | 'COMPANION_MISMATCH'
  | 'CONSENT_INVALID'
  | 'DELEGATION_NOT_ISSUED'
  | 'DELEGATION_OUTSIDE_TEMPLATE'
  | 'DOMAIN_INVALID'
  | 'DOMAIN_TWICE'
  | 'DRILL_INVALID'
  | 'ENDORSEMENT_INVALID'
  | 'ENTRY_CHANGED'
  | 'ENTRY_INVALID'
  | 'ENTRY_MISSING'
  | 'ERASURE_INVALID'
  | 'EXCHANGE_INVALID'
  | 'FILE_CHANGED'
  | 'FILE_EXTRA'
  | 'FILE_MISSING'
  | 'FLOW_MISSING'
  | 'FLOW_UNENDORSED'
  | 'FRAME_INVALID'
  | 'FRAME_MISSING'
  | 'GESTURE_UNREGISTERED'
  | 'HOLDER_UNREGISTERED'
  | 'IDENTIFIER_REUSED'
  | 'INCIDENT_INVALID'
  | 'ISOLATION_INVALID'
  | 'ISSUER_TRUST_INVALID'
  | 'KEY_EVENT_INVALID'
  | 'KEY_MISMATCH'
  | 'KILL_INVALID'
  | 'LEASES_OVER_CAP'
  | 'LEASE_CREDIT_INVALID'
  | 'LEASE_EXPIRED'
  | 'LEASE_INVALID'
  | 'LEASE_MISSING'
  | 'LEASE_OVERDRAWN'
  | 'LIFT_INVALID'
  | 'LIMIT_OVERSPENT'
  | 'MANIFEST_MISMATCH'
  | 'NOTICE_CONFLICT'
  | 'OUTCOME_WITHOUT_DECISION'
  | 'OUTPUT_UNATTESTED'
  | 'OVERSIGHT_IGNORED'
  | 'OVERSIGHT_INVALID'
  | 'PERIOD_PRUNED'
  | 'POPULATION_MISMATCH'
  | 'PRUNING_INVALID'
  | 'RECEIPT_CHAIN_BROKEN'
  | 'RECEIPT_GAP'
  | 'RECEIPT_POINT_UNKNOWN'
  | 'RECEIPT_UNSIGNED'
  | 'REGISTRATION_NOT_ENDORSED'
  | 'REVIEW_INVALID'
  | 'REVIEWER_INELIGIBLE'
  | 'ROSTER_INVALID'
  | 'SEED_INVALID'
  | 'SEGMENT_INVALID'
  | 'TAINT_LOWERED'
  | 'TREE_INVALID'
  | 'VERSION_NOT_APPROVED'
  | 'WITHDRAWAL_INVALID'

/** Something that does not hold, as exactly as it can be named. */
export interface Fault {
  readonly code: FaultCode
  readonly message: string
  /** Index of the entry that it is about. */
  readonly index?: number
  readonly file?: string
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** How many things were checked. */
  readonly count: number
}

export interface Deviation {
  /** Of the entry that it is about; null: of none. */
  readonly index: number | null
  readonly why: string
}

/** One test over every item of the period (PCK-6). */
export interface Census {
  readonly criteria: string
  readonly attribute: string
  readonly population: string
  /** Items of the population that the test is about. */
  readonly size: number
  readonly deviations_n: number
  /** At most 100. */
  readonly deviations: readonly Deviation[]
  readonly result: 'did not occur' | 'no deviation' | 'deviations'
  /** With a source that is not ours. */
  readonly reconciliation: 'not reconciled'
}

export interface PackReport {
  readonly ok: boolean
  readonly origin: string
  readonly simulated: boolean
  readonly period: { readonly from: string; readonly to: string }
  readonly log: { readonly start: number | null; readonly end: number }
  readonly entries: number
  readonly checks: readonly Check[]
  /** At most {@link FAULTS_MAX}; `faults_n` counts them all. */
  readonly faults: readonly Fault[]
  readonly faults_n: number
  readonly populations: Readonly<Record<string, number>>
  /** By number of the test. */
  readonly tests: Readonly<Record<string, Census>>
  /** Decisions of the whole log, by outcome and first reason. */
  readonly allowed: number
  /** Calls that waited for a person: how each ended is a decision of its own. */
  readonly asked: number
  readonly denied: Readonly<Record<string, number>>
  /** True statements about the evidence that a reader should know. */
  readonly notes: readonly string[]
  readonly not_checked: readonly string[]
}

export const FAULTS_MAX = 100

/** Collects checks and faults in order. */
export class Findings {
  readonly checks: Check[] = []
  readonly faults: Fault[] = []
  faults_n = 0
  readonly #byCode = new Map<FaultCode, number>()

  add(fault: Fault): void {
    this.faults_n++
    this.#byCode.set(fault.code, this.countOf(fault.code) + 1)
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault)
  }

  /** Also of those that are not listed. */
  countOf(code: FaultCode): number {
    return this.#byCode.get(code) ?? 0
  }

  /** Runs one check: it is good when it adds no fault. @param run returns how many things it checked */
  check(name: string, run: () => number): void {
    const before = this.faults_n
    const count = run()
    this.checks.push({ name, ok: this.faults_n === before, count })
  }
}
