/** What every channel says of an alert, in words. spec/alerts.md (ALR-13). Pure. @module */
import { ALERT_RULES } from '../../core/alert.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Notice, NoticeEvent } from '../../ports/notifier.ts'

const EVENTS: Readonly<Record<NoticeEvent, string>> = {
  raised: 'raised',
  escalated: 'nobody took it yet',
  acknowledged: 'somebody took it',
  closed: 'closed',
  test: 'a test of this channel',
}

export function saysOf({ alert: { rule } }: Notice): string {
  return ALERT_RULES[rule][1]
}

/** One line. */
export function titleOf(notice: Notice): string {
  const { alert, event } = notice
  if (event === 'test') return `Countersign: ${EVENTS.test}`
  const about = alert.subject === null ? '' : ` (${alert.subject})`
  const canary = alert.canary ? 'canary, ' : ''
  return `[${canary}${alert.severity}] ${alert.rule}${about}: ${saysOf(notice)}`
}

/** What else there is to say, a line each. */
export function linesOf(notice: Notice): string[] {
  const { alert, event, iss, url } = notice
  const state =
    event === 'closed' && alert.disposition !== null ? `closed as ${alert.disposition}` : EVENTS[event]
  if (event === 'test') return [`${iss} at ${url}`]
  return [
    `${alert.id}: ${state}`,
    `raised ${alert.count === 1 ? 'once' : `${alert.count} times`}, first ${rfc3339(alert.first)}, last ${rfc3339(alert.last)}`,
    ...(event === 'raised' || event === 'escalated'
      ? [`to be taken until ${rfc3339(alert.triage_until)}`]
      : []),
    ...Object.entries(alert.detail).map(([name, value]) => `${name}: ${value}`),
    ...(alert.entries.length === 0 ? [] : [`entries of the log: ${alert.entries.join(', ')}`]),
    `${iss} at ${url}: countersign alert show ${alert.id}`,
  ]
}
