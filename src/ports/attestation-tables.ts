/** The tables of outputs, reviews and attestations. spec/attestation.md. Times in milliseconds. @module */
import type { Role } from '../core/output.ts'

export interface AttestationTables {
  output_policies: {
    id: string
    /** At most one is active. */
    status: 'waiting' | 'active' | 'replaced'
    policy_json: string
    proposer: string
    /** Index of the `output_policy.proposed` entry. */
    proposal: number
    /** Index of the `output_policy.approved` entry. */
    approval: number | null
  }
  outputs: {
    id: string
    /** Index of the `output.registered` entry. */
    entry: number
    kind: string
    /** The whole body of the entry. */
    body_json: string
    agent: string | null
    system: string | null
    registrar: string
    registered: number
    released: number | null
    /** The valid one. */
    attestation: string | null
    refusals: number
    digest_commit: string
    content_commit: string | null
  }
  attestations: {
    id: string
    output: string
    /** Index of the `attestation.issued` entry. */
    entry: number
    role: Role
    human: string
    state: 'valid' | 'superseded' | 'withdrawn' | 'disputed'
    /** When it came into that state. */
    since: number
    envelope_commit: string
    human_commit: string
  }
  reviews: {
    id: string
    output: string
    person: string
    opened: number
    decided: number | null
    decision: 'attest' | 'refuse' | null
    flagged: number
  }
  /** Per kind, agent, system and day (UTC) of release; empty texts for what there is not. */
  coverage: {
    kind: string
    agent: string
    system: string
    day: string
    released: number
    authored: number
    supervised: number
    directed: number
  }
  seeds: {
    /** Index of the `seed.committed` entry. */
    entry: number
    id: string
    kind: string
    seed_commit: string
    /** Null until it is revealed. */
    output: string | null
    outcome: 'caught' | 'missed' | 'unused' | null
  }
  /** Statements that wait for a gesture. */
  attest_drafts: { id: string; output: string; person: string; draft_box: Uint8Array; expires: number }
  /** What is measured of a reviewer, for 90 days (ATT-25). */
  review_measures: {
    review: string
    person: string
    opened: number
    in_view: number
    /** Of the last sign of life of the page. */
    seen: number
    length: number
    outcome: 'open' | 'attested' | 'refused' | 'flagged' | 'caught' | 'missed'
    expires: number
  }
}
