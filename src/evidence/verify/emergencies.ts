/** Emergency access: what it lets a delegation go without, and its reviews. spec/emergency.md (EMA-6). @module */
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `emergency_access.${string}` } }>
type Granted = Extract<Logged, { entry: { type: 'emergency_access.granted' } }>

function isLogged(one: History['governance'][number]): one is Logged {
  return one.entry.type.startsWith('emergency_access.')
}

/** A root as it was issued, and its end in seconds. */
interface Issued extends Indexed<Entry<'delegation.issued'>> {
  readonly exp: number
}

/** @returns why the root may not go without approvers by the access that it names, or null */
export function emergencyFault(history: History, { index, entry, exp }: Issued): string | null {
  const { emergency } = entry.body
  const access = history.governance.find(
    (one): one is Granted => one.entry.type === 'emergency_access.granted' && one.entry.subject === emergency,
  )
  if (access === undefined || access.index >= index) return 'no emergency access came before it'
  const { agent, until } = access.entry.body
  if (agent !== entry.body.agent || access.entry.actor.id !== entry.actor.id)
    return 'its emergency access is of somebody else, or to another agent'
  const until_ms = Date.parse(until)
  return Date.parse(entry.time) < until_ms && exp * 1000 <= until_ms
    ? null
    : 'its emergency access is over before it'
}

export function checkEmergencies(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter(isLogged)
  if (all.length === 0) return
  findings.check('emergency access was reviewed once it was over, over all that was delegated by it', () => {
    const granted = new Map<string, Granted>()
    const reviewed = new Set<string>()
    for (const { index, entry } of all) {
      const id = entry.subject ?? ''
      const access = granted.get(id)
      const fault = ((): string | null => {
        if (entry.type === 'emergency_access.granted') {
          if (access !== undefined) return 'it was granted before'
          granted.set(id, { index, entry })
          return entry.actor.kind === 'person' ? null : 'nobody took it'
        }
        const { act } = entry.body
        if (access === undefined || act.access !== id || act.granted !== access.index)
          return 'its review is not over an earlier grant of it'
        if (reviewed.has(id)) return 'it was reviewed before'
        reviewed.add(id)
        if (Date.parse(entry.time) < Date.parse(access.entry.body.until))
          return 'it was reviewed while it lasted'
        const issued = [...history.delegations.values()].filter((one) => one.entry.body.emergency === id)
        if (issued.length !== act.delegations_n) return 'its review is not over all that was delegated by it'
        return (
          judge.gestureFault({ index, entry }) ??
          judge.separationFault(entry.body, access.entry.actor.id === act.approver)
        )
      })()
      if (fault !== null)
        findings.add({ code: 'EMERGENCY_INVALID', message: `emergency access ${id}: ${fault}`, index })
    }
    return all.length
  })
}
