/** An agent that goes on calling under a delegation that was revoked. spec/detectors.md (DET-15). @module */
import { denialDetector } from './denials.ts'

export const revokedTrying = denialDetector({
  rule: 'REVOKED_TRYING',
  reasons: ['REVOKED', 'KILLED'],
  subject: 'agent',
  least: ({ revoked_calls }) => revoked_calls,
})
