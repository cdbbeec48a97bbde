/** An agent that calls past its limits, again and again. spec/detectors.md (DET-10). @module */
import { denialDetector } from './denials.ts'

export const limitPressure = denialDetector({
  rule: 'LIMIT_PRESSURE',
  reasons: ['LIMIT_EXCEEDED', 'LIMIT_PER_CALL'],
  subject: 'agent',
  least: ({ limit_denials }) => limit_denials,
})
