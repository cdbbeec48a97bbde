/** Calls of nobody who is registered: no delegation, or one that no issuer of ours stands behind. spec/detectors.md (DET-7). @module */
import { denialDetector } from './denials.ts'

export const unregisteredAgent = denialDetector({
  rule: 'AGENT_UNREGISTERED',
  reasons: ['NO_CHAIN', 'ISSUER_UNKNOWN', 'SIGNATURE_INVALID', 'STATEMENT_INVALID', 'TOKEN_MALFORMED'],
  subject: 'point',
  least: ({ unregistered_calls }) => unregistered_calls,
})
