/**
 * The authorization server: `oidc-provider`, made to do one flow for grants on tools. spec/oauth.md (OAU-1 to OAU-9).
 * Invariant: no code and no token without a delegation, and none that outlives it. The identifier of a grant here is the
 * `jti` of the delegation that the consent made.
 * @module
 */
import type { EventEmitter } from 'node:events'
import {
  Provider,
  errors,
  interactionPolicy,
  type Configuration,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import { seconds } from '../../../src/core/time.ts'
import { SYSTEM } from '../../../src/registry/context.ts'
import { findResource, isDelegationLive } from '../../../src/registry/hosting-keys.ts'
import { findEnrolled } from '../../../src/registry/people.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import { revoke } from '../../../src/registry/revocations.ts'
import { GRANTS_MAX } from '../../../src/token/constants.ts'
import { grantSchema } from '../../../src/token/grant.ts'
import type { ServerContext } from '../context.ts'
import { fetchLimit, settleMetadata } from './clients.ts'
import { errorPage, ownErrors } from './error-page.ts'
import type { OauthKey } from './keys.ts'
import type { OauthState } from './state.ts'

/** RFC 9068 says minutes; the gateway asks the revocation state for each call anyway. */
const ACCESS_TOKEN_S_MAX = 300
const CODE_S = 60
const REQUEST_S = 3_600
/** Nobody stays signed in: what is left of the session is for the redirect that ends the request. */
const SESSION_S = 1
/** Of the grants in an access token: it travels in a header of 8 KiB with each request. */
const DETAILS_CHARS_MAX = 4_096
const DOCUMENT_BYTES_MAX = 5 * 1024
const KEYS_BYTES_MAX = 64 * 1024
export const SCOPE = 'tools'

export const PATHS = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  jwks: '/oauth2/jwks',
  registration: '/oauth2/register',
  pushed_authorization_request: '/oauth2/par',
  revocation: '/oauth2/revoke',
} as const
export const METADATA_PATH = '/.well-known/oauth-authorization-server'
export const CONSENT_PATH = '/oauth2/consent'
export const SESSION_COOKIE = 'countersign_oauth'

/** Those that are in force, the current one first. */
type KeysInForce = readonly [OauthKey, ...OauthKey[]]

/** Call once the server's public URL is known. @param keys it signs with the first, and publishes them all */
export function openProvider(ctx: ServerContext, state: OauthState, keys: KeysInForce): Provider {
  const provider = new Provider(ctx.publicUrl(), configurationOf(ctx, state, keys))
  // Whether a cookie is marked as secure: by where callers reach us, which `toProvider` says in a header of its own.
  provider.proxy = true
  ;(provider as EventEmitter).on('error', (error) => ctx.report(error))
  provider.on('server_error', (_, error) => ctx.report(error))
  provider.on('grant.revoked', (koa, jti) => {
    const reason = koa.oidc.route === 'revocation' ? 'oauth' : 'oauth_replay'
    revoke(ctx.registry, SYSTEM, { kind: 'delegation', target: jti, reason }).catch((error: unknown) =>
      ctx.report(error),
    )
  })
  provider.use(plainMetadata)
  provider.use(ownErrors(ctx))
  return provider
}

/** What OpenID has and this server does not. */
const OPENID = /^(claim|subject_types|id_token|request_uri_parameter)/

/** OAU-2: the metadata is that of an OAuth server and no more. */
const plainMetadata: Parameters<Provider['use']>[0] = async (koa, next) => {
  await next()
  if (koa.path !== METADATA_PATH || koa.status !== 200) return
  const metadata = Object.entries(koa.body as object).filter(([name]) => !OPENID.test(name))
  koa.body = { ...Object.fromEntries(metadata), scopes_supported: [SCOPE] }
}

function configurationOf(ctx: ServerContext, state: OauthState, keys: KeysInForce): Configuration {
  const [{ kid: current }] = keys
  return {
    adapter: state.adapter,
    jwks: { keys: keys.map(({ kid, key }) => ({ ...key, kid, alg: 'Ed25519', use: 'sig' })) },
    routes: {
      ...PATHS,
      end_session: '/oauth2/end',
      userinfo: '/oauth2/me',
      introspection: '/oauth2/introspect',
    },
    features: featuresOf(ctx, current),
    interactions: { url: (_, { uid }) => `${CONSENT_PATH}/${uid}`, policy: policy() },
    pkce: { required: () => true },
    responseTypes: ['code'],
    scopes: [],
    claims: {},
    clientAuthMethods: ['none', 'private_key_jwt'],
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'Ed25519',
    },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'],
      idTokenSigningAlgValues: ['Ed25519'],
    },
    extraClientMetadata: {
      properties: ['software_id'],
      validator: (_ctx, _name, _value, metadata) => settleMetadata(metadata),
    },
    cookies: {
      names: {
        session: SESSION_COOKIE,
        interaction: 'countersign_oauth_request',
        resume: 'countersign_oauth_resume',
      },
    },
    discovery: agentEndpoints(ctx) as never,
    fetch: (url, options) => ctx.oauth.fetch(url, options),
    fetchResponseBodyLimits: { 'client_id metadata document': DOCUMENT_BYTES_MAX, jwks_uri: KEYS_BYTES_MAX },
    renderError: errorPage(ctx),
    ...tokensOf(ctx, state),
  }
}

/** A page of ours answers every request: nothing is remembered of what a person consented to before. */
function policy(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  const asked = new Check('delegation_missing', 'a person consents to each request', ({ oidc }) =>
    oidc.result?.consent?.grantId === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  )
  return [
    new Prompt({ name: 'login', requestable: true }),
    new Prompt({ name: 'consent', requestable: true }, asked),
  ]
}

/** @param kid of the key that signs access tokens */
function featuresOf(ctx: ServerContext, kid: string): NonNullable<Configuration['features']> {
  const mayFetch = fetchLimit(ctx.clock)
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    dPoP: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true },
    registration: { enabled: true, issueRegistrationAccessToken: false },
    clientIdMetadataDocument: {
      enabled: true,
      ack: 'draft-02',
      allowFetch: (_, id) => mayFetch(id),
      cacheDuration: { min: 30, max: 3_600 },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_koa, _client, oneOf) => {
        if (oneOf !== undefined) return oneOf
        throw new errors.InvalidTarget('name the resource: its URL, as its metadata has it')
      },
      useGrantedResource: () => true,
      getResourceServerInfo: (koa, url) => resourceServer(ctx, koa, url, kid),
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { tool: { validate: (koa, detail) => assertGrant(ctx, koa, detail) } },
      authorizationDetailsForGrantSource: ({ oidc }) => oidc.entities.Grant?.rar,
      authorizationDetailsForAccessToken: ({ oidc }, _token, source) => {
        if (oidc.params?.authorization_details !== undefined)
          throw new errors.InvalidAuthorizationDetails('ask for less where you ask for consent')
        return source?.rar
      },
      authorizationDetailsForIntrospection: (_, token) => token.rar,
    },
  }
}

/** OAU-3. */
async function resourceServer(ctx: ServerContext, { oidc }: KoaContextWithOIDC, url: string, kid: string) {
  const params: Record<string, unknown> = oidc.params ?? {}
  if (Array.isArray(params.resource) && params.resource.length > 1)
    throw new errors.InvalidTarget('name one resource')
  const known = await ctx.registry.store.query((db) => findResource(db, url))
  if (known === null) throw new errors.InvalidTarget('no enforcement point has registered this resource')
  if (oidc.route !== 'token') params.scope = SCOPE
  return {
    scope: SCOPE,
    audience: url,
    accessTokenTTL: ACCESS_TOKEN_S_MAX,
    accessTokenFormat: 'jwt' as const,
    jwt: { sign: { alg: 'Ed25519' as never, kid } },
  }
}

/** OAU-4. */
async function assertGrant(ctx: ServerContext, { oidc }: KoaContextWithOIDC, detail: unknown): Promise<void> {
  const { resource, authorization_details: all } = (oidc.params ?? {}) as Record<string, unknown>
  const parsed = grantSchema.safeParse(detail)
  if (!parsed.success || parsed.data.from !== undefined)
    throw new errors.InvalidAuthorizationDetails(
      'authorization details of type tool are grants: spec/grants.md',
    )
  if ((JSON.parse(String(all)) as unknown[]).length > GRANTS_MAX)
    throw new errors.InvalidAuthorizationDetails(`at most ${GRANTS_MAX} authorization details`)
  const [url] = [resource].flat()
  const known = typeof url === 'string' ? await ctx.registry.store.query((db) => findResource(db, url)) : null
  if (known === null)
    throw new errors.InvalidTarget('name a resource that an enforcement point has registered')
  if (known.server !== parsed.data.server)
    throw new errors.InvalidAuthorizationDetails('authorization details are for the server of the resource')
}

function tokensOf(ctx: ServerContext, state: OauthState): Configuration {
  const left = (koa: KoaContextWithOIDC): number =>
    Math.max(1, (koa.oidc.entities.Grant?.exp ?? 0) - seconds(Date.now()))
  return {
    ttl: {
      AccessToken: (koa) => Math.min(ACCESS_TOKEN_S_MAX, left(koa)),
      AuthorizationCode: CODE_S,
      Grant: REQUEST_S,
      Interaction: REQUEST_S,
      RefreshToken: left,
      Session: SESSION_S,
    },
    loadExistingGrant: ({ oidc }) => {
      const grantId = oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId)
    },
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => true,
    expiresWithSession: () => false,
    findAccount: async (_, sub, token) => {
      const grantId = token !== undefined && 'grantId' in token ? token.grantId : undefined
      if (!(await stands(ctx, sub, grantId))) return undefined
      return { accountId: sub, claims: () => ({ sub }) }
    },
    extraTokenClaims: (_, token) => ('grantId' in token ? { delegation: token.grantId } : undefined),
    formats: {
      customizers: {
        jwt: async (_, token, { payload }) => {
          payload.sub = await state.digest('sub', String(payload.sub), String(token.clientId))
          const details = JSON.stringify(payload.authorization_details ?? [])
          if (details.length > DETAILS_CHARS_MAX) delete payload.authorization_details
        },
      },
    },
  }
}

/** Whether a person may authorize, and what they authorized holds (OAU-7). */
async function stands(ctx: ServerContext, person: string, jti: string | undefined): Promise<boolean> {
  const now = await ctx.registry.store.now()
  return ctx.registry.store.query(async (db) => {
    try {
      await findEnrolled(db, person)
    } catch (error) {
      if (error instanceof RegistryError) return false
      throw error
    }
    return jti === undefined || isDelegationLive(db, jti, now)
  })
}

/** OAU-1. */
function agentEndpoints(ctx: ServerContext): object {
  const url = (path: string): string => ctx.publicUrl() + path
  return {
    introspection_endpoint: url('/oauth/introspect'),
    introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
    countersign_agent_endpoints: {
      token: url('/oauth/token'),
      revocation: url('/oauth/revoke'),
      introspection: url('/oauth/introspect'),
      auth_methods_supported: ['private_key_jwt'],
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    },
  }
}
