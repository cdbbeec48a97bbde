/** Entries that are read as a group, in the order of the log. @module */
import { attestationBodies } from '../log/attestation-bodies.ts'
import type { AnyEntry, EntryType } from '../log/entries.ts'
import { labelBodies } from '../log/label-bodies.ts'

type OutputPolicyType = 'output_policy.proposed' | 'output_policy.approved'
type DriftPolicyType = 'drift_policy.proposed' | 'drift_policy.approved'
/** Outputs, reviews and attestations. */
export type AttestedType = Exclude<keyof typeof attestationBodies, OutputPolicyType>
/** What one person proposes for flows, outputs and drift, and another approves. */
export type PolicyType = keyof typeof labelBodies | OutputPolicyType | DriftPolicyType

type Of<T extends EntryType> = Extract<AnyEntry, { type: T }>

export function isPolicy(entry: AnyEntry): entry is Of<PolicyType> {
  const { type } = entry
  return type in labelBodies || type.startsWith('output_policy.') || type.startsWith('drift_policy.')
}

export function isAttested(entry: AnyEntry): entry is Of<AttestedType> {
  return entry.type in attestationBodies && !isPolicy(entry)
}

/** Whether its subject is one that personal values are filed under. */
export function beginsSubject({ type }: Of<AttestedType>): boolean {
  return type === 'output.registered' || type === 'seed.committed'
}
