/**
 * Labels, and policies of flows, outputs and responses: in force only since a person who did not propose them approved them. spec/labels.md (LBL-8),
 * spec/flow.md (FLW-10), spec/pack.md.
 * @module
 */
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = History['labels'][number]
/** What each approves. */
const PROPOSED_AS = {
  'label.approved': 'label.proposed',
  'flow_policy.approved': 'flow_policy.proposed',
  'output_policy.approved': 'output_policy.proposed',
  'drift_policy.approved': 'drift_policy.proposed',
  'response_policy.approved': 'response_policy.proposed',
  'alert_policy.approved': 'alert_policy.proposed',
} as const
type Approval = Extract<Logged['entry'], { type: keyof typeof PROPOSED_AS }>
type Proposal = Exclude<Logged['entry'], Approval>

/** @returns how many approvals there were */
export function checkLabels(history: History, judge: ApprovalJudge, findings: Findings): number {
  const proposals = new Map<string, { readonly index: number; readonly entry: Proposal }>()
  let approvals = 0
  for (const { index, entry } of history.labels) {
    const id = entry.subject ?? ''
    if (!isApproval(entry)) {
      if (proposals.has(id))
        findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
      else proposals.set(id, { index, entry })
      continue
    }
    approvals += 1
    const named = namedBy(entry)
    const proposal = proposals.get(named)
    const fault =
      approvalFault(entry, named, proposal) ??
      judge.gestureFault({ index, entry }) ??
      judge.separationFault(entry.body, proposal?.entry.actor.id === entry.body.act.approver)
    if (fault === null) continue
    const message = `the approval of ${named} does not hold: ${fault}`
    findings.add({ code: 'APPROVAL_INVALID', message, index })
  }
  return approvals
}

function isApproval(entry: Logged['entry']): entry is Approval {
  return entry.type in PROPOSED_AS
}

function namedBy({ body: { act } }: Approval): string {
  return act.act === 'label.approve' ? act.labels : act.policy
}

function approvalFault(
  { type, subject, body: { act } }: Approval,
  named: string,
  proposal: { readonly index: number; readonly entry: Proposal } | undefined,
): string | null {
  const of = PROPOSED_AS[type]
  if (proposal === undefined || proposal.index !== act.proposal || proposal.entry.type !== of)
    return 'it is not over an earlier proposal of the same'
  return subject === named ? null : 'the entry is about another proposal'
}
