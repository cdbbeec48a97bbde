/**
 * Sign-in by the company's identity provider, as a browser meets it. spec/identity.md (IDN-2 to IDN-7).
 * Invariant: a session that begins here is new, and is of the person whom the account is linked to.
 * @module
 */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { connectAccount } from '../../../src/registry/identities.ts'
import { logoutNames } from '../../../src/registry/logouts.ts'
import { settleRolesOf } from '../../../src/registry/scim-roles.ts'
import { registerPasskey, whoSignsIn } from '../../../src/registry/sign-ins.ts'
import { addressOf } from '../address.ts'
import { countFailures } from '../attempts.ts'
import type { App, AppEnv, ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { Pace } from '../pace.ts'
import { linkOf } from '../routes-ceremonies.ts'
import { clearSessionCookie, isSecure, sessionCookie, beginSession } from '../session-cookie.ts'
import type { SignInParts } from './context.ts'
import { FLOW_TTL_MS, type Flow } from './flows.ts'
import { failedPage } from './page.ts'
import type { OidcProvider, SignedIn } from './provider.ts'
import { CONSOLE_PATH, returnPath } from './return-path.ts'
import { DEFAULT_MATCH } from './settings.ts'

const CALLBACK_PATH = '/auth/oidc/callback'
const START_PATH = '/auth/oidc/start'
/** Of one address, behind which a whole company may be: so many flows of it fill the room of all in no ten minutes (IDN-2). */
const STARTS_A_MINUTE_MAX = 600
/** Of one address, those that came to nothing (IDN-26). */
const FAILED_A_MINUTE_MAX = 30

export function signInRoutes(app: App, ctx: ServerContext, { provider, flows }: SignInParts): void {
  const starts = new Pace(ctx.clock, STARTS_A_MINUTE_MAX, 'sign-ins that begin')
  const failures = new Pace(ctx.clock, FAILED_A_MINUTE_MAX, 'sign-ins that fail')
  const failed = (error: unknown): Response =>
    failedPage(error, ctx.settings.simulated, (fault) => ctx.report(fault))

  app.get(START_PATH, async (c) => {
    try {
      const back = returnPath(c.req.query('return'))
      const elsewhere = atPublicName(ctx, c)
      if (elsewhere !== null) return c.redirect(elsewhere, 302)
      starts.take(addressOf(c))
      return c.redirect((await beginFlow(ctx, c, { provider, flows }, { back, connects: null })).href, 302)
    } catch (error) {
      return failed(error)
    }
  })

  app.get(CALLBACK_PATH, async (c) => {
    try {
      return c.redirect(await countFailures(failures, c, () => finish(ctx, c, { provider, flows })), 303)
    } catch (error) {
      return failed(error)
    }
  })

  app.post('/auth/oidc/logout', async (c) => {
    const secret = getCookie(c, sessionCookie(ctx))
    c.header('cache-control', 'no-store')
    // A form of another site has no cookie with it, and takes none away (IDN-7).
    if (secret === undefined) return c.json({ url: null }, 200)
    const how = ctx.sessions.sessionOf(secret, true)?.how
    ctx.sessions.end(secret)
    clearSessionCookie(c, ctx)
    const url = how?.by === 'oidc' ? await endAtProvider(ctx, provider) : null
    return c.json({ url }, 200)
  })
}

/** Who is out here is out, whether the provider answers or not. */
async function endAtProvider(ctx: ServerContext, provider: OidcProvider): Promise<string | null> {
  try {
    return (await provider.endSessionUrl(`${ctx.publicUrl()}${CONSOLE_PATH}/`))?.href ?? null
  } catch (error) {
    ctx.report(error)
    return null
  }
}

/** A cookie of one name is not seen by another: the provider leads back to the public one. */
function atPublicName(ctx: ServerContext, c: Context<AppEnv>): string | null {
  const { host } = new URL(ctx.publicUrl())
  return c.req.header('host') === host ? null : ctx.publicUrl() + START_PATH + new URL(c.req.url).search
}

/** @returns where the browser goes, having been given its half of the flow. @throws {ApiError} `PROVIDER_AWAY` */
export async function beginFlow(
  ctx: ServerContext,
  c: Context<AppEnv>,
  { provider, flows }: SignInParts,
  asked: Pick<Flow, 'back' | 'connects'>,
): Promise<URL> {
  const { flow, browser } = flows.begin(asked)
  const url = await provider.authorizationUrl(ctx.publicUrl() + CALLBACK_PATH, flow, asked.connects !== null)
  setCookie(c, cookieOf(ctx), browser, {
    httpOnly: true,
    sameSite: 'Lax', // the provider leads here from elsewhere
    path: '/',
    maxAge: FLOW_TTL_MS / 1000,
    secure: isSecure(ctx),
  })
  return url
}

function cookieOf(ctx: ServerContext): string {
  return `${isSecure(ctx) ? '__Host-' : ''}countersign_oidc`
}

/** @returns where the browser goes */
async function finish(
  ctx: ServerContext,
  c: Context<AppEnv>,
  { provider, flows }: SignInParts,
): Promise<string> {
  const browser = getCookie(c, cookieOf(ctx))
  const states = c.req.queries('state') ?? []
  deleteCookie(c, cookieOf(ctx), { path: '/', secure: isSecure(ctx) })
  const [state = ''] = states
  const flow = flows.take(state, browser ?? '')
  if (flow === null || states.length !== 1)
    throw new ApiError('SIGN_IN_REFUSED', 'this sign-in is over, or of another browser: begin again')
  const answered = new URL(ctx.publicUrl() + CALLBACK_PATH + new URL(c.req.url).search)
  const signedIn = await provider.redeem(answered, flow)
  return flow.connects === null
    ? open(ctx, c, provider, flow, signedIn)
    : connect(ctx, flow.connects, flow, signedIn)
}

async function open(
  ctx: ServerContext,
  c: Context<AppEnv>,
  provider: OidcProvider,
  { back }: Flow,
  { iss, sub, sid, matched }: SignedIn,
): Promise<string> {
  const { attribute } = provider.settings.match ?? DEFAULT_MATCH
  const said = matched === null ? null : { attribute, value: matched }
  const { person, enrolled } = await whoSignsIn(ctx.registry, { iss, sub }, said)
  if (!enrolled) return linkOf(ctx, await registerPasskey(ctx.registry, person)).url
  await settleRolesOf(ctx.registry, person, ctx.identity.scimRoles)
  const before = getCookie(c, sessionCookie(ctx))
  if (before !== undefined) ctx.sessions.end(before)
  const logouts = await ctx.registry.store.query((db) => logoutNames(ctx.registry, db, iss, { sub, sid }))
  await beginSession(ctx, c, person, { by: 'oidc', oidc: { iss, sub, sid, logouts } })
  return back
}

/** IDN-9: while the session stands in which they asked. */
async function connect(
  ctx: ServerContext,
  asked: NonNullable<Flow['connects']>,
  { back }: Flow,
  { iss, sub }: SignedIn,
): Promise<string> {
  const isThere = ctx.sessions.has(({ person, began, how }) => {
    return person === asked.person && began === asked.began && how.by === 'passkey'
  })
  if (!isThere)
    throw new ApiError(
      'SIGN_IN_REFUSED',
      'the session in which you asked is over: sign in with your passkey again',
    )
  await connectAccount(ctx.registry, asked.person, { iss, sub })
  return back
}
