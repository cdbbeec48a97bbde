/** Detectors of calls that were denied for certain reasons, so many of one subject in a window. spec/detectors.md. @module */
import type { DetectorRule } from '../../core/alert.ts'
import type { DetectorTerms } from '../../core/detector-terms.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { canaryDecision, namesOf, times, type DetectorKind } from './detector.ts'
import { Windows, windowOf } from './windows.ts'

export interface DenialKind {
  readonly rule: DetectorRule
  readonly reasons: readonly string[]
  readonly subject: 'agent' | 'point'
  readonly least: (terms: DetectorTerms) => number
  /** Minutes; `window_min` otherwise. */
  readonly window?: (terms: DetectorTerms) => number
}

/** The call that reaches the number is the finding; those after it in the window are the same one. */
export function denialDetector({
  rule,
  reasons,
  subject,
  least,
  window: windowOfTerms = (terms) => terms.window_min,
}: DenialKind): DetectorKind {
  const wanted: ReadonlySet<string> = new Set(reasons)
  return {
    rule,
    make: (terms, state) => {
      const counts = new Windows<[number]>(() => [0], state)
      return {
        take: ({ index, time_ms, entry }, found) => {
          if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return
          const receipt = entry.body
          if (receipt.decision === 'allow') return
          const reason = receipt.reasons.find((one) => wanted.has(one))
          const about = receipt[subject]
          if (reason === undefined || about === null) return
          const window_min = windowOfTerms(terms())
          const window = windowOf(time_ms, window_min)
          const count = counts.at(about, window)
          count[0] += 1
          if (count[0] !== least(terms())) return
          const detail = { reason, calls: count[0], window_min, ...namesOf(receipt) }
          found({ rule, key: `${rule}/${about}/${window}`, subject: about, detail, entries: [index] })
        },
        state: () => counts.state(),
      }
    },
    canary: (now_ms, terms) => times(least(terms), () => canaryDecision(now_ms, denied(reasons))),
  }
}

export function denied([reason = '']: readonly string[]): Partial<DecisionReceipt> {
  return { decision: 'deny', reasons: [reason] }
}
