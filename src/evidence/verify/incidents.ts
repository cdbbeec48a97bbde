/** Incidents: each names what came before it, and was closed over what was found, by who may. spec/incidents.md (INC-9). @module */
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['responses'][number], { entry: { type: `incident.${string}` } }>
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

interface Incident {
  readonly opened: Of<'incident.opened'>
  owner: string | null
  contained: number | null
  cause: number | null
  lessons: number | null
  isClosed: boolean
}

export function checkIncidents(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.responses.filter((one): one is Logged => one.entry.type.startsWith('incident.'))
  if (all.length === 0) return
  findings.check('incidents name what came before them, and were closed by somebody else', () => {
    const incidents = new Map<string, Incident>()
    for (const each of all) {
      const fault = faultOf(history, judge, incidents, each)
      if (fault === null) continue
      const message = `incident ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'INCIDENT_INVALID', message, index: each.index })
    }
    return all.length
  })
}

function faultOf(
  history: History,
  judge: ApprovalJudge,
  incidents: Map<string, Incident>,
  each: Logged,
): string | null {
  const { index, entry } = each
  const id = entry.subject ?? ''
  const incident = incidents.get(id)
  if (entry.type === 'incident.opened') {
    if (incident !== undefined) return 'it was opened before'
    const opened = each as Of<'incident.opened'>
    const fresh = { owner: null, contained: null, cause: null, lessons: null, isClosed: false }
    incidents.set(id, { opened, ...fresh })
    return entry.body.entries.some((at) => at >= index) ? 'it names an entry that came after it' : null
  }
  if (incident === undefined) return 'nobody opened it'
  if (incident.isClosed) return 'it went on after it was closed'
  switch (entry.type) {
    case 'incident.contained':
      if (incident.contained !== null) return 'it was contained before'
      incident.contained = index
      return entry.body.entries.some((at) => at >= index) ? 'what contained it came after' : null
    case 'incident.assigned':
      incident.owner = entry.body.owner
      return null
    case 'incident.noted':
      if (entry.body.phase !== 'note') incident[entry.body.phase] = index
      return null
    case 'incident.closed':
      incident.isClosed = true
      return closingFault(history, judge, incident, each as Of<'incident.closed'>)
  }
}

function closingFault(
  history: History,
  judge: ApprovalJudge,
  { opened, owner, contained, cause, lessons }: Incident,
  { index, entry }: Of<'incident.closed'>,
): string | null {
  const { act } = entry.body
  const isOver =
    act.incident === entry.subject &&
    act.opened === opened.index &&
    act.contained === contained &&
    act.cause === cause &&
    act.lessons === lessons
  if (!isOver) return 'its closing is not over what opened, contained and explained it'
  const { agent } = opened.entry.body
  const agentOwner = agent === null ? null : history.agents.get(agent)?.proposal.entry.body.owner
  const own = [opened.entry.actor.id, owner, agentOwner].includes(act.approver)
  return judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, own)
}
