/** A call for which a person is needed takes its place among those that wait. spec/approvals.md (APR-3, APR-4, APR-16). @module */
import type { ApprovalDesk, HeldCall } from './approvals.ts'
import { deniedAs, type Judged } from './judged.ts'
import { openingOf } from './opening.ts'
import type { CallRequest } from './types.ts'

/** @returns what was judged, with the place that it has; denied when there is none */
export function holdIfAsked(
  approvals: ApprovalDesk | undefined,
  judged: Judged,
  request: CallRequest,
  action: string,
): Judged {
  const { authenticated, verdict } = judged
  if (verdict.decision !== 'step_up') return judged
  const { chain, record } = authenticated
  // Rules on flow, and gates of outputs, say themselves why, where nobody can be asked.
  const hasReasons = (judged.objections?.size ?? 0) > 0 || judged.output !== undefined
  if (approvals === undefined && hasReasons) return { ...judged, verdict: { ...verdict, decision: 'deny' } }
  if (request.approval !== undefined) {
    const held = approvals?.comeBack(request.approval, record?.id ?? '', request) ?? null
    return held === null ? deniedAs(judged, ['APPROVAL_USED']) : { ...judged, held, again: true }
  }
  const opening = openingOf(request, action, authenticated)
  let held: HeldCall | null = null
  if (chain !== null && record !== null && opening !== null) {
    const { flow, objections, output } = judged
    const told = flow === undefined || objections === undefined ? {} : { flow, objections }
    const attested = output === undefined ? {} : { output }
    const named = { action, chain, chain_id: record.id, grant: verdict.grant, request }
    const call = { ...opening, ...named, ...told, ...attested }
    held = approvals?.open(call) ?? null
  }
  if (held !== null) return { ...judged, held }
  const others = verdict.reasons.filter((reason) => reason !== 'APPROVAL_NEEDED')
  return { ...judged, verdict: { ...verdict, decision: 'deny', reasons: ['APPROVAL_LIMIT', ...others] } }
}
