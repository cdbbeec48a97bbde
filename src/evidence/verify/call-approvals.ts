/**
 * Calls that waited for a person: each decision is a registered gesture over the very call, and each allow under a grant
 * that asks has one of its own. spec/approvals.md (APR-17).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Entry } from '../../log/entries.ts'
import { approvalGestureFault, otherCall } from '../../token/approval.ts'
import { asks } from '../../token/lineage.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalTerms } from './approvals.ts'
import type { AllowKind, ProvenAllow, ProvenAllows } from './allows.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

type Decided = Indexed<Entry<'approval.decided'>>

/** How long after its check for lateness a receipt may be written: limits may take a round trip. */
const LATE_SLACK_MS = 60_000

function isAsking({ receipt, chain }: AllowKind): boolean {
  return receipt.approval !== undefined || asks(lineageIn(chain, receipt.grant) ?? [])
}

/** Whether a person decided a call, or one should have. */
export function needsApprovals(history: History, allows: ProvenAllows): boolean {
  return history.decidedCalls.length > 0 || allows.some(isAsking)
}

/** @returns how many decisions and allows there are to check */
export function checkCallApprovals(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  allows: ProvenAllows,
  findings: Findings,
): number {
  const good = new Map<string, Decided>()
  for (const decided of history.decidedCalls) {
    const { act } = decided.entry.body
    const fault = good.has(act.approval)
      ? 'it was decided before'
      : decisionFault(crypto, history, terms, decided)
    if (fault === null) good.set(act.approval, decided)
    else {
      const message = `the decision on ${act.approval} does not hold: ${fault}`
      findings.add({ code: 'APPROVAL_UNPROVEN', message, index: decided.index })
    }
  }
  const used = new Set<string>()
  const asking = [...allows.where(isAsking)]
  for (const allow of asking) {
    const { approval } = allow.receipt
    if (approval === undefined) {
      const message = 'allowed under a grant that asks, and nobody approved it'
      findings.add({ code: 'APPROVAL_MISSING', message, index: allow.index })
      continue
    }
    const fault = used.has(approval) ? 'it was used before' : allowFault(allow, terms, good.get(approval))
    used.add(approval)
    if (fault === null) continue
    const message = `the approval ${approval} of this allow does not hold: ${fault}`
    findings.add({ code: 'APPROVAL_UNPROVEN', message, index: allow.index })
  }
  return history.decidedCalls.length + asking.length
}

function decisionFault(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  { index, entry }: Decided,
): string | null {
  const { act, gesture, acted_alone } = entry.body
  const asked = history.asked.get(act.approval)
  if (asked === undefined || asked.index >= index) return 'the log has no request of it before'
  if (entry.subject !== act.approval) return 'its entry is about another approval'
  const { action, jti, grant, server, tool, args_commit, expires } = asked.entry.body
  const point = asked.entry.actor.id
  const call = { approval: act.approval, point, action, jti, grant, server, tool, args_commit, expires }
  const other = otherCall(act, call)
  if (other !== null) return `it is over another call than was asked about: ${other}`
  if (Date.parse(entry.time) > expires + LATE_SLACK_MS) return 'it came too late'
  const fault = history.passkeys.fault(gesture, index)
  if (fault !== null) return fault
  if (history.passkeys.by(gesture)?.person !== entry.actor.id)
    return 'its gesture is by another person than decided'
  if (history.hadLeft(gesture.rev, index)) return 'who decided had left'
  return (
    approvalGestureFault(crypto, terms.rp, act, gesture) ??
    (acted_alone && terms.separation === 'independent' ? 'it is by who stands behind the delegation' : null)
  )
}

function allowFault(
  { index, receipt, chain }: ProvenAllow,
  terms: ApprovalTerms,
  decided: Decided | undefined,
): string | null {
  if (decided === undefined || decided.index >= index)
    return 'the log has no decision of it before that holds'
  const { act, gesture, acted_alone } = decided.entry.body
  const { point, action, server, tool, grant, args_commit } = receipt
  const { approval, expires } = act
  const call = {
    approval,
    point,
    action,
    jti: chain.root.jti,
    grant: grant ?? '',
    server,
    tool,
    args_commit: args_commit ?? '',
    expires,
  }
  const other = otherCall(act, call)
  if (other !== null) return `it is over another call: ${other}`
  if (act.decision !== 'approve') return 'it was refused'
  if (Date.parse(receipt.time) > expires + LATE_SLACK_MS) return 'it had expired'
  const isBehind = chain.handles.some(({ kind, handle }) => kind === 'person' && handle === gesture.rev)
  if (isBehind && terms.separation === 'independent') return 'it is by who stands behind the delegation'
  return isBehind === acted_alone ? null : 'it does not say truly whether the approver acted alone'
}
