/**
 * The base of every fault we throw. One subclass a package area, each with a closed union of codes.
 * Denials are answers and are returned; only faults are thrown. Messages never hold a secret or a token.
 * @module
 */

/** A fault with a stable, closed code. `message` says which check failed and what to do, never a secret. */
export abstract class CountersignError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

export type CoreErrorCode =
  | 'BASE64URL_INVALID'
  | 'CSV_INVALID'
  | 'ID_INVALID'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_INVALID'
  | 'JSON_NAME_ESCAPED'
  | 'JSON_NUMBER_RANGE'
  | 'JSON_TOO_DEEP'
  | 'JSON_TOO_LARGE'
  | 'JWS_INVALID'
  | 'KEY_INVALID'
  | 'TEXT_INVALID'
  | 'TIME_INVALID'

/** Faults of `src/core`: malformed bytes, text, JSON, keys, identifiers and times. */
export class CoreError extends CountersignError<CoreErrorCode> {}
