/**
 * Why a delegation is refused. The codes are reason codes, so that a refusal means the same at issue, at a call
 * and in a pack.
 * @module
 */
import { CountersignError } from '../core/errors.ts'

export type TokenErrorCode =
  | 'AUDIENCE_MISMATCH'
  | 'CHAIN_BROKEN'
  | 'CLOCK_SKEW'
  | 'DEPTH_EXCEEDED'
  | 'DISCLOSURE_INVALID'
  | 'EXPIRED'
  | 'GESTURE_INVALID'
  | 'GRANT_INVALID'
  | 'ISSUER_UNKNOWN'
  | 'KEY_RETIRED'
  | 'NOT_YET_VALID'
  | 'PARENT_GRANT_HIDDEN'
  | 'PROOF_INVALID'
  | 'PROOF_MISSING'
  | 'SIGNATURE_INVALID'
  | 'STATEMENT_INVALID'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_TOO_LARGE'
  | 'WIDENED'

/** Faults and refusals of `src/token`. Messages name the failed check, never token text. */
export class TokenError extends CountersignError<TokenErrorCode> {}

export type StatusErrorCode = 'STATUS_INVALID'

/** A status list or token that cannot be read (STS-4). Apart, because no chain is refused for it: it is no reason code. */
export class StatusError extends CountersignError<StatusErrorCode> {}
