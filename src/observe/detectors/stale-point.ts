/** A point that denies for want of news of revocations. spec/detectors.md (DET-13). @module */
import { denialDetector } from './denials.ts'

export const stalePoint = denialDetector({
  rule: 'POINT_STALE',
  reasons: ['STALE_REVOCATION'],
  subject: 'point',
  least: ({ stale_denials }) => stale_denials,
})
