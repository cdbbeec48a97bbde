/** Scope violations one after the other: a sign that an agent is not its own (ISO-4). spec/detectors.md (DET-19). @module */
import { denialDetector } from './denials.ts'
import { SCOPE_REASONS } from './scope-violation.ts'

export const scopeBurst = denialDetector({
  rule: 'SCOPE_BURST',
  reasons: SCOPE_REASONS,
  subject: 'agent',
  least: ({ burst_denials }) => burst_denials,
  window: ({ burst_min }) => burst_min,
})
