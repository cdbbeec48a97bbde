/** Entries that are read as a group, in the order of the log. @module */
import { alertPolicyBodies } from '../log/alert-bodies.ts'
import { attestationBodies } from '../log/attestation-bodies.ts'
import type { AnyEntry, EntryType } from '../log/entries.ts'
import { labelBodies } from '../log/label-bodies.ts'
import { responseBodies } from '../log/response-bodies.ts'

type OutputPolicyType = 'output_policy.proposed' | 'output_policy.approved'
/** Outputs, reviews and attestations. */
export type AttestedType = Exclude<keyof typeof attestationBodies, OutputPolicyType>
type ResponsePolicyType = 'response_policy.proposed' | 'response_policy.approved'
/** What one person proposes, and another approves. */
export type PolicyType =
  keyof typeof labelBodies | keyof typeof alertPolicyBodies | OutputPolicyType | ResponsePolicyType
/** Oversight, isolations, incidents, capacity. */
export type ResponseType = Exclude<keyof typeof responseBodies, ResponsePolicyType>

type Of<T extends EntryType> = Extract<AnyEntry, { type: T }>

export function isPolicy(entry: AnyEntry): entry is Of<PolicyType> {
  const { type } = entry
  if (type in labelBodies || type in alertPolicyBodies) return true
  return type.startsWith('output_policy.') || type.startsWith('response_policy.')
}

export function isResponse(entry: AnyEntry): entry is Of<ResponseType> {
  return entry.type in responseBodies && !isPolicy(entry)
}

export function isAttested(entry: AnyEntry): entry is Of<AttestedType> {
  return entry.type in attestationBodies && !isPolicy(entry)
}

/** Whether its subject is one that personal values are filed under. */
export function beginsSubject({ type }: Of<AttestedType | ResponseType>): boolean {
  return type === 'output.registered' || type === 'seed.committed' || type === 'incident.opened'
}
