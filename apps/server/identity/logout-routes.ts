/**
 * The provider says that somebody's session there is over. spec/identity.md (IDN-12, IDN-13).
 * @module
 */
import { noteLogout } from '../../../src/registry/logouts.ts'
import { countFailures } from '../attempts.ts'
import type { App, ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { BACKCHANNEL_PATH } from '../middleware.ts'
import { Pace } from '../pace.ts'
import { SESSION_TTL_MS } from '../sessions.ts'
import { LOGOUT_TOKEN_CHARS_MAX, readLogoutToken, type LoggedOut } from './logout-token.ts'
import type { OidcProvider } from './provider.ts'

/** Of one address, those that do not hold (IDN-26). */
const FAILED_A_MINUTE_MAX = 30

export function logoutRoutes(app: App, ctx: ServerContext, provider: OidcProvider): void {
  const failures = new Pace(ctx.clock, FAILED_A_MINUTE_MAX, 'logout tokens that fail')

  app.post(BACKCHANNEL_PATH, async (c) => {
    c.header('cache-control', 'no-store')
    try {
      const out = await countFailures(failures, c, async () => {
        const form = new URLSearchParams(await c.req.text())
        const [token = '', ...more] = form.getAll('logout_token')
        if (token === '' || token.length > LOGOUT_TOKEN_CHARS_MAX || more.length > 0) throw refused()
        return readLogoutToken(provider, token, ctx.clock.now())
      })
      await endEverywhere(ctx, provider.settings.issuer, out)
      return c.body(null, 200)
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'SIGN_IN_REFUSED') throw error
      return c.json({ error: 'invalid_request', error_description: error.message }, 400)
    }
  })
}

function refused(): ApiError {
  return new ApiError('SIGN_IN_REFUSED', 'the logout token does not hold')
}

/**
 * A token that could not be noted is good for another time, and ends what this node has all the same.
 * @throws {ApiError} `SIGN_IN_REFUSED`: it was used before
 */
async function endEverywhere(ctx: ServerContext, issuer: string, out: LoggedOut): Promise<void> {
  const isNew = await noteLogout(ctx.registry, issuer, out, SESSION_TTL_MS).catch((cause: unknown) => {
    endSessions(ctx, issuer, out)
    throw cause
  })
  if (!isNew) throw refused()
  endSessions(ctx, issuer, out)
}

/** Of this node, at once: others find it in the store. */
function endSessions(ctx: ServerContext, issuer: string, { sub, sid }: LoggedOut): void {
  ctx.sessions.endWhere(({ how }) => {
    if (how.by !== 'oidc' || how.oidc.iss !== issuer) return false
    const { oidc } = how
    // Of a provider that names its session here and did not in the ID token: whoever it was.
    const isSession = sid === null || oidc.sid === sid || (oidc.sid === null && sub !== null)
    return isSession && (sub === null || oidc.sub === sub)
  })
}
