/**
 * Requests of data subjects have the day of their jurisdiction, and breaches were told and closed as they say.
 * spec/breaches.md (BRC-9).
 * @module
 */
import { dueNotices, type BreachRisk } from '../../core/breach.ts'
import { dueAt, extendedDueAt } from '../../core/jurisdiction.ts'
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Asked = Extract<History['consents'][number], { entry: { type: `subject_request.${string}` } }>
type Opened = Extract<Asked, { entry: { type: 'subject_request.opened' } }>
type Breached = Extract<History['governance'][number], { entry: { type: `breach.${string}` } }>

export function checkRequests(history: History, findings: Findings): void {
  const all = history.consents.filter((one): one is Asked => one.entry.type.startsWith('subject_request.'))
  if (all.length === 0) return
  findings.check('requests of data subjects have the day of their jurisdiction, and were closed once', () => {
    const erased = new Map<string, number>()
    for (const { index, entry } of history.erasures)
      if (entry.type === 'subject.erased' && !erased.has(entry.subject ?? ''))
        erased.set(entry.subject ?? '', index)
    const open = new Map<string, { readonly opened: Opened; isExtended: boolean; isClosed: boolean }>()
    for (const { index, entry } of all) {
      const { request } = entry.body
      const known = open.get(request)
      const fault = ((): string | null => {
        if (entry.type === 'subject_request.opened') {
          if (known !== undefined) return 'it was opened before'
          open.set(request, { opened: { index, entry }, isExtended: false, isClosed: false })
          const { kind, jurisdiction, due } = entry.body
          const isDue = Date.parse(due) === dueAt(kind, jurisdiction, Date.parse(entry.time))
          return isDue ? null : 'its day is not the one of its jurisdiction'
        }
        if (known === undefined || known.isClosed) return 'it is not open'
        const { body, time, subject } = known.opened.entry
        if (subject !== entry.subject) return 'it is of another data subject'
        if (entry.type === 'subject_request.closed') {
          known.isClosed = true
          const isUndone = body.kind === 'erase' && (erased.get(subject ?? '') ?? Infinity) > index
          return isUndone && entry.body.outcome === 'fulfilled' ? 'nothing was erased before' : null
        }
        const due_ms = extendedDueAt(body.kind, body.jurisdiction, Date.parse(time))
        const isLate = Date.parse(entry.time) > Date.parse(body.due)
        if (known.isExtended || isLate || Date.parse(entry.body.due) !== due_ms)
          return 'it may not be extended so'
        known.isExtended = true
        return null
      })()
      if (fault !== null)
        findings.add({ code: 'REQUEST_INVALID', message: `request ${request}: ${fault}`, index })
    }
    return all.length
  })
}

interface Breach {
  readonly recorded: Extract<Breached, { entry: { type: 'breach.recorded' } }>
  risk: BreachRisk
  /** `to jurisdiction`, of those that were told. */
  readonly told: string[]
  isClosed: boolean
}

export function checkBreaches(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Breached => one.entry.type.startsWith('breach.'))
  if (all.length === 0) return
  findings.check('breaches were closed by somebody else, once everybody was told', () => {
    const known = new Map<string, Breach>()
    for (const each of all) {
      const fault = breachFault(judge, known, each)
      if (fault === null) continue
      const message = `breach ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'BREACH_INVALID', message, index: each.index })
    }
    return all.length
  })
}

function breachFault(
  judge: ApprovalJudge,
  known: Map<string, Breach>,
  { index, entry }: Breached,
): string | null {
  const id = entry.subject ?? ''
  const breach = known.get(id)
  if (entry.type === 'breach.recorded') {
    if (breach !== undefined) return 'it was recorded before'
    known.set(id, { recorded: { index, entry }, risk: entry.body.risk, told: [], isClosed: false })
    return Date.parse(entry.body.aware) > Date.parse(entry.time) ? 'nobody knew of it then' : null
  }
  if (breach === undefined) return 'nobody recorded it'
  if (breach.isClosed) return 'it went on after it was closed'
  const { recorded } = breach
  const { aware, jurisdictions } = recorded.entry.body
  switch (entry.type) {
    case 'breach.assessed':
      breach.risk = entry.body.risk
      return null
    case 'breach.notified': {
      const { to, jurisdiction, at } = entry.body
      breach.told.push(`${to} ${jurisdiction}`)
      if (!jurisdictions.includes(jurisdiction)) return `it is none of ${jurisdiction}`
      const isThen = Date.parse(at) >= Date.parse(aware) && Date.parse(at) <= Date.parse(entry.time)
      return isThen ? null : 'it was told before anybody knew, or in time to come'
    }
    case 'breach.closed': {
      breach.isClosed = true
      const { act } = entry.body
      const { risk, told } = breach
      const isOver =
        act.breach === id &&
        act.recorded === recorded.index &&
        act.risk === risk &&
        act.notices_n === told.length
      if (!isOver) return 'its closing is not over what was known and told'
      const wanted = dueNotices(Date.parse(aware), jurisdictions, () => risk)
      if (wanted.some(({ to, jurisdiction }) => !told.includes(`${to} ${jurisdiction}`)))
        return 'it was closed before everybody was told'
      return (
        judge.gestureFault({ index, entry }) ??
        judge.separationFault(entry.body, recorded.entry.actor.id === act.approver)
      )
    }
  }
}
