/**
 * What the SDK throws: faults, and the one denial that leaves nothing to call with. spec/sdk.md (SDK-2).
 * @module
 */
import { CountersignError } from '../core/errors.ts'
import type { Reason } from '../decide/reasons.ts'

/** A code of docs/reasons.md. A gateway that is newer than this SDK may know more. */
export type ReasonCode = Reason | (string & Record<never, never>)

export type SdkErrorCode =
  | 'ARGUMENTS_INVALID'
  | 'CHAIN_UNREADABLE'
  | 'CONNECTION_DENIED'
  | 'KEY_INVALID'
  | 'KEY_UNREADABLE'
  | 'PLACEMENT_WRONG'
  | 'RELEASE_UNSUPPORTED'
  | 'ROUTE_INVALID'
  | 'SERVER_UNKNOWN'
  | 'TOOL_NAMELESS'

export class SdkError extends CountersignError<SdkErrorCode> {}

/** The enforcement point refused to open a session. */
export class ConnectionDenied extends SdkError {
  readonly reasons: readonly ReasonCode[]

  constructor(reasons: readonly ReasonCode[], message: string) {
    super('CONNECTION_DENIED', message)
    this.reasons = reasons
  }
}
