/** A decision receipt as an action. spec/drift.md (DRF-6). @module */
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { FlowRecord } from '../../log/receipt-flow.ts'
import type { Action, Evidence } from './action.ts'
import type { LabelFacts } from './world.ts'

/** The reason code of calls that ask a person because of the agent's level alone (spec/isolation.md). */
const OVERSIGHT = 'OVERSIGHT'

const NO_AMOUNTS: Action['amounts'] = {}
const NO_EVIDENCE: Action['evidence'] = []

export function actionOf(entry: number, receipt: DecisionReceipt, label: LabelFacts | null): Action {
  return {
    time_ms: Date.parse(receipt.time),
    entry,
    tool: `${receipt.server}/${receipt.tool}`,
    effect: label?.effect ?? null,
    level: label?.level ?? null,
    decision: isOverseen(receipt) ? 'allow' : receipt.decision,
    amounts: receipt.debits.length === 0 ? NO_AMOUNTS : amountsOf(receipt.debits),
    evidence: receipt.flow === undefined ? NO_EVIDENCE : receipt.flow.basis.map(evidenceOf),
  }
}

/** What our own answer to drift asks about is no drift of the agent. */
function isOverseen({ decision, reasons }: DecisionReceipt): boolean {
  return decision === 'step_up' && reasons.length === 1 && reasons[0] === OVERSIGHT
}

/** Every ancestor's limit is debited of the same: the largest counts, once. */
function amountsOf(debits: DecisionReceipt['debits']): Action['amounts'] {
  const amounts: Record<string, number> = {}
  for (const { measure, unit, amount } of debits) {
    const name = `${measure}/${unit}`
    amounts[name] = Math.max(amount, amounts[name] ?? 0)
  }
  return amounts
}

function evidenceOf({ argument, provenance, rule, verdict, source }: FlowRecord['basis'][number]): Evidence {
  return {
    argument: argument?.replaceAll(/\/\d+(?=\/|$)/g, '/*') ?? null,
    provenance,
    rule,
    objects: verdict === 'objects',
    source: source === null ? null : `${source.server}/${source.tool}`,
  }
}
