/** Calls of nobody who is registered: no delegation, or one that no issuer of ours stands behind. spec/detectors.md (DET-7, DET-20). @module */
import type { DecisionReceipt } from '../../log/receipt.ts'
import { UNREGISTERED_REASONS } from '../../log/unregistered.ts'
import { denialDetector } from './denials.ts'
import { namesOf, type DetectorKind } from './detector.ts'
import type { Finding } from '../fold.ts'

const calls = denialDetector({
  rule: 'AGENT_UNREGISTERED',
  reasons: UNREGISTERED_REASONS,
  subject: 'point',
  least: ({ unregistered_calls }) => unregistered_calls,
})

/** What points try themselves is told one by one, and counts for nothing else. */
export const unregisteredAgent: DetectorKind = {
  ...calls,
  make: (terms, state) => {
    const detector = calls.make(terms, state)
    return {
      take: (one, found) => {
        const { index, entry } = one
        const isTried =
          entry.type === 'receipt' && entry.body.kind === 'decision' && entry.body.canary !== undefined
        if (isTried) found(triedBy(index, entry.body))
        else detector.take(one, found)
      },
      state: () => detector.state(),
    }
  },
}

/** One that was let through is no canary any more. */
function triedBy(index: number, receipt: DecisionReceipt): Finding {
  const { rule } = calls
  const { action, decision, point, reasons } = receipt
  return {
    rule,
    key: `tried/${rule}/${point}/${action}`,
    subject: point,
    detail: { decision, reason: reasons[0] ?? '', ...namesOf(receipt) },
    entries: [index],
    ...(decision === 'deny' ? { canary: true as const } : {}),
  }
}
