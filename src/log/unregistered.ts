/** Callers whom nobody registered, as receipts have them. spec/enforcement.md (ENF-9), spec/detectors.md (DET-7). @module */
import type { DecisionReceipt } from './receipt.ts'

/** In place of a tool, in the receipt of a point's own attempt. */
export const CANARY_CALL = 'countersign/canary'

/** No delegation, or one that no issuer of ours stands behind. */
export const UNREGISTERED_REASONS: readonly string[] = [
  'NO_CHAIN',
  'ISSUER_UNKNOWN',
  'SIGNATURE_INVALID',
  'STATEMENT_INVALID',
  'TOKEN_MALFORMED',
]

const reasons: ReadonlySet<string> = new Set(UNREGISTERED_REASONS)

/** Whether it is a call of somebody whom nobody registered: a canary, or denied for that. */
export function isUnregistered({
  canary,
  decision,
  reasons: why,
}: Pick<DecisionReceipt, 'canary' | 'decision' | 'reasons'>): boolean {
  return canary !== undefined || (decision !== 'allow' && why.some((reason) => reasons.has(reason)))
}
