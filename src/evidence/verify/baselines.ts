/**
 * Baselines: they count only since a person who does not own the agent approved that very document. spec/drift.md (DRF-9),
 * spec/pack.md. Not checked here: that the document is what the receipts come to (`countersign baseline replay`).
 * @module
 */
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Proposed = Extract<History['baselines'][number]['entry'], { type: 'baseline.proposed' }>
type Approved = Extract<History['baselines'][number]['entry'], { type: 'baseline.approved' }>

/** @returns how many approvals there were */
export function checkBaselines(history: History, judge: ApprovalJudge, findings: Findings): number {
  const proposals = new Map<string, { readonly index: number; readonly entry: Proposed }>()
  let approvals = 0
  for (const { index, entry } of history.baselines) {
    const id = entry.subject ?? ''
    if (entry.type === 'baseline.proposed') {
      if (proposals.has(id))
        findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
      else proposals.set(id, { index, entry })
      continue
    }
    approvals += 1
    const { act } = entry.body
    const proposal = proposals.get(act.baseline)
    const owner = history.agents.get(proposal?.entry.body.agent ?? '')?.proposal.entry.body.owner
    const fault =
      approvalFault(entry, proposal) ??
      judge.gestureFault({ index, entry }) ??
      judge.separationFault(entry.body, owner === act.approver)
    if (fault === null) continue
    const message = `the approval of ${act.baseline} does not hold: ${fault}`
    findings.add({ code: 'APPROVAL_INVALID', message, index })
  }
  return approvals
}

function approvalFault(
  { subject, body: { act } }: Approved,
  proposal: { readonly index: number; readonly entry: Proposed } | undefined,
): string | null {
  if (proposal === undefined || proposal.index !== act.proposal) return 'it is not over an earlier proposal'
  if (proposal.entry.body.document !== act.document) return 'it is over another document'
  return subject === act.baseline ? null : 'the entry is about another baseline'
}
