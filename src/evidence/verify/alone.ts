/** Reviews of what one person did alone: over it, by somebody else, once. spec/alone.md (ALO-7). @module */
import type { Crypto } from '../../core/crypto.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import type { History } from '../history.ts'
import { loneReviewFault, loneReviewsOf } from '../populations/alone.ts'
import { actFault } from './acts.ts'
import type { Findings } from './report.ts'

export function checkLoneReviews(
  crypto: Crypto,
  history: History,
  rp: RelyingParty,
  findings: Findings,
): void {
  const reviews = loneReviewsOf(history)
  if (reviews.length === 0) return
  findings.check('what one person did alone was reviewed by another, over what was done, and once', () => {
    const reviewed = new Set<number>()
    for (const { index, entry } of reviews) {
      const { act, gesture } = entry.body
      const isAgain = reviewed.has(act.of)
      reviewed.add(act.of)
      const fault =
        loneReviewFault(history, { index, entry }) ??
        (isAgain ? 'the entry that it is over was reviewed before' : null) ??
        (gesture.role === 'approver' ? null : 'its gesture is in another role') ??
        actFault(crypto, history, rp, { index, actor: entry.actor.id, by: act.approver, act, gesture })
      if (fault !== null)
        findings.add({ code: 'ALONE_INVALID', message: `the review of entry ${act.of}: ${fault}`, index })
    }
    return reviews.length
  })
}
