/** Words of the screens of alerts. @module */
import type { AlertRule, Disposition, Severity, Triage } from '../../../../../src/core/alert.ts'

/** What each rule says, as a sentence. A rule without words does not compile. */
const rules: Readonly<Record<AlertRule, string>> = {
  ACTED_ALONE: 'One person did alone what takes two, and another is to review it',
  AGENT_UNREGISTERED: 'Somebody calls whom nobody registered',
  ANCHOR_OVERDUE: 'Nobody outside has said for too long that the log exists',
  APPROVAL_REFUSED: 'A person refused what an agent asked for',
  BASELINE_PROPOSED: 'A baseline of an agent waits for approval',
  BYPASS_SUSPECTED: 'An action was seen of which no enforcement point has a receipt',
  CAPACITY_MISSING: 'For hours nobody sampled how much there was to do',
  CHANNEL_FAILING: 'A channel is not told of alerts',
  DELEGATION_UNUSED: 'A delegation was never used',
  DETECTOR_SILENT: 'A detector did not find its canary: it may be blind',
  DRIFT_ALARM: 'An agent does not behave as it did, past the bound of isolation',
  DRIFT_WATCH: 'An agent may not behave as it did',
  DRILL_OVERDUE: 'No drill of the kill switch was closed for a quarter',
  EMERGENCY_ACCESS: 'Somebody took emergency access, and delegates alone',
  EPOCH_REOPENED: 'An enforcement point began a new sequence of receipts',
  FOLD_FAILED: 'A reader of the log failed: what it looks for is not seen until the next start',
  KILL_DISOBEYED: 'A call was allowed although a kill was in force',
  LAST_PERSON_DEPROVISIONED: 'The directory would let the last person go who can act',
  LABEL_VIOLATION: 'An agent would read or send data against its label',
  LATE_RECEIPT: 'A receipt came later than its time allows',
  LIMIT_NEAR: 'Little is left of a limit',
  LIMIT_PRESSURE: 'An agent calls past its limits, again and again',
  LISTENER_FAILING: 'A listener is not told of revocations',
  POINT_STALE: 'An enforcement point hears of no revocations',
  RECOVERY_BY_MACHINE: 'A person is recovered by whoever holds the machine of the control plane',
  REMINDER: 'Something falls due',
  REQUEST_OVERDUE: 'A data subject waits longer than the law allows',
  REVOKED_TRYING: 'An agent goes on calling after it was revoked',
  SCOPE_BURST: 'An agent calls what it was not granted, time and again within minutes',
  SCOPE_VIOLATION: 'An agent calls what it was not granted',
  SEQUENCE_FORK: 'An enforcement point told two stories of one receipt',
  SEQUENCE_GAP: 'Receipts of an enforcement point are missing',
  TASK_CLASS_UNSEEN: 'An agent works on a class of tasks that no baseline of it knows',
  TOOL_CHANGED: 'A tool is defined otherwise than it was registered',
  UNUSUAL_HOURS: 'An agent works at an hour at which it never did',
  WITNESS_CONFLICT: 'A witness saw another log than this one',
}
const severities: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'high',
  medium: 'medium',
  low: 'low',
  info: 'info',
}
const triages: Readonly<Record<Triage, string>> = {
  unclear: 'Unclear yet',
  real: 'Real: something is wrong',
  expected: 'Expected: it was to come',
  false: 'False: nothing is wrong',
}
const dispositions: Readonly<Record<Disposition, string>> = {
  resolved: 'Resolved: the cause is gone',
  expected: 'Expected: it was to come',
  false: 'False: the rule was wrong',
  incident: 'An incident: followed up there',
  canary: 'A test of the detector',
}

const of = (name: string | undefined): string => (name === undefined ? '' : ` of ${name}`)
/** By what a reminder says that it is of: a subject that is due, or that ends. */
const dues: Readonly<Record<string, readonly ['due' | 'ends', (name: string | undefined) => string]>> = {
  drill: ['due', () => 'A drill of the kill switch'],
  basis: ['ends', () => 'A legal basis for the use of data'],
  training: ['ends', (name) => `The training${of(name)} as a reviewer`],
  subject_request: ['due', () => 'A request of a data subject'],
  delegation: ['ends', (name) => `A delegation${of(name)}`],
  restore_test: ['due', () => 'A test that a backup restores'],
  access_review: ['due', () => 'A review of access'],
  role_review: ['due', () => 'A review of roles'],
  deficiency: ['due', () => 'The remedy of a deficiency'],
  vendor: ['ends', () => 'The assessment of a vendor'],
  breach_notice_authority: ['due', () => 'The notice of a breach to an authority'],
  breach_notice_subjects: ['due', () => 'The notice of a breach to data subjects'],
  service_account: ['ends', () => 'A service account'],
  emergency_review: ['due', () => 'The review of an emergency access'],
  alone_review: ['due', () => 'The review of what one person did alone'],
}

interface Falls {
  readonly what: string
  /** Whose it is. */
  readonly name: string | undefined
  /** Of the step that was reached; at 0 it is due, or late already. */
  readonly days: number
  /** The day on which it is or was due. */
  readonly due: string
}

/** @returns undefined: a reminder of something else */
function fallsDue({ what, name, days, due }: Falls): string | undefined {
  if (what === 'incident')
    return days === 0
      ? 'An incident has been open for a week'
      : `An incident will have been open for a week within ${days} days`
  const known = dues[what]
  if (known === undefined) return undefined
  const [verb, subject] = known
  if (days > 0) return `${subject(name)} ${verb === 'due' ? 'is due' : 'ends'} within ${days} days`
  return `${subject(name)} ${verb === 'due' ? 'is due since' : 'ended on'} ${due}`
}

export const alerts = {
  title: 'Alerts',
  lead: 'What should not be. Somebody takes each, says what it looks like, and closes it with a reason.',
  rules,
  severities,
  triages,
  dispositions,
  statuses: { open: 'open', acknowledged: 'taken', closed: 'closed' },
  severity: 'Severity',
  rule: 'Rule',
  about: 'About',
  status: 'Status',
  count: 'Times',
  first: 'First',
  last: 'Last',
  fallsDue,
  due: 'To be taken by',
  overdue: 'overdue',
  any: 'any',
  canaries: 'With tests of detectors',
  canary: 'A test: it was planted to see whether the detector finds it.',
  more: 'Earlier alerts',
  noMore: 'These are all.',
  none: 'No alerts',
  noneText: 'Nothing was found that should not be. Detectors prove that they look by finding planted tests.',
  noneFound: 'None of these',
  noneFoundText: 'No alert fits the filters above.',
  says: 'What it says',
  detail: 'What was found',
  handling: 'What people did',
  code: 'Rule',
  policy: 'Alert policy',
  policyPackaged: 'the packaged one',
  entry: 'Entry',
  entries: 'Entries behind it',
  entriesNone: 'It rests on no entry of its own: something that should be in the log is not.',
  entriesMore: (n: string) => `and ${n} more`,
  taken: 'Taken',
  takenBy: 'Taken by',
  triage: 'It looks',
  closed: 'Closed',
  disposition: 'Because',
  escalated: 'Told again',
  escalatedN: (n: number) => (n === 1 ? 'once, while nobody took it' : `${n} times, while nobody took it`),
  take: 'Take it',
  takeText: 'You say that you look at it, and what it looks like now. The log keeps both.',
  close: 'Close',
  closeText: 'Say why nothing more is to be done. If it happens again there is a new alert.',
  isTaken: 'Somebody took it already.',
  isClosed: 'It is closed already.',
  open: 'Open an incident',
  openText:
    'An incident follows it up: containment, cause, lessons. It names this alert and the entries behind it.',
} as const
