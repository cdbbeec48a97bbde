/** The tables of drift. spec/drift.md, spec/registers.md. @module */
import type { DriftLevel } from '../observe/drift/detector.ts'

export interface DriftTables {
  drift_policies: {
    id: string
    /** At most one is active. */
    status: 'waiting' | 'active' | 'replaced'
    policy_json: string
    proposer: string
    /** Index of the `drift_policy.proposed` entry. */
    proposal: number
    /** Index of the `drift_policy.approved` entry. */
    approval: number | null
  }
  baselines: {
    id: string
    agent: string
    epoch: string
    status: 'waiting' | 'approved'
    /** SHA-256 of the document's JCS. */
    digest: string
    /** The JCS; null where the registers were rebuilt from the log, which has its digest. */
    document: string | null
    sessions: number
    /** Index of the `baseline.proposed` entry. */
    proposal: number
    /** Index of the `baseline.approved` entry. */
    approval: number | null
  }
  /** Where each epoch stands. */
  drift_levels: {
    epoch: string
    agent: string
    manifest: string
    tools: string
    task_class: string
    level: DriftLevel
    /** 1: its sessions count. */
    warm: number
    /** Sessions that were scored. */
    scored: number
    /** Index of the entry that said so last: `drift.epoch_started` or `drift.scored`. */
    entry: number
    /** Index of the last `drift.scored` that alarmed at `isolate`, or null. */
    alarm: number | null
    /** Of that entry, milliseconds since 1970. */
    alarmed: number | null
  }
  /** What the fold takes up again after a start, by name. */
  drift_state: { name: string; value_json: string }
}
