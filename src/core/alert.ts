/**
 * Alerts: their rules, and how an organisation wants each of them handled. spec/alerts.md (ALR-2, ALR-8).
 * Not checked here: that the channels which a policy names are registered.
 * @module
 */
import { z } from 'zod'
import { detectorTermsSchema } from './detector-terms.ts'

/** From the least. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** ALR-2: the closed list of rules, each with the severity that it has by default and what it says. */
export const ALERT_RULES = {
  ACTED_ALONE: ['medium', 'one person did alone what takes two, and another is to review it'],
  AGENT_UNREGISTERED: ['high', 'somebody calls whom nobody registered'],
  ANCHOR_OVERDUE: ['medium', 'nobody outside has said for too long that the log exists'],
  APPROVAL_REFUSED: ['low', 'a person refused what an agent asked for'],
  BASELINE_PROPOSED: ['info', 'a baseline of an agent waits for somebody to approve it'],
  BYPASS_SUSPECTED: ['high', 'an action was seen of which no enforcement point has a receipt'],
  CAPACITY_MISSING: ['medium', 'hours passed in which nobody sampled how much there was to do'],
  CHANNEL_FAILING: ['high', 'a channel is not told of alerts'],
  DELEGATION_UNUSED: ['low', 'a delegation was never used'],
  DETECTOR_SILENT: ['high', 'a detector did not find its canary: it may be blind'],
  DRIFT_ALARM: ['high', 'an agent does not behave as it did, past the bound of isolation'],
  DRIFT_WATCH: ['low', 'an agent may not behave as it did'],
  DRILL_OVERDUE: ['medium', 'no drill of the kill switch was closed for a quarter'],
  EMERGENCY_ACCESS: ['high', 'somebody took emergency access, and delegates alone'],
  EPOCH_REOPENED: ['high', 'an enforcement point began a new sequence of receipts'],
  FOLD_FAILED: ['high', 'a reader of the log failed: what it looks for is not seen until the next start'],
  KILL_DISOBEYED: ['critical', 'a call was allowed although a kill was in force'],
  LABEL_VIOLATION: ['high', 'an agent would read or send data against its label'],
  LAST_PERSON_DEPROVISIONED: [
    'high',
    'provisioning would take away the last person who is endorsed, and was refused',
  ],
  LATE_RECEIPT: ['medium', 'a receipt came later than its time allows'],
  LIMIT_NEAR: ['low', 'little is left of a limit'],
  LIMIT_PRESSURE: ['medium', 'an agent calls past its limits, again and again'],
  LISTENER_FAILING: ['medium', 'a listener is not told of revocations'],
  POINT_STALE: ['high', 'an enforcement point hears of no revocations'],
  RECOVERY_BY_MACHINE: ['high', 'a person is recovered by whoever holds the machine of the control plane'],
  REMINDER: ['info', 'something falls due'],
  REQUEST_OVERDUE: ['high', 'a data subject waits longer than the law allows'],
  REVOKED_TRYING: ['high', 'an agent goes on calling after it was revoked'],
  SCOPE_BURST: ['high', 'an agent calls what it was not granted, time and again within minutes'],
  SCOPE_VIOLATION: ['medium', 'an agent calls what it was not granted'],
  SEQUENCE_FORK: ['critical', 'an enforcement point told two stories of one receipt'],
  SEQUENCE_GAP: ['high', 'receipts of an enforcement point are missing'],
  TASK_CLASS_UNSEEN: ['medium', 'an agent works on a class of tasks that no baseline of it knows'],
  TOOL_CHANGED: ['medium', 'a tool is defined otherwise than it was registered'],
  UNUSUAL_HOURS: ['low', 'an agent works at an hour at which it never did'],
  WITNESS_CONFLICT: ['critical', 'a witness saw another log than this one'],
} as const satisfies Readonly<Record<string, readonly [Severity, string]>>

export type AlertRule = keyof typeof ALERT_RULES
export const RULE_NAMES = Object.keys(ALERT_RULES) as [AlertRule, ...AlertRule[]]

/** The rules that a detector finds, each with a canary of every day (DET-5): those of DET-6 to DET-21. A closed list. */
export const DETECTOR_RULES = [
  'AGENT_UNREGISTERED',
  'APPROVAL_REFUSED',
  'DELEGATION_UNUSED',
  'KILL_DISOBEYED',
  'LABEL_VIOLATION',
  'LATE_RECEIPT',
  'LIMIT_PRESSURE',
  'POINT_STALE',
  'REVOKED_TRYING',
  'SCOPE_BURST',
  'SCOPE_VIOLATION',
  'SEQUENCE_GAP',
  'TOOL_CHANGED',
  'UNUSUAL_HOURS',
  'WITNESS_CONFLICT',
] as const satisfies readonly AlertRule[]
export type DetectorRule = (typeof DETECTOR_RULES)[number]

/** The same place in a stream of receipts, whoever sees that it is empty. */
export function gapKey(point: string, epoch: number, from: number): string {
  return `gap/${point}/${epoch}/${from}`
}

/** The same change of a tool, whoever sees it. @param change its identifier */
export function toolChangeKey(change: string): string {
  return `tool/${change}`
}

/** What a person says of an alert when they take it. */
export const TRIAGES = ['unclear', 'real', 'expected', 'false'] as const
export type Triage = (typeof TRIAGES)[number]

/** Why an alert is closed; `canary`: it was no more than a test of its detector (DET-5). */
export const DISPOSITIONS = ['resolved', 'expected', 'false', 'incident', 'canary'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** A week: whoever waits longer does not triage. */
const MINUTES_MAX = 7 * 24 * 60
/** Every channel that is registered. */
export const EVERY_CHANNEL = '*'
export const CHANNELS_MAX = 32
const STEPS_MAX = 8

const minutes = z.int().min(1).max(MINUTES_MAX)
const channels = z.array(z.string().min(1).max(64)).max(CHANNELS_MAX)

function bySeverity<T extends z.ZodType>(each: T): z.ZodObject<Record<Severity, T>> {
  return z.strictObject({ info: each, low: each, medium: each, high: each, critical: each })
}

const ruleSchema = z.strictObject({
  severity: z.enum(SEVERITIES).exactOptional(),
  triage_min: minutes.exactOptional(),
  quiet_min: minutes.exactOptional(),
})

/** ALR-8. */
export const alertPolicySchema = z.strictObject({
  v: z.literal(1),
  /** Within how many minutes somebody has to take an alert. */
  triage_min: bySeverity(minutes),
  /** An alert that was silent for as long is told of again when it repeats. */
  quiet_min: minutes,
  /** Which channels are told at once. */
  routes: bySeverity(channels),
  /** Who is told besides, while nobody took it. */
  escalation: z
    .array(
      z.strictObject({ after_min: minutes, severities: z.array(z.enum(SEVERITIES)).min(1).max(5), channels }),
    )
    .max(STEPS_MAX)
    .refine(
      (steps) => steps.every(({ after_min }, at) => at === 0 || after_min > (steps[at - 1]?.after_min ?? 0)),
      'each step comes later than the one before',
    ),
  /** Which channel is told of canaries (DET-5), or null for none. */
  canary_channel: z.string().min(1).max(64).nullable(),
  /** When detectors speak (DET-3); the packaged terms where it is absent. */
  detectors: detectorTermsSchema.exactOptional(),
  /** What differs for a rule. */
  rules: z.partialRecord(z.enum(RULE_NAMES), ruleSchema).exactOptional(),
})
export type AlertPolicy = z.infer<typeof alertPolicySchema>

const all = [EVERY_CHANNEL]

/** ALR-9: in force until another was approved. */
export const PACKAGED_ALERT_POLICY: AlertPolicy = {
  v: 1,
  triage_min: { info: MINUTES_MAX, low: 3 * 24 * 60, medium: 24 * 60, high: 4 * 60, critical: 60 },
  quiet_min: 60,
  routes: { info: [], low: [], medium: all, high: all, critical: all },
  escalation: [{ after_min: 60, severities: ['high', 'critical'], channels: all }],
  canary_channel: null,
}

export interface RuleTerms {
  readonly severity: Severity
  readonly triage_min: number
  readonly quiet_min: number
}

/** What a policy says of a rule (ALR-10). */
export function termsOf(policy: AlertPolicy, rule: AlertRule): RuleTerms {
  const own = policy.rules?.[rule]
  const severity = own?.severity ?? ALERT_RULES[rule][0]
  return {
    severity,
    triage_min: own?.triage_min ?? policy.triage_min[severity],
    quiet_min: own?.quiet_min ?? policy.quiet_min,
  }
}
