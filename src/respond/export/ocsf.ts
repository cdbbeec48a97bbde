/**
 * Alerts as OCSF events of class Detection Finding (2004), schema 1.9. spec/alerts.md (ALR-19). Pure.
 * @module
 */
import { ALERT_RULES, type Severity } from '../../core/alert.ts'
import type { Notice } from '../../ports/notifier.ts'

const OCSF_VERSION = '1.9.0'
const CATEGORY_FINDINGS = 2
const CLASS_DETECTION_FINDING = 2004
/** Informational, Low, Medium, High, Critical. */
const SEVERITY_ID: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 }
const SEVERITY_NAME: Readonly<Record<Severity, string>> = {
  info: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
}
const ACTIVITY = { create: 1, update: 2, close: 3 } as const
const STATUS = {
  open: [1, 'New'],
  acknowledged: [2, 'In Progress'],
  suppressed: [3, 'Suppressed'],
  closed: [4, 'Resolved'],
} as const

/** @returns the event, as it is sent and exported */
export function detectionFinding({
  event,
  alert,
  iss,
  time_ms,
}: Pick<Notice, 'event' | 'alert' | 'iss' | 'time_ms'>) {
  const activity =
    alert.status === 'closed' ? 'close' : event === 'raised' && alert.count === 1 ? 'create' : 'update'
  const [status_id, status] = STATUS[statusOf(alert)]
  const [, says] = ALERT_RULES[alert.rule]
  return {
    metadata: {
      version: OCSF_VERSION,
      uid: `${alert.id}@${iss}`,
      product: { name: 'Countersign', vendor_name: 'Countersign' },
      labels: alert.canary ? ['canary'] : [],
    },
    category_uid: CATEGORY_FINDINGS,
    category_name: 'Findings',
    class_uid: CLASS_DETECTION_FINDING,
    class_name: 'Detection Finding',
    activity_id: ACTIVITY[activity],
    type_uid: CLASS_DETECTION_FINDING * 100 + ACTIVITY[activity],
    time: time_ms,
    start_time: alert.first,
    end_time: alert.last,
    count: alert.count,
    severity_id: SEVERITY_ID[alert.severity],
    severity: SEVERITY_NAME[alert.severity],
    status_id,
    status,
    ...(alert.disposition === null ? {} : { status_detail: alert.disposition }),
    is_alert: !alert.canary,
    message: says,
    finding_info: {
      uid: alert.id,
      title: alert.rule,
      desc: says,
      created_time: alert.first,
      first_seen_time: alert.first,
      last_seen_time: alert.last,
      types: [alert.rule],
    },
    ...(alert.subject === null ? {} : { resources: [{ uid: alert.subject }] }),
    unmapped: { ...alert.detail, entries: alert.entries, triage_until: alert.triage_until },
  }
}

function statusOf({ status, disposition }: Notice['alert']): keyof typeof STATUS {
  const isBenign = disposition === 'false' || disposition === 'expected' || disposition === 'canary'
  return status === 'closed' && isBenign ? 'suppressed' : status
}
