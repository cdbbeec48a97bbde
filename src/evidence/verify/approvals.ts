/**
 * Approvals of agents: a registered person's gesture over this very proposal, and under separation `independent` not
 * the proposer's. Invariant 9. spec/log.md, `agent.approved`.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Entry } from '../../log/entries.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import type { History, Indexed } from '../history.ts'
import { actFault } from './acts.ts'
import type { Findings } from './report.ts'

type Approval = Indexed<Entry<'agent.approved'>>

export interface ApprovalTerms {
  readonly rp: RelyingParty
  readonly separation: 'independent' | 'after'
}

export function checkApprovals(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  findings: Findings,
): number {
  for (const approval of history.approvals) {
    const fault =
      proposalFault(history, approval) ??
      gestureFaultOf(crypto, history, terms.rp, approval) ??
      separationFault(history, terms.separation, approval)
    if (fault === null) continue
    const message = `the approval of ${approval.entry.body.act.agent} does not hold: ${fault}`
    findings.add({ code: 'APPROVAL_INVALID', message, index: approval.index })
  }
  return history.approvals.length
}

/** The register files an approval under the agent that its entry is about: that is this one, and this is its first. */
function proposalFault(history: History, { index, entry }: Approval): string | null {
  const { act } = entry.body
  const agent = history.agents.get(act.agent)
  if (agent === undefined || agent.proposal.index !== act.proposal || act.proposal >= index)
    return 'it is not over an earlier proposal of this agent'
  return agent.approval?.index === index
    ? null
    : 'the entry is about another agent, or the agent was approved before'
}

function gestureFaultOf(
  crypto: Crypto,
  history: History,
  rp: RelyingParty,
  { index, entry }: Approval,
): string | null {
  const { act, gesture } = entry.body
  return actFault(crypto, history, rp, { index, actor: entry.actor.id, by: act.approver, act, gesture })
}

function separationFault(
  history: History,
  separation: ApprovalTerms['separation'],
  { entry }: Approval,
): string | null {
  const { act, acted_alone } = entry.body
  const proposal = history.agents.get(act.agent)?.proposal.entry
  const same = proposal?.actor.id === act.approver || proposal?.body.owner === act.approver
  if (same !== acted_alone) return 'it does not say truly whether the approver acted alone'
  return same && separation === 'independent' ? 'it is by the person who proposed or owns the agent' : null
}
