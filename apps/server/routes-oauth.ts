/**
 * OAuth for clients that do not speak the protocol: revocation (RFC 7009), introspection (RFC 7662), token exchange
 * (RFC 8693) with DPoP (RFC 9449). spec/status.md (STS-5 to STS-8).
 * @module
 */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Client } from '../../src/registry/clients.ts'
import { exchange, introspect, revokeToken } from '../../src/registry/exchanges.ts'
import type { VerifiedProof } from './auth.ts'
import { ClientAuthenticator, parseForm, type Form } from './client-auth.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { INTROSPECT_PATH, REVOKE_PATH } from './middleware.ts'
import { OAuthError } from './oauth-errors.ts'

const TOKEN_PATH = '/oauth/token'
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt'
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

type Answer = (client: Client, form: Form, c: Context<AppEnv>) => Promise<Response>

export function oauthRoutes(app: App, ctx: ServerContext): void {
  const clients = new ClientAuthenticator(ctx)
  const endpoint = (path: string, answer: Answer): void => {
    app.post(path, async (c) => {
      c.header('cache-control', 'no-store')
      const form = parseForm(c.req.header('content-type'), new Uint8Array(await c.req.arrayBuffer()))
      return answer(await clients.authenticate(form, path), form, c)
    })
  }
  endpoint(REVOKE_PATH, revocation(ctx))
  endpoint(INTROSPECT_PATH, introspection(ctx))
  endpoint(TOKEN_PATH, tokenExchange(ctx))
  describeEndpoints(app)
}

function required(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `the parameter ${name} is missing`)
  return value
}

function revocation(ctx: ServerContext): Answer {
  return async (client, form, c) => {
    const token = required(form, 'token')
    if (client.kind === 'point')
      throw new OAuthError('unauthorized_client', 'an enforcement point revokes nothing')
    if (!(await revokeToken(ctx.registry, client, token)))
      throw new OAuthError('invalid_grant', 'the token was issued to another agent')
    return c.body(null, 200)
  }
}

function introspection(ctx: ServerContext): Answer {
  return async (client, form, c) => {
    const token = required(form, 'token')
    if (client.kind === 'agent')
      throw new OAuthError('unauthorized_client', 'introspection is for enforcement points and people')
    const { active, ...rest } = await introspect(ctx.registry, client, token, ctx.clock.now())
    return c.json({ active, ...rest }, 200)
  }
}

function tokenExchange(ctx: ServerContext): Answer {
  return async (client, form, c) => {
    if (required(form, 'grant_type') !== GRANT_TYPE)
      throw new OAuthError('unsupported_grant_type', `grant_type is ${GRANT_TYPE}`)
    if (client.kind !== 'agent')
      throw new OAuthError('unauthorized_client', 'the client is the agent that holds the chain')
    const chain = subjectOf(form)
    const audience = required(form, 'audience')
    const proof = await proofOf(ctx, c)
    const answer = await exchange(ctx.registry, { agent: client.id, chain, audience, jkt: proof.jkt })
    if (!answer.ok) throw new OAuthError(answer.error, answer.why)
    return c.json({
      access_token: answer.token,
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: 'DPoP',
      expires_in: answer.life_s,
      authorization_details: answer.grants,
    })
  }
}

/** What a client asks for beyond a chain and an audience is refused: it would not get it. */
function subjectOf(form: Form): string {
  if (form.has('scope')) throw new OAuthError('invalid_scope', 'grants are all that a chain has')
  if (form.has('resource')) throw new OAuthError('invalid_target', 'name the target by audience')
  if (form.has('actor_token')) throw new OAuthError('invalid_request', 'hand the chain on by a hop instead')
  if ((form.get('requested_token_type') ?? ACCESS_TOKEN_TYPE) !== ACCESS_TOKEN_TYPE)
    throw new OAuthError('invalid_request', `requested_token_type is ${ACCESS_TOKEN_TYPE}`)
  if (required(form, 'subject_token_type') !== JWT_TYPE)
    throw new OAuthError('invalid_request', `subject_token_type is ${JWT_TYPE}`)
  return required(form, 'subject_token')
}

/** The client is known, so that its proof may be remembered. */
async function proofOf(ctx: ServerContext, c: Context<AppEnv>): Promise<VerifiedProof> {
  try {
    const proof = ctx.dpop.verifyStandard({
      proof: c.req.header('dpop'),
      method: 'POST',
      url: ctx.publicUrl() + TOKEN_PATH,
    })
    await ctx.dpop.use(proof)
    return proof
  } catch (cause) {
    if (cause instanceof ApiError && cause.code !== 'TOO_MANY')
      throw new OAuthError('invalid_dpop_proof', cause.message, { cause })
    throw cause
  }
}

/** The forms are read by {@link parseForm}: the validators of the other routes would take a parameter twice. */
function describeEndpoints(app: App): void {
  const client = {
    client_id: z.string().optional(),
    client_assertion_type: z.string(),
    client_assertion: z.string(),
  }
  const token = z.object({ ...client, token: z.string(), token_type_hint: z.string().optional() })
  const subject = z.object({
    ...client,
    grant_type: z.literal(GRANT_TYPE),
    subject_token: z.string(),
    subject_token_type: z.literal(JWT_TYPE),
    audience: z.string(),
  })
  const fault = z
    .object({ error: z.string(), error_description: z.string() })
    .openapi('OAuthFault', { description: 'RFC 6749 section 5.2' })
  const describe = (path: string, summary: string, form: z.ZodType, answer: z.ZodType | null): void => {
    app.openAPIRegistry.registerPath({
      method: 'post',
      path,
      summary,
      request: {
        body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: form } } },
      },
      responses: {
        200: {
          description: 'Done',
          ...(answer === null ? {} : { content: { 'application/json': { schema: answer } } }),
        },
        default: { description: 'A fault', content: { 'application/json': { schema: fault } } },
      },
    })
  }
  describe(REVOKE_PATH, 'Revoke a chain or an access token (RFC 7009)', token, null)
  describe(
    INTROSPECT_PATH,
    'What a chain or an access token is worth now (RFC 7662)',
    token,
    z.looseObject({ active: z.boolean() }),
  )
  describe(
    TOKEN_PATH,
    'Exchange a chain for an access token (RFC 8693); header DPoP by its holder key',
    subject,
    z.object({
      access_token: z.string(),
      issued_token_type: z.literal(ACCESS_TOKEN_TYPE),
      token_type: z.literal('DPoP'),
      expires_in: z.int(),
      authorization_details: z.array(z.record(z.string(), z.unknown())),
    }),
  )
}
