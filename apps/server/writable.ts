/** What is taken while the log cannot be published: what stops somebody, and nothing else that changes anything. @module */
import type { MiddlewareHandler } from 'hono'
import { CountersignError } from '../../src/core/errors.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { ACKS_PATH, BACKCHANNEL_PATH, INTROSPECT_PATH, REVOKE_PATH } from './middleware.ts'

/** Stopping something, and asking, work for as long as the database does, even when the log cannot be published. */
const ALWAYS_PATHS = new Set([
  '/v1/revocations',
  ACKS_PATH,
  '/v1/kills',
  '/v1/kills/draft',
  '/v1/statements',
  REVOKE_PATH,
  INTROSPECT_PATH,
  BACKCHANNEL_PATH,
])
/** Whose handler takes what stops somebody, and nothing else then (IDN-19). */
const PROVISIONED_PATH = /^\/scim\/v2\/(?:Users|Groups)\/[^/]+$/
const DISABLE_PATH = /^\/v1\/service-accounts\/[^/]+\/disable$/
const COMPROMISE_PATH = /^\/v1\/keys\/issuer\/[^/]+\/compromise$/

function isAlways(path: string): boolean {
  return (
    ALWAYS_PATHS.has(path) ||
    [COMPROMISE_PATH, PROVISIONED_PATH, DISABLE_PATH].some((pattern) => pattern.test(path))
  )
}

/** No new state while the log cannot be published: it would be state that nobody outside can see. */
export function writable(ctx: ServerContext): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    const fault = isRead || isAlways(c.req.path) ? null : ctx.fault()
    if (fault !== null) {
      const why = fault instanceof CountersignError ? ` (${fault.code})` : ''
      throw new ApiError(
        'LOG_NOT_PUBLISHED',
        `the log cannot be published now${why}: see the log of the server`,
      )
    }
    await next()
  }
}
