/** Entries that are read as a group, in the order of the log. @module */
import { alertPolicyBodies } from '../log/alert-bodies.ts'
import { attestationBodies } from '../log/attestation-bodies.ts'
import type { AnyEntry, EntryType } from '../log/entries.ts'
import { labelBodies } from '../log/label-bodies.ts'

type OutputPolicyType = 'output_policy.proposed' | 'output_policy.approved'
/** Outputs, reviews and attestations. */
export type AttestedType = Exclude<keyof typeof attestationBodies, OutputPolicyType>
/** What one person proposes for flows and outputs, and another approves. */
export type PolicyType = keyof typeof labelBodies | keyof typeof alertPolicyBodies | OutputPolicyType

type Of<T extends EntryType> = Extract<AnyEntry, { type: T }>

export function isPolicy(entry: AnyEntry): entry is Of<PolicyType> {
  return (
    entry.type in labelBodies || entry.type in alertPolicyBodies || entry.type.startsWith('output_policy.')
  )
}

export function isAttested(entry: AnyEntry): entry is Of<AttestedType> {
  return entry.type in attestationBodies && !isPolicy(entry)
}

/** Whether its subject is one that personal values are filed under. */
export function beginsSubject({ type }: Of<AttestedType>): boolean {
  return type === 'output.registered' || type === 'seed.committed'
}
