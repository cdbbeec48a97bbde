/**
 * What a browser may ask for by the cookie of a session: requests of our own pages alone. spec/api.md (API-10).
 * Invariant: no page of another origin, on the same site or not, has anything done in somebody's session.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { PREVIEW_COOKIE } from './previewer.ts'
import { SUBJECT_COOKIE } from './subject-sessions.ts'
import { VIEWER_COOKIE } from './viewers.ts'

const SESSIONS = [VIEWER_COOKIE, SUBJECT_COOKIE, PREVIEW_COOKIE]
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Before every route that a session opens. A page of another origin cannot send a proof's header without asking first.
 */
export function ownPage(ctx: ServerContext): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const hasSession = SESSIONS.some((name) => getCookie(c, name) !== undefined)
    const isSigned = c.req.header('dpop') !== undefined
    if (hasSession && !isSigned && !SAFE_METHODS.has(c.req.method)) assertFrom(c, ownOrigins(ctx, c))
    await next()
  }
}

/** Where our pages are: by the name that was called, by the public one, and where passkeys are pinned to. */
function ownOrigins(ctx: ServerContext, c: Context<AppEnv>): readonly string[] {
  const { origin, protocol } = new URL(ctx.publicUrl())
  return [`${protocol}//${c.req.header('host') ?? ''}`, origin, ...ctx.settings.origins]
}

/** @throws {ApiError} `FORBIDDEN`: the request is of a page elsewhere, or of no page */
export function assertFrom(c: Context<AppEnv>, origins: readonly string[]): void {
  const site = c.req.header('sec-fetch-site') ?? 'same-origin'
  if (!origins.includes(c.req.header('origin') ?? '') || site !== 'same-origin')
    throw new ApiError('FORBIDDEN', 'this is for a page of this server alone')
}
