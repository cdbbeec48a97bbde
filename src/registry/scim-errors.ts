/** What a provisioning client is refused, in the words of RFC 7644 section 3.12. spec/identity.md (IDN-16). @module */
import { CountersignError } from '../core/errors.ts'

/** `unknown` is a 404, `uniqueness` a 409, the others a 400. */
export type ScimErrorCode =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'tooMany'
  | 'uniqueness'
  | 'unknown'

export class ScimError extends CountersignError<ScimErrorCode> {}
