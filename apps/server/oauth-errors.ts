/**
 * Faults of the OAuth endpoints, as their clients know them: `{error, error_description}` of RFC 6749 section 5.2.
 * spec/status.md (STS-5).
 * Invariant: as in errors.ts, what we did not mean to say is never said.
 * @module
 */
import type { Context } from 'hono'
import { CountersignError } from '../../src/core/errors.ts'
import { faultOf, type FaultStatus } from './errors.ts'

/** RFC 6749 section 5.2; `invalid_target` is RFC 8693's, `invalid_dpop_proof` RFC 9449's. */
export type OAuthErrorCode =
  | 'invalid_client'
  | 'invalid_dpop_proof'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unauthorized_client'
  | 'unsupported_grant_type'

export class OAuthError extends CountersignError<OAuthErrorCode> {}

const PREFIX = '/oauth/'

interface OAuthFault {
  readonly status: FaultStatus
  readonly error: OAuthErrorCode | 'server_error' | 'temporarily_unavailable'
  readonly message: string
}

function oauthFaultOf(error: unknown): OAuthFault {
  if (error instanceof OAuthError) {
    const status = error.code === 'invalid_client' ? 401 : 400
    return { status, error: error.code, message: error.message }
  }
  const { status, message } = faultOf(error)
  if (status === 500) return { status, error: 'server_error', message }
  return { status, error: status === 503 ? 'temporarily_unavailable' : 'invalid_request', message }
}

type Handler = (error: Error, c: Context) => Response | Promise<Response>

/** @param report hears of faults that are ours; @param others answers everywhere else */
export function oauthErrors(report: (error: unknown) => void, others: Handler): Handler {
  return (fault, c) => {
    if (!c.req.path.startsWith(PREFIX)) return others(fault, c)
    const { status, error, message } = oauthFaultOf(fault)
    if (status === 500) report(fault)
    // What is left of a body that we did not read would be taken for the next request.
    if (status === 413) c.header('connection', 'close')
    c.header('cache-control', 'no-store')
    // Printable ASCII without quotation mark and backslash is all that a description may hold.
    return c.json({ error, error_description: message.replace(/[^ -~]|["\\]/g, "'") }, status)
  }
}
