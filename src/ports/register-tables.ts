/** Tables of registers that people keep by hand. spec/deviations.md, spec/vendors.md, spec/alone.md. Columns as in schema.ts. @module */
import type { BREACH_RISKS, NOTIFIED } from '../core/breach.ts'
import type { LoneOutcome } from '../log/alone-bodies.ts'
import type { VENDOR_OUTCOMES } from '../log/vendor-bodies.ts'

export interface RegisterTables {
  /** Drafts of management's evaluations, and those that were signed. */
  evaluations: {
    id: string
    /** Identifier of the deviation (DEV-1). */
    deviation: string
    said_json: string
    proposer: string
    /** Index of the `evaluation.proposed` entry. */
    proposal: number
    signer: string | null
    /** Index of the `evaluation.signed` entry. */
    signature: number | null
    /** Milliseconds. */
    signed: number | null
  }
  /** Narratives of controls, by digest. */
  narratives: {
    id: string
    control: string
    digest: string
    proposer: string
    /** Index of the `narrative.proposed` entry. */
    proposal: number
    approver: string | null
    /** Index of the `narrative.approved` entry. */
    approval: number | null
    /** Milliseconds. */
    approved: number | null
  }
  deficiencies: {
    id: string
    /** Index of the `deficiency.opened` entry. */
    entry: number
    criteria_json: string
    deviation: string | null
    opener: string
    owner: string | null
    title_commit: string | null
    /** Milliseconds, as those below. */
    opened: number
    due: number
    closed: number | null
    /** Indices of the entries that say so: of the last remediation, and of the last retest of it that passed. */
    remediation: number | null
    /** Who said what was done. */
    repairer: string | null
    retest: number | null
    closing: number | null
  }
  vendors: {
    id: string
    /** Index of the last `vendor.recorded` entry. */
    recorded: number
    vendor_json: string
    ended: 0 | 1
    /** Index of the `vendor.assessed` entry of the assessment that was approved last. */
    assessment: number | null
  }
  /** What people found out about vendors. */
  assessments: {
    entry: number
    vendor: string
    /** Index of the `vendor.recorded` entry that it is about. */
    recorded: number
    assessor: string
    /** Milliseconds, as those below. */
    time: number
    outcome: (typeof VENDOR_OUTCOMES)[number]
    valid_until: number
    next_review: number
    said_json: string
    text_commit: string
    /** Index of the `vendor.approved` entry. */
    approval: number | null
    approver: string | null
  }
  breaches: {
    id: string
    /** Index of the `breach.recorded` entry. */
    entry: number
    recorder: string
    /** Milliseconds, as those below. */
    recorded: number
    aware: number
    incident: string | null
    jurisdictions_json: string
    categories_json: string
    subjects_n: number | null
    risk: (typeof BREACH_RISKS)[number]
    text_commit: string
    closed: number | null
    /** Index of the `breach.closed` entry. */
    closing: number | null
  }
  breach_notices: {
    entry: number
    breach: string
    told: (typeof NOTIFIED)[number]
    jurisdiction: string
    /** Milliseconds. */
    at: number
    author: string
    text_commit: string
  }
  emergencies: {
    id: string
    /** Index of the `emergency_access.granted` entry. */
    entry: number
    taker: string
    agent: string
    /** Milliseconds, as `until`. */
    granted: number
    until: number
    reason_commit: string
    /** How many were issued with it. */
    delegations_n: number
    reviewer: string | null
    /** Index of the `emergency_access.reviewed` entry. */
    review: number | null
  }
  /** What one person did alone, by the index of its entry. */
  lone_acts: {
    entry: number
    type: string
    subject: string | null
    /** Who did it. */
    person: string
    /** Milliseconds, as `reviewed`. */
    time: number
    /** Index of the `alone.reviewed` entry. */
    review: number | null
    reviewer: string | null
    reviewed: number | null
    outcome: LoneOutcome | null
    text_commit: string | null
  }
  /** Words about deficiencies, by commitment. */
  deficiency_notes: {
    entry: number
    deficiency: string
    /** `plan`, `remediation`, `note`, or the result of a retest. */
    phase: string
    author: string
    time: number
    text_commit: string
  }
}
