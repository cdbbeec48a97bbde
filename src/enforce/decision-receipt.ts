/** What a decision says, put together as its receipt. spec/enforcement.md, Receipt. Pure. @module */
import type { DecisionReceipt, OutcomeReceipt, Receipt } from '../log/receipt.ts'

/** Where a receipt stands, and who says so. */
export type StreamMember = 'v' | 'kind' | 'point' | 'epoch' | 'seq' | 'prev_hash' | 'time'
export type DecisionFields = Omit<DecisionReceipt, StreamMember>
export type OutcomeFields = Omit<OutcomeReceipt, StreamMember>

/** Members in the order of RFC 8785, so that its text needs no sorting. */
export function decisionReceipt(
  { epoch, kind, point, prev_hash, seq, time, v }: Pick<DecisionReceipt, StreamMember>,
  fields: DecisionFields,
): Receipt {
  return {
    action: fields.action,
    agent: fields.agent,
    ...(fields.approval === undefined ? {} : { approval: fields.approval }),
    args_commit: fields.args_commit,
    binding: fields.binding,
    chain: fields.chain,
    debits: fields.debits,
    decision: fields.decision,
    definition_hash: fields.definition_hash,
    epoch,
    ...(fields.flow === undefined ? {} : { flow: fields.flow }),
    freshness: fields.freshness,
    grant: fields.grant,
    ...(fields.kill === undefined ? {} : { kill: fields.kill }),
    kind,
    ...(fields.manifest === undefined ? {} : { manifest: fields.manifest }),
    placement: fields.placement,
    point,
    prev_hash,
    reasons: fields.reasons,
    seq,
    server: fields.server,
    time,
    tool: fields.tool,
    v,
  }
}
