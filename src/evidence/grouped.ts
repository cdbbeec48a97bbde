/** Entries that are read as a group, in the order of the log. @module */
import { alertPolicyBodies } from '../log/alert-bodies.ts'
import { attestationBodies } from '../log/attestation-bodies.ts'
import type { AnyEntry, EntryType } from '../log/entries.ts'
import { governanceBodies } from '../log/governance-bodies.ts'
import { labelBodies } from '../log/label-bodies.ts'
import { registerBodies } from '../log/register-bodies.ts'
import { previewBodies } from '../log/preview-bodies.ts'
import { responseBodies } from '../log/response-bodies.ts'

type OutputPolicyType = 'output_policy.proposed' | 'output_policy.approved'
type DriftPolicyType = 'drift_policy.proposed' | 'drift_policy.approved'
/** Outputs, reviews and attestations. */
export type AttestedType = Exclude<keyof typeof attestationBodies, OutputPolicyType>
type ResponsePolicyType = 'response_policy.proposed' | 'response_policy.approved'
/** What one person proposes, and another approves. */
export type PolicyType =
  | keyof typeof labelBodies
  | keyof typeof alertPolicyBodies
  | OutputPolicyType
  | ResponsePolicyType
  | DriftPolicyType
/** Oversight, isolations, incidents, capacity. */
export type ResponseType = Exclude<keyof typeof responseBodies, ResponsePolicyType>
/** Reviews of access, and registers that people keep by hand. */
export type GovernanceType = keyof typeof governanceBodies | keyof typeof registerBodies
/** Auditors' previews. */
export type PreviewType = keyof typeof previewBodies

/** Alerts, and the canaries of detectors. */
const ALERT_TYPES = [
  'alert.raised',
  'alert.acknowledged',
  'alert.escalated',
  'alert.closed',
  'detector.canary',
] as const satisfies readonly EntryType[]
export type AlertType = (typeof ALERT_TYPES)[number]

const alertTypes: ReadonlySet<EntryType> = new Set(ALERT_TYPES)

type Of<T extends EntryType> = Extract<AnyEntry, { type: T }>

const OTHER_POLICIES = ['output_policy.', 'response_policy.', 'drift_policy.']

export type BaselineType = 'baseline.proposed' | 'baseline.approved'
export type Grouped = Of<
  PolicyType | AttestedType | ResponseType | AlertType | BaselineType | GovernanceType | PreviewType
>
export type Group = 'labels' | 'attested' | 'responses' | 'alerts' | 'baselines' | 'governance' | 'previews'

export function isGrouped(entry: AnyEntry): entry is Grouped {
  return groupOf(entry) !== null
}

/** Where a history keeps it; null: with its own kind. */
export function groupOf(entry: Grouped): Group
export function groupOf(entry: AnyEntry): Group | null
export function groupOf({ type }: AnyEntry): Group | null {
  if (type in labelBodies || type in alertPolicyBodies) return 'labels'
  if (OTHER_POLICIES.some((noun) => type.startsWith(noun))) return 'labels'
  if (type in attestationBodies) return 'attested'
  if (alertTypes.has(type)) return 'alerts'
  if (type.startsWith('baseline.')) return 'baselines'
  if (type in governanceBodies || type in registerBodies) return 'governance'
  if (type in previewBodies) return 'previews'
  return type in responseBodies ? 'responses' : null
}

/** Whether its subject is one that personal values are filed under. */
export function beginsSubject({ type }: Grouped): boolean {
  return BEGINS_SUBJECT.has(type)
}

const BEGINS_SUBJECT: ReadonlySet<EntryType> = new Set([
  'output.registered',
  'seed.committed',
  'incident.opened',
  'deficiency.opened',
  'reconciliation.uploaded',
  'vendor.recorded',
  'preview.proposed',
  'breach.recorded',
  'emergency_access.granted',
  'alone.reviewed',
] as const)
