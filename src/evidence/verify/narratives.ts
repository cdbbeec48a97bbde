/** Narratives: approved over what somebody else proposed. spec/narratives.md (NAR-13). @module */
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `narrative.${string}` } }>
type Proposed = Extract<Logged, { entry: { type: 'narrative.proposed' } }>

export function checkNarratives(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Logged => one.entry.type.startsWith('narrative.'))
  if (all.length === 0) return
  findings.check('narratives were approved over what was proposed', () => {
    const proposals = new Map<string, Proposed>()
    const approved = new Set<string>()
    for (const { index, entry } of all) {
      const id = entry.subject ?? ''
      if (entry.type === 'narrative.proposed') {
        if (proposals.has(id))
          findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
        else proposals.set(id, { index, entry })
        continue
      }
      const proposal = proposals.get(id)
      const { act } = entry.body
      const isOver =
        proposal !== undefined &&
        act.narrative === id &&
        act.proposal === proposal.index &&
        act.control === proposal.entry.body.control &&
        act.digest === proposal.entry.body.digest
      const fault = approved.has(id)
        ? 'it was approved before'
        : !isOver
          ? 'it is not over an earlier proposal of the same'
          : (judge.gestureFault({ index, entry }) ??
            judge.separationFault(entry.body, proposal.entry.actor.id === act.approver))
      approved.add(id)
      if (fault !== null)
        findings.add({
          code: 'APPROVAL_INVALID',
          message: `the approval of ${id} does not hold: ${fault}`,
          index,
        })
    }
    return all.length
  })
}
