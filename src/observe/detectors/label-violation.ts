/** An agent that would read above its clearance, or send what it read where it must not go. spec/detectors.md (DET-11). @module */
import { denialDetector } from './denials.ts'

export const labelViolation = denialDetector({
  rule: 'LABEL_VIOLATION',
  reasons: ['CLEARANCE_EXCEEDED', 'CATEGORY_NOT_GRANTED', 'FLOW_SINK', 'FLOW_DESTINATION', 'FLOW_INFLUENCE'],
  subject: 'agent',
  least: ({ label_denials }) => label_denials,
})
