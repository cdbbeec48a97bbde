/**
 * From evidence to a role, as two auditors would apply it alike. spec/attestation.md (ATT-9 to ATT-12). Pure.
 * Invariant: less evidence never gives a higher role.
 * @module
 */
import type { Role } from '../core/output.ts'
import type { Composition, Instruction, Review } from './statement.ts'

/** ATT-12: how long an instruction is one for outputs that are registered later. */
export const INSTRUCTION_LIFE_MS = 90 * 24 * 3600 * 1000

export interface Evidence {
  /** Handle of the person whose gesture there is for this output, or null. */
  readonly gesture: string | null
  readonly registered_at: string
  readonly released_at: string | null
  readonly composition: Composition | null
  /** Per mille: what the policy asks of a composition. */
  readonly human_share: number
  readonly review: Review | null
  readonly instruction: Instruction | null
  /** Handle of the principal of the chain, or null where no agent took part. */
  readonly principal: string | null
}

/** @returns the highest role whose evidence is whole, and whose it is; null: none is */
export function roleOf(evidence: Evidence): { readonly role: Role; readonly human: string } | null {
  const { gesture, principal } = evidence
  if (gesture !== null && isComposed(evidence, gesture)) return { role: 'authored', human: gesture }
  if (gesture !== null && isReviewed(evidence, gesture)) return { role: 'supervised', human: gesture }
  if (principal !== null && isDirected(evidence)) return { role: 'directed', human: principal }
  return null
}

/** ATT-10. */
function isComposed({ composition, human_share }: Evidence, by: string): boolean {
  return composition !== null && composition.by === by && composition.human_share >= human_share
}

/** ATT-11. */
function isReviewed({ review, registered_at, released_at }: Evidence, by: string): boolean {
  if (review === null || review.by !== by || review.flagged || review.in_view_ms === 0) return false
  const opened = Date.parse(review.opened_at)
  const decided = Date.parse(review.decided_at)
  return (
    opened >= Date.parse(registered_at) &&
    decided >= opened &&
    review.in_view_ms <= decided - opened &&
    (released_at === null || decided <= Date.parse(released_at))
  )
}

/** ATT-12. */
function isDirected({ instruction, registered_at }: Evidence): boolean {
  if (instruction === null || instruction.names === 'none') return false
  const named = instruction.names === 'grant' ? instruction.grant : instruction.commit
  const age_ms = Date.parse(registered_at) - Date.parse(instruction.signed_at)
  return named !== undefined && named !== null && age_ms >= 0 && age_ms < INSTRUCTION_LIFE_MS
}
