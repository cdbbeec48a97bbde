/**
 * The one place for status codes: every fault becomes `{error: {code, message}}`. spec/api.md (API-5). What OAuth
 * clients are told instead is in oauth-errors.ts.
 * Invariant: what we did not mean to say (an unexpected fault) is never said.
 * @module
 */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { CoreError, CountersignError } from '../../src/core/errors.ts'
import { LogError } from '../../src/log/entries.ts'
import { OtlpError } from '../../src/observe/otlp/seen.ts'
import { KeyStoreError } from '../../src/ports/key-store.ts'
import { StoreError } from '../../src/ports/store.ts'
import { VaultError } from '../../src/ports/vault.ts'
import { RegistryError, type RegistryErrorCode } from '../../src/registry/errors.ts'
import { TokenError } from '../../src/token/errors.ts'

export type ApiErrorCode =
  | 'AUTH_BODY_MISMATCH'
  | 'AUTH_KEY_UNKNOWN'
  | 'AUTH_MALFORMED'
  | 'AUTH_MISSING'
  | 'AUTH_REPLAYED'
  | 'AUTH_STALE'
  | 'AUTH_TARGET_MISMATCH'
  | 'BODY_NOT_JSON'
  | 'BODY_TOO_LARGE'
  | 'FORBIDDEN'
  | 'HOST_REFUSED'
  | 'IDEMPOTENCY_IN_FLIGHT'
  | 'IDEMPOTENCY_KEY_INVALID'
  | 'IDEMPOTENCY_KEY_REFUSED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INTERNAL'
  | 'LOG_NOT_PUBLISHED'
  | 'PASSKEY_NEEDED'
  | 'PREVIEW_UNAVAILABLE'
  | 'PROVIDER_AWAY'
  | 'SIGN_IN_REFUSED'
  | 'NOT_FOUND'
  | 'NOT_IN_SCOPE'
  | 'REQUEST_INVALID'
  | 'ROLE_MISSING'
  | 'SERVICE_ACCOUNT_NETWORK'
  | 'SERVICE_ACCOUNT_REFUSED'
  | 'TOO_MANY'
  | 'UPSTREAM_AWAY'

export class ApiError extends CountersignError<ApiErrorCode> {}

export type ListenErrorCode = 'ADDRESS_UNAVAILABLE' | 'PORT_IN_USE'

/** The server cannot listen where it was told to. */
export class ListenError extends CountersignError<ListenErrorCode> {}

export type FaultStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 500 | 503

const API_STATUS: Record<ApiErrorCode, FaultStatus> = {
  AUTH_BODY_MISMATCH: 401,
  AUTH_KEY_UNKNOWN: 401,
  AUTH_MALFORMED: 401,
  AUTH_MISSING: 401,
  AUTH_REPLAYED: 401,
  AUTH_STALE: 401,
  AUTH_TARGET_MISMATCH: 401,
  BODY_NOT_JSON: 400,
  BODY_TOO_LARGE: 413,
  FORBIDDEN: 403,
  HOST_REFUSED: 403,
  IDEMPOTENCY_IN_FLIGHT: 409,
  IDEMPOTENCY_KEY_INVALID: 400,
  IDEMPOTENCY_KEY_REFUSED: 400,
  IDEMPOTENCY_KEY_REUSED: 422,
  INTERNAL: 500,
  LOG_NOT_PUBLISHED: 503,
  PASSKEY_NEEDED: 403,
  PREVIEW_UNAVAILABLE: 503,
  PROVIDER_AWAY: 503,
  SIGN_IN_REFUSED: 403,
  NOT_FOUND: 404,
  NOT_IN_SCOPE: 404,
  REQUEST_INVALID: 400,
  ROLE_MISSING: 403,
  SERVICE_ACCOUNT_NETWORK: 403,
  SERVICE_ACCOUNT_REFUSED: 403,
  TOO_MANY: 503,
  UPSTREAM_AWAY: 503,
}

const REGISTRY_STATUS: Record<RegistryErrorCode, FaultStatus> = {
  ACK_INVALID: 400,
  BASIS_INVALID: 400,
  CATEGORY_OUTSIDE_NOTICE: 400,
  CONDITION_MISSING: 400,
  CONSENT_EXPIRED: 400,
  CONSENT_PROOF_INVALID: 403,
  CONSENT_REPLAYED: 409,
  CONSENT_STALE: 400,
  CONSENT_SUBJECT_MISMATCH: 403,
  CONSENT_WITHDRAWN: 409,
  IDENTIFIER_INVALID: 400,
  IDENTIFIER_IN_USE: 409,
  IDENTITY_IN_USE: 409,
  IDENTITY_UNKNOWN: 403,
  MINOR_PROFILING: 403,
  NOTICE_CONFLICT: 409,
  NOTICE_INVALID: 400,
  NOTICE_MISMATCH: 400,
  PARENT_MISSING: 400,
  PREVIEW_EXPIRED: 403,
  PREVIEW_INVALID: 400,
  PREVIEW_REVOKED: 403,
  PURPOSE_OUTSIDE_CONSENT: 400,
  PURPOSE_OUTSIDE_NOTICE: 400,
  TERM_UNKNOWN: 400,
  UNKNOWN_BASIS: 404,
  UNKNOWN_BREACH: 404,
  UNKNOWN_CONSENT: 404,
  UNKNOWN_DATA_SUBJECT: 404,
  UNKNOWN_MANAGER: 404,
  UNKNOWN_NOTICE: 404,
  UNKNOWN_REQUEST: 404,
  CHANNEL_INVALID: 400,
  LISTENER_INVALID: 400,
  AUTHORITY_ENDED: 403,
  BUDGET_MISMATCH: 409,
  FLOW_POLICY_INVALID: 400,
  FRAME_KEY_MISSING: 503,
  GESTURE_INVALID: 403,
  ISSUER_KEY_MISSING: 503,
  KEY_CURRENT: 409,
  KEY_IN_USE: 409,
  LAST_OWNER: 409,
  LABEL_INVALID: 400,
  LIMIT_EXCEEDED: 409,
  SAMPLE_INVALID: 422,
  SOURCE_INVALID: 422,
  NOT_ENDORSED: 403,
  OPENING_INVALID: 400,
  NOT_ELIGIBLE: 403,
  OUTPUT_INVALID: 400,
  OWNER_NEEDED: 403,
  OUTSIDE_TEMPLATE: 403,
  RECEIPT_EPOCH: 409,
  RECEIPT_FORK: 409,
  RECEIPT_INVALID: 400,
  RELEASE_HELD: 409,
  RETENTION_TOO_SHORT: 409,
  ROLE_UNPROVEN: 409,
  ROTATION_INVALID: 403,
  SAME_LINE: 403,
  SAME_PERSON: 403,
  SECRET_INVALID: 403,
  SEGMENT_INVALID: 400,
  SERVICE_ACCOUNT_DISABLED: 403,
  SERVICE_ACCOUNT_EXPIRED: 403,
  SERVICE_ACCOUNT_NOT_OWNED: 403,
  SERVICE_ACCOUNT_REFUSED: 403,
  SERVICE_ACCOUNT_RETIRED: 403,
  SERVICE_TERMS_INVALID: 400,
  SETUP_MISMATCH: 500,
  STATE_CONFLICT: 409,
  STATEMENT_REFUSED: 403,
  TEMPLATE_INVALID: 400,
  TOOL_INVALID: 400,
  UNKNOWN_ACTION: 404,
  UNKNOWN_AGENT: 404,
  UNKNOWN_ALERT: 404,
  UNKNOWN_ALERT_POLICY: 404,
  UNKNOWN_APPROVAL: 404,
  UNKNOWN_ATTESTATION: 404,
  UNKNOWN_CEREMONY: 404,
  UNKNOWN_CHANNEL: 404,
  UNKNOWN_DELIVERY: 404,
  UNKNOWN_ACCESS_REVIEW: 404,
  UNKNOWN_CLASS: 404,
  UNKNOWN_DELEGATION: 404,
  UNKNOWN_BASELINE: 404,
  UNKNOWN_DOMAIN: 404,
  UNKNOWN_DRIFT_POLICY: 404,
  UNKNOWN_DRILL: 404,
  UNKNOWN_DEFICIENCY: 404,
  UNKNOWN_EMERGENCY: 404,
  UNKNOWN_ENTRY: 404,
  UNKNOWN_ROLE: 404,
  UNKNOWN_EVALUATION: 404,
  UNKNOWN_EVIDENCE_REQUEST: 404,
  UNKNOWN_NARRATIVE: 404,
  UNKNOWN_FIELD: 404,
  UNKNOWN_FLOW_POLICY: 404,
  UNKNOWN_HOLD: 404,
  UNKNOWN_IDENTITY: 404,
  UNKNOWN_INCIDENT: 404,
  UNKNOWN_SCIM_CLIENT: 404,
  UNKNOWN_ISSUER: 404,
  UNKNOWN_KILL: 404,
  UNKNOWN_KEY: 404,
  UNKNOWN_LABEL: 404,
  UNKNOWN_OUTPUT: 404,
  UNKNOWN_OUTPUT_KIND: 404,
  UNKNOWN_OUTPUT_POLICY: 404,
  UNKNOWN_PASSKEY: 404,
  UNKNOWN_PERSON: 404,
  UNKNOWN_LISTENER: 404,
  UNKNOWN_SERVICE_ACCOUNT: 404,
  UNKNOWN_SOURCE: 404,
  UNKNOWN_POINT: 404,
  UNKNOWN_PREVIEW: 404,
  UNKNOWN_RESPONSE_POLICY: 404,
  UNKNOWN_REVIEW: 404,
  UNKNOWN_SUBJECT: 404,
  UNKNOWN_SYSTEM: 404,
  UNKNOWN_TEMPLATE: 404,
  UNKNOWN_TOOL: 404,
  UNKNOWN_CHANGE: 404,
  UNKNOWN_TOPUP: 404,
  UNKNOWN_VENDOR: 404,
  UNKNOWN_VERSION: 404,
  UNKNOWN_ITEM: 404,
  VALUE_ERASED: 404,
}

export interface Fault {
  readonly status: FaultStatus
  readonly code: string
  readonly message: string
}

export function faultOf(error: unknown): Fault {
  const known = error instanceof CountersignError ? statusOf(error) : null
  if (known !== null && error instanceof CountersignError) {
    return { status: known, code: error.code, message: error.message }
  }
  if (error instanceof HTTPException) return faultOf(httpFault(error))
  return { status: 500, code: 'INTERNAL', message: 'an unexpected fault: see the log of the server' }
}

function statusOf(error: CountersignError): FaultStatus | null {
  if (error instanceof ApiError) return API_STATUS[error.code]
  if (error instanceof RegistryError) return REGISTRY_STATUS[error.code]
  if (error instanceof OtlpError) return 400
  if (error instanceof TokenError) return error.code === 'GESTURE_INVALID' ? 403 : 400
  if (error instanceof CoreError) return error.code === 'JSON_TOO_LARGE' ? 413 : 400
  if (error instanceof LogError && error.code === 'ENTRY_PRUNED') return 410
  if (error instanceof LogError) return error.code.startsWith('ENTRY_') ? 400 : 503
  const isBackend = [StoreError, KeyStoreError, VaultError].some((backend) => error instanceof backend)
  return isBackend ? 503 : null
}

/** What Hono's validators throw: the body is not JSON, or not of that type. */
function httpFault(error: HTTPException): ApiError {
  return error.status === 400 || error.status === 415
    ? new ApiError('BODY_NOT_JSON', 'the body is not application/json')
    : new ApiError('INTERNAL', 'an unexpected fault: see the log of the server')
}

/** @param report hears of faults that are ours */
export function onError(report: (error: unknown) => void): (error: Error, c: Context) => Response {
  return (error, c) => {
    const { status, code, message } = faultOf(error)
    if (status === 500) report(error)
    // What is left of a body that we did not read would be taken for the next request.
    if (status === 413) c.header('connection', 'close')
    return c.json({ error: { code, message } }, status)
  }
}
