/** Faults of `src/registry`: what the state does not allow. Messages say what to do, never a secret. @module */
import { CountersignError } from '../core/errors.ts'

export type RegistryErrorCode =
  | 'BUDGET_MISMATCH'
  | 'GESTURE_INVALID'
  | 'KEY_IN_USE'
  | 'LIMIT_EXCEEDED'
  | 'OPENING_INVALID'
  | 'RECEIPT_EPOCH'
  | 'RECEIPT_FORK'
  | 'RECEIPT_INVALID'
  | 'SAME_PERSON'
  | 'SECRET_INVALID'
  | 'SEGMENT_INVALID'
  | 'SETUP_MISMATCH'
  | 'STATE_CONFLICT'
  | 'UNKNOWN_AGENT'
  | 'UNKNOWN_DELEGATION'
  | 'UNKNOWN_KEY'
  | 'UNKNOWN_PERSON'
  | 'UNKNOWN_POINT'
  | 'UNKNOWN_SYSTEM'

export class RegistryError extends CountersignError<RegistryErrorCode> {}
