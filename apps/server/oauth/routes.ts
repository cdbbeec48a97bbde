/**
 * The authorization server's routes: the library's endpoints, the consent page and what that page asks.
 * spec/oauth.md (OAU-1, OAU-14).
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Handler } from 'hono'
import type { Provider } from 'oidc-provider'
import { z } from 'zod'
import { DELEGATION_TTL_S_MAX } from '../../../src/registry/delegations.ts'
import { GRANTS_MAX } from '../../../src/token/constants.ts'
import { grantSchema } from '../../../src/token/grant.ts'
import { pageFile } from '../ceremony-page.ts'
import type { App, AppEnv, ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { anyone } from '../middleware.ts'
import { assertFrom } from '../own-page.ts'
import { gestureParts } from '../schemas.ts'
import { Consents, type Browser } from './consent.ts'
import type { View } from './consent-view.ts'
import { CONSENT_PATH, METADATA_PATH, openProvider, PATHS, SESSION_COOKIE } from './provider.ts'
import { OauthState } from './state.ts'
import { pageOrigin } from './urls.ts'

interface NodeEnv {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

export interface OauthServer {
  /** What the library answers itself, and bounds itself: 56 KiB a body. */
  readonly endpoints: (app: App) => void
  /** What comes after the limits that every route has. */
  readonly pages: (app: App) => void
}

/** Call once the server's public URL is known. */
export function oauthServer(ctx: ServerContext): OauthServer {
  const state = new OauthState(ctx.registry.crypto, ctx.registry.store, ctx.oauth.keys)
  const library = new Library(ctx, state)
  const consents = new Consents(ctx, () => library.provider(), state)
  return {
    endpoints: (app) => endpointRoutes(app, ctx, (...call) => library.answer(...call)),
    pages: (app) => pageRoutes(app, ctx, consents),
  }
}

/** `oidc-provider` has the keys that it began with: with others in force, another one takes over (OAU-19). */
class Library {
  readonly #ctx: ServerContext
  readonly #state: OauthState
  #kids = ''
  #provider: Provider | null = null
  #callback: Callback | null = null

  constructor(ctx: ServerContext, state: OauthState) {
    this.#ctx = ctx
    this.#state = state
  }

  async provider(): Promise<Provider> {
    const { oauth, registry } = this.#ctx
    const keys = await registry.store.query((db) => oauth.keys.inForce(db))
    const kids = keys.map(({ kid }) => kid).join()
    if (this.#provider !== null && this.#kids === kids) return this.#provider
    this.#provider = openProvider(this.#ctx, this.#state, keys)
    this.#callback = this.#provider.callback()
    this.#kids = kids
    return this.#provider
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await this.provider()
    await this.#callback?.(incoming, outgoing)
  }
}

type Callback = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

function endpointRoutes(app: App, ctx: ServerContext, callback: Callback): void {
  const isSecure = ctx.publicUrl().startsWith('https:')
  const toProvider: Handler<AppEnv> = async (c) => {
    const { incoming, outgoing } = c.env as NodeEnv
    // Callers do not say how they reached us: the public URL does.
    incoming.headers['x-forwarded-proto'] = isSecure ? 'https' : 'http'
    // Nor where: the host was compared before, and what they say of another would stand in metadata and in proofs.
    delete incoming.headers['x-forwarded-host']
    // Nobody is signed in: a session of the library's does not outlive the redirect that it is for (OAU-10).
    incoming.headers.cookie = (incoming.headers.cookie ?? '')
      .split(/;\s*/)
      .filter((cookie) => !cookie.startsWith(`${SESSION_COOKIE}=`))
      .join('; ')
    if (c.req.path === PATHS.registration) outgoing.setHeader('access-control-allow-origin', '*')
    await callback(incoming, outgoing)
    return RESPONSE_ALREADY_SENT
  }
  // From an address where passkeys do not work to one of ours where they do, before the browser gets a cookie.
  app.get(PATHS.authorization, async (c, next) => {
    const here = pageOrigin(ctx)
    const isElsewhere =
      new URL(ctx.publicUrl()).origin !== here && c.req.header('host') !== new URL(here).host
    return isElsewhere ? c.redirect(here + PATHS.authorization + new URL(c.req.url).search, 307) : next()
  })
  for (const path of Object.values(PATHS)) app.all(path, toProvider)
  app.get(`${PATHS.authorization}/:uid`, toProvider)
  app.on(['GET', 'OPTIONS'], METADATA_PATH, toProvider)
  // Registering is open to anybody, so to a page as well.
  app.options(PATHS.registration, (c) => c.body(null, 204))
}

const choice = z.strictObject({
  grants: z.array(grantSchema).min(1).max(GRANTS_MAX),
  ttl_s: z.int().min(60).max(DELEGATION_TTL_S_MAX),
})
const signIn = z.strictObject({ credential_id: z.string().min(1).max(1366), gesture: gestureParts })
const signed = z.strictObject({ gesture: gestureParts })
const nothing = z.strictObject({})

function pageRoutes(app: App, ctx: ServerContext, consents: Consents): void {
  app.get(`${CONSENT_PATH}/:uid`, () => pageFile('consent.html'))

  const post = <S extends z.ZodType>(
    name: string,
    schema: S,
    run: (browser: Browser, input: z.output<S>) => Promise<View>,
  ): void => {
    app.post(`${CONSENT_PATH}/:uid/${name}`, anyone(), async (c) => {
      // OAU-14: the cookie goes with requests of our own page alone, and those of others are turned away besides.
      assertFrom(c, [pageOrigin(ctx)])
      const input = schema.safeParse(await c.req.json())
      if (!input.success) throw new ApiError('REQUEST_INVALID', 'the request does not fit')
      const { incoming, outgoing } = c.env as NodeEnv
      const view = await run({ uid: c.req.param('uid') ?? '', incoming, outgoing }, input.data)
      const { rp_id, origins, origin, simulated } = ctx.settings
      c.header('cache-control', 'no-store')
      return c.json({ ...view, rp_id, origins, log: { origin, simulated } })
    })
  }
  post('open', nothing, (browser) => consents.open(browser))
  post('sign-in', signIn, (browser, { credential_id, gesture }) =>
    consents.signIn(browser, credential_id, gesture),
  )
  post('propose', nothing, (browser) => consents.propose(browser))
  post('approve', signed, (browser, { gesture }) => consents.approve(browser, gesture))
  post('draft', choice, (browser, chosen) => consents.draft(browser, chosen))
  post('redraft', nothing, (browser) => consents.redraft(browser))
  post('seal', signed, (browser, { gesture }) => consents.seal(browser, gesture))
  post('decline', nothing, (browser) => consents.decline(browser))
}
