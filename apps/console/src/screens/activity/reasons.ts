/** Reason codes in words, as enforcement points give them: what happened, and what to do. @module */
import { REASONS } from '../../../../../src/decide/reasons.ts'

export interface Explained {
  readonly code: string
  readonly what: string | null
  readonly todo: string | null
}

const KNOWN: Readonly<Record<string, readonly [what: string, todo: string]>> = REASONS

/** A code of a newer enforcement point stands there as it is. */
export function explained(code: string): Explained {
  const [what, todo] = KNOWN[code] ?? [null, null]
  return { code, what, todo }
}

export const REASON_CODES = Object.keys(REASONS)
