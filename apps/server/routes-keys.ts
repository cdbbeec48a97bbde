/** The issuer's keys: what anyone may read of them, and what people do with them. spec/keys.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { base64url } from '../../src/core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../src/core/json.ts'
import { personActor } from '../../src/registry/context.ts'
import { draftFrameKey } from '../../src/registry/frame-keys.ts'
import {
  compromiseIssuerKey,
  listIssuerKeys,
  retireIssuerKey,
  rotateIssuerKey,
  verifyingKeys,
} from '../../src/registry/issuer-keys.ts'
import { frameKeySchema } from '../../src/revoke/statement.ts'
import { callerId, type App, type AppEnv, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, digest, framesAnswer, jwk, reasonBody } from './schemas.ts'

/** How long others may keep our keys, in seconds: so long a compromised one may still verify for them. */
const PUBLIC_AGE_S = 60
const kidParam = z.strictObject({ kid: digest })

export function keyRoutes(app: App, ctx: ServerContext): void {
  wellKnownRoutes(app, ctx)
  const operator = who(ctx, 'person')
  const { registry } = ctx

  const key = z.object({
    kid: z.string(),
    jwk,
    status: z.enum(['current', 'verifying', 'retired', 'compromised']),
    retired_at: z.int().nullable(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/keys',
      summary: 'Every key of the issuer, the current one first',
      middleware: operator,
      responses: answers('Keys', z.object({ issuer: z.array(key) })),
    }),
    async (c) => c.json({ issuer: await registry.store.query(listIssuerKeys) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/issuer/rotate',
      summary: 'Make a new issuer key, which signs from here on; the old one verifies on',
      middleware: operator,
      request: { body: { ...body(z.strictObject({})), required: false } },
      responses: answers('Rotated', z.object({ kid: z.string() })),
    }),
    async (c) => c.json(await rotateIssuerKey(registry, personActor(callerId(c, 'person'))), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/issuer/{kid}/retire',
      summary: 'Retire a key that signs no more, and destroy its private half',
      middleware: operator,
      request: { params: kidParam, body: { ...body(z.strictObject({})), required: false } },
      responses: answers(
        'Retired',
        z.object({ kid: z.string(), retired_at: z.int(), destroyed: z.boolean() }),
      ),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      return c.json(await retireIssuerKey(registry, actor, c.req.valid('param').kid), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/frame/draft',
      summary: 'Make a frame key that waits: what the break-glass key signs to put it in force (KIL-21)',
      middleware: operator,
      request: { body: { ...body(z.strictObject({})), required: false } },
      responses: answers('What is to be signed, and handed in as a statement', frameKeySchema),
    }),
    async (c) => c.json(await draftFrameKey(registry), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/issuer/{kid}/compromise',
      summary: 'Revoke everything that a key signed; the current one is replaced first. Idempotent',
      middleware: operator,
      request: { params: kidParam, body: body(reasonBody) },
      responses: answers('Committed', framesAnswer.extend({ current: z.string(), destroyed: z.boolean() })),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      const { reason } = c.req.valid('json')
      const { frames, current, destroyed } = await compromiseIssuerKey(
        registry,
        actor,
        c.req.valid('param').kid,
        reason,
      )
      return c.json({ ...(await acknowledged(ctx, frames)), current, destroyed }, 200)
    },
  )
}

/** KEY-5. */
function wellKnownRoutes(app: App, ctx: ServerContext): void {
  app.get('/.well-known/countersign', (c) => {
    const url = ctx.publicUrl()
    const { rp_id, origins, origin } = ctx.settings
    return published(ctx, c, 'application/json', {
      issuer: ctx.registry.iss,
      protocol: 1,
      jwks_uri: `${url}/.well-known/jwks.json`,
      revocation_endpoint: `${url}/oauth/revoke`,
      introspection_endpoint: `${url}/oauth/introspect`,
      token_endpoint: `${url}/oauth/token`,
      rp_id,
      origins,
      log: { origin, vkey: ctx.vkey, url: `${url}/log` },
    })
  })

  app.get('/.well-known/jwks.json', async (c) => {
    const keys = await ctx.registry.store.query((db) => verifyingKeys(db, ctx.clock.now()))
    return published(ctx, c, 'application/jwk-set+json', {
      keys: keys.map(({ kid, jwk: key }) => ({ ...key, kid, alg: 'Ed25519', use: 'sig' })),
    })
  })
}

function published(ctx: ServerContext, c: Context<AppEnv>, type: string, value: JsonObject): Response {
  const bytes = canonicalBytes(value)
  const etag = `"${base64url(ctx.registry.crypto.sha256(bytes))}"`
  const headers = { 'cache-control': `public, max-age=${PUBLIC_AGE_S}`, etag }
  const known = c.req.header('if-none-match')?.split(/\s*,\s*/) ?? []
  if (known.includes(etag) || known.includes('*')) return c.body(null, 304, headers)
  return c.body(new Uint8Array(bytes), 200, { ...headers, 'content-type': type })
}
