/**
 * Approvals of agents: a registered person's gesture over this very proposal, and under separation `independent` not
 * the proposer's. Invariant 9. spec/log.md, `agent.approved`. What holds for the gesture of any approval is here too.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Entry } from '../../log/entries.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import type { History, Indexed } from '../history.ts'
import { isBehind, serviceBook } from '../populations/services.ts'
import { actFault } from './acts.ts'
import type { Findings } from './report.ts'

type Approval = Indexed<Entry<'agent.approved'>>
type AnyApproval = Indexed<
  | Entry<'agent.approved'>
  | Entry<'template.approved'>
  | Entry<'issuer.trusted'>
  | Entry<'tool.approved'>
  | Entry<'label.approved'>
  | Entry<'flow_policy.approved'>
  | Entry<'output_policy.approved'>
  | Entry<'drift_policy.approved'>
  | Entry<'baseline.approved'>
  | Entry<'response_policy.approved'>
  | Entry<'oversight.ended'>
  | Entry<'isolation.lifted'>
  | Entry<'incident.closed'>
  | Entry<'access_review.closed'>
  | Entry<'evaluation.signed'>
  | Entry<'narrative.approved'>
  | Entry<'deficiency.closed'>
  | Entry<'vendor.approved'>
  | Entry<'preview.granted'>
  | Entry<'breach.closed'>
  | Entry<'emergency_access.reviewed'>
  | Entry<'role.approved'>
  | Entry<'service_account.approved'>
  | Entry<'alert_policy.approved'>
  | Entry<'version.approved'>
  | Entry<'notice.approved'>
  | Entry<'basis.approved'>
  | Entry<'manager.approved'>
  | Entry<'domain.cleared'>
>

export interface ApprovalTerms {
  readonly rp: RelyingParty
  readonly separation: 'independent' | 'after'
}

/** What every approval in the log is held against. */
export interface ApprovalJudge {
  /** @returns why the gesture is not one of the approver over this act, or null */
  gestureFault(approval: AnyApproval): string | null
  /** Whether what an actor did is a person's own: they did it, or own the program that did (SVC-13). */
  isBehind(actor: string | undefined, person: string): boolean
  /** @param same whether the approver is who asked. @returns why that does not hold, or null */
  separationFault(body: { readonly acted_alone: boolean }, same: boolean): string | null
}

export function approvalJudge(crypto: Crypto, history: History, terms: ApprovalTerms): ApprovalJudge {
  const services = serviceBook(history)
  return {
    isBehind: (actor, person) => actor !== undefined && isBehind(services, actor, person),
    gestureFault: (approval) => gestureFaultOf(crypto, history, terms.rp, approval),
    separationFault: ({ acted_alone }, same) => {
      if (same !== acted_alone) return 'it does not say truly whether the approver acted alone'
      return same && terms.separation === 'independent'
        ? 'it is by the person who proposed it, or owns the agent'
        : null
    },
  }
}

export function checkApprovals(history: History, judge: ApprovalJudge, findings: Findings): number {
  for (const approval of history.approvals) {
    const { body } = approval.entry
    const fault =
      proposalFault(history, approval) ??
      judge.gestureFault(approval) ??
      judge.separationFault(body, isOwn(history, judge, approval))
    if (fault === null) continue
    const message = `the approval of ${body.act.agent} does not hold: ${fault}`
    findings.add({ code: 'APPROVAL_INVALID', message, index: approval.index })
  }
  return history.approvals.length
}

function isOwn(history: History, judge: ApprovalJudge, { entry }: Approval): boolean {
  const { act } = entry.body
  const proposal = history.agents.get(act.agent)?.proposal.entry
  return judge.isBehind(proposal?.actor.id, act.approver) || proposal?.body.owner === act.approver
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
  { index, entry }: AnyApproval,
): string | null {
  const { act, gesture } = entry.body
  return actFault(crypto, history, rp, { index, actor: entry.actor.id, by: act.approver, act, gesture })
}
