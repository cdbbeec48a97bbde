/**
 * Alerts: raised as the policy in force says, taken and closed in order. spec/alerts.md (ALR-3 to ALR-7, ALR-10).
 * Not checked: that every alert which should have been raised was; those of the packaged policy are taken at their word.
 * @module
 */
import { termsOf, type AlertPolicy } from '../../core/alert.ts'
import type { Entry } from '../../log/entries.ts'
import type { History } from '../history.ts'
import type { Findings } from './report.ts'

type Logged = History['alerts'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

interface Alert {
  readonly group: string
  readonly body: Entry<'alert.raised'>['body']
  n: number
  step: number
  isTaken: boolean
}

/** @returns how many entries of alerts there are */
export function checkAlerts(history: History, findings: Findings): number {
  const judge = new AlertJudge(history)
  for (const each of history.alerts) {
    const fault = judge.faultOf(each)
    if (fault === null) continue
    findings.add({ code: 'ALERT_INVALID', message: `${each.entry.type}: ${fault}`, index: each.index })
  }
  return history.alerts.length
}

class AlertJudge {
  readonly #policies: PolicyReigns
  /** Those that are not closed, by the index of their first entry. */
  readonly #open = new Map<number, Alert>()
  readonly #groups = new Set<string>()

  constructor(history: History) {
    this.#policies = new PolicyReigns(history)
  }

  faultOf(each: Logged): string | null {
    const { index, entry } = each
    switch (entry.type) {
      case 'alert.raised':
        return entry.body.of === null
          ? this.#first(index, entry)
          : this.#again(entry, this.#open.get(entry.body.of))
      case 'alert.acknowledged':
        return this.#taken(entry)
      case 'alert.escalated':
        return this.#escalated(entry)
      case 'alert.closed':
        return this.#closed(entry)
      case 'detector.canary':
        return null
    }
  }

  #first(index: number, entry: Of<'alert.raised'>['entry']): string | null {
    const group = groupOf(entry)
    const isOpen = this.#groups.has(group)
    this.#open.set(index, { group, body: entry.body, n: entry.body.n, step: 0, isTaken: false })
    this.#groups.add(group)
    if (isOpen) return 'an alert of this rule and subject was open'
    if (entry.body.n !== 1) return 'it is the first of its alert, and counts more than one'
    return this.#policies.faultOf(index, entry.body)
  }

  #again(entry: Of<'alert.raised'>['entry'], alert: Alert | undefined): string | null {
    if (alert === undefined || alert.group !== groupOf(entry))
      return 'no alert of this rule and subject is open there'
    const { severity, triage_min, policy, n } = entry.body
    const was = alert.body
    const isLess = n <= alert.n
    alert.n = n
    if (isLess) return 'it counts no more than before'
    return severity === was.severity && triage_min === was.triage_min && policy === was.policy
      ? null
      : 'it is handled otherwise than when it began'
  }

  #taken({ body, actor }: Of<'alert.acknowledged'>['entry']): string | null {
    const alert = this.#open.get(body.of)
    if (alert === undefined || alert.isTaken) return 'no alert is open there'
    alert.isTaken = true
    return actor.kind === 'person' ? null : 'nobody took it'
  }

  #escalated({ body }: Of<'alert.escalated'>['entry']): string | null {
    const alert = this.#open.get(body.of)
    if (alert === undefined || alert.isTaken) return 'no alert is open there'
    const isNext = body.step > alert.step
    alert.step = body.step
    return isNext ? null : 'that step was taken before'
  }

  #closed({ body, actor }: Of<'alert.closed'>['entry']): string | null {
    const alert = this.#open.get(body.of)
    if (alert === undefined) return 'no alert is open there'
    this.#open.delete(body.of)
    this.#groups.delete(alert.group)
    const isCanary = alert.body.canary === true
    if (isCanary !== (body.disposition === 'canary')) return 'it says wrongly whether it was a canary'
    return isCanary || actor.kind === 'person' ? null : 'no person closed it'
  }
}

function groupOf({ subject = '', body: { rule, canary } }: Of<'alert.raised'>['entry']): string {
  return `${rule}/${canary === true ? 'canary' : 'real'}/${subject}`
}

/** Which policy was in force when. */
class PolicyReigns {
  readonly #proposed = new Map<number, AlertPolicy>()
  /** In the order of the log: the index of the approval, and of its proposal. */
  readonly #approved: { readonly index: number; readonly proposal: number }[] = []

  constructor(history: History) {
    for (const { index, entry } of history.labels) {
      if (entry.type === 'alert_policy.proposed') this.#proposed.set(index, entry.body.policy)
      if (entry.type === 'alert_policy.approved')
        this.#approved.push({ index, proposal: entry.body.act.proposal })
    }
  }

  faultOf(at: number, { rule, policy, severity, triage_min }: Alert['body']): string | null {
    const inForce = this.#approved.findLast(({ index }) => index < at)
    if ((inForce?.index ?? null) !== policy) return 'another policy was in force'
    const terms = inForce === undefined ? undefined : this.#proposed.get(inForce.proposal)
    if (terms === undefined) return null
    const due = termsOf(terms, rule)
    return severity === due.severity && triage_min === due.triage_min
      ? null
      : 'the policy in force says otherwise of its severity or limit'
  }
}
