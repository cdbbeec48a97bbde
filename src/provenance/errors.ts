/** Why an attestation does not hold, and faults of reading one. spec/attestation.md (ATT-15). @module */
import { CountersignError } from '../core/errors.ts'

/** In the order in which they are looked for. */
export const ATTESTATION_CODES = [
  'BUNDLE_INVALID',
  'ENVELOPE_INVALID',
  'ISSUER_UNKNOWN',
  'SIGNATURE_INVALID',
  'STATEMENT_INVALID',
  'PREDICATE_UNSUPPORTED',
  'KEY_ENDED',
  'FORM_INVALID',
  'LINE_ENDINGS_CHANGED',
  'CONTENT_CHANGED',
  'DIGEST_OTHER',
  'OLDER_THAN_OUTPUT',
  'GESTURE_REPLAYED',
  'GESTURE_INVALID',
  'ROLE_UNPROVEN',
  'NAME_MISMATCH',
  'AUTHORITY_ENDED',
  'ATTESTATION_SUPERSEDED',
  'ATTESTATION_WITHDRAWN',
  'ATTESTATION_DISPUTED',
] as const
export type AttestationCode = (typeof ATTESTATION_CODES)[number]

/** Messages name the check, never what stands in the output. */
export class ProvenanceError extends CountersignError<AttestationCode> {}
