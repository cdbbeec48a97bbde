/** Links between people and their accounts at the identity provider. spec/identity.md (IDN-8 to IDN-11). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { disconnect, listIdentities, unlink } from '../../../src/registry/identities.ts'
import { callerId, type App, type ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { anyone, who } from '../middleware.ts'
import { answers, body, idParam, ok } from '../schemas.ts'
import { sessionIn } from '../session-cookie.ts'
import type { IdentityContext } from './context.ts'
import { returnPath } from './return-path.ts'
import { beginFlow } from './sign-in-routes.ts'

const view = z.object({
  id: z.string(),
  person: z.string(),
  iss: z.string(),
  by: z.enum(['connect', 'provisioned']),
  entry: z.int(),
  /** Null: erased. */
  sub: z.string().nullable(),
})

export function identityRoutes(app: App, ctx: ServerContext, identity: IdentityContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  connectRoutes(app, ctx, identity)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/identities',
      summary: 'Whose accounts at identity providers are whose',
      middleware: operator,
      responses: answers('Links', z.object({ identities: z.array(view) })),
    }),
    async (c) =>
      c.json({ identities: await registry.store.query((db) => listIdentities(registry, db)) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/identities/{id}/unlink',
      summary: 'An account is somebody’s no more',
      middleware: operator,
      request: { params: idParam, body: { ...body(z.strictObject({})), required: false } },
      responses: answers('Unlinked', ok),
    }),
    async (c) => {
      const whose = await unlink(registry, callerId(c, 'person'), c.req.valid('param').id)
      ctx.sessions.endWhere(({ person, how }) => person === whose && how.by === 'oidc')
      return c.json({ ok: true as const }, 200)
    },
  )
}

function connectRoutes(app: App, ctx: ServerContext, { signIn }: IdentityContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/session/provider',
      summary: 'Whether people sign in by an identity provider, and which',
      responses: answers('The provider', z.object({ issuer: z.string().nullable() })),
    }),
    (c) => c.json({ issuer: signIn?.provider.settings.issuer ?? null }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/connect',
      summary: 'Connect an account at the identity provider, in a session that a passkey opened',
      middleware: anyone(),
      request: { body: body(z.strictObject({ return: z.string().max(1_024).exactOptional() })) },
      responses: answers('Where the browser goes', z.object({ url: z.string() })),
    }),
    async (c) => {
      const session = await sessionIn(ctx, c)
      if (session?.how.by !== 'passkey')
        throw new ApiError(
          'FORBIDDEN',
          'sign in with your passkey first: an account is connected by who has it',
        )
      if (signIn === null) throw new ApiError('NOT_FOUND', 'no identity provider is configured')
      const { person, began } = session
      const back = returnPath(c.req.valid('json').return)
      const url = await beginFlow(ctx, c, signIn, { back, connects: { person, began } })
      return c.json({ url: url.href }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/disconnect',
      summary: 'The account at the identity provider is theirs no more, by the person of the session',
      middleware: anyone(),
      request: { body: { ...body(z.strictObject({})), required: false } },
      responses: answers('Disconnected', ok),
    }),
    async (c) => {
      const session = await sessionIn(ctx, c)
      if (session === null) throw new ApiError('AUTH_MISSING', 'nobody is signed in here: sign in first')
      await disconnect(ctx.registry, session.person)
      ctx.sessions.endWhere(({ person, how }) => person === session.person && how.by === 'oidc')
      return c.json({ ok: true as const }, 200)
    },
  )
}
