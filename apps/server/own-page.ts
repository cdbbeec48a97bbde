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
import { sessionCookie } from './session-cookie.ts'
import { SUBJECT_COOKIE } from './subject-sessions.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Before every route that a session opens. A page of another origin cannot send a proof's header without asking first.
 */
export function ownPage(ctx: ServerContext): MiddlewareHandler<AppEnv> {
  const sessions = [sessionCookie(ctx), SUBJECT_COOKIE, PREVIEW_COOKIE]
  return async (c, next) => {
    const hasSession = sessions.some((name) => getCookie(c, name) !== undefined)
    const isSigned = c.req.header('dpop') !== undefined
    // What begins a session is of our pages too: no page elsewhere signs a browser in as somebody else.
    const isDoor = c.req.path.startsWith('/v1/session/')
    if ((hasSession || isDoor) && !isSigned && !SAFE_METHODS.has(c.req.method))
      assertFrom(c, ownOrigins(ctx, c))
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
