/** The keys of the authorization server, as people rotate and retire them. spec/oauth.md (OAU-19). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { App, ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest } from './schemas.ts'

export function oauthKeyRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  const { keys } = ctx.oauth
  const nothing = { ...body(z.strictObject({})), required: false }

  const key = z.object({ kid: z.string(), status: z.enum(['current', 'verifying']) })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/keys/oauth',
      summary: 'The keys of the authorization server that are in force, the current one first',
      middleware: operator,
      responses: answers('Keys', z.object({ keys: z.array(key) })),
    }),
    async (c) => {
      const inForce = await store.query((db) => keys.inForce(db))
      const shown = inForce.map(({ kid }, i) => ({
        kid,
        status: i === 0 ? ('current' as const) : ('verifying' as const),
      }))
      return c.json({ keys: shown }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/oauth/rotate',
      summary: 'Make a new key of the authorization server; what the old one sealed stays readable',
      middleware: operator,
      request: { body: nothing },
      responses: answers('Rotated', z.object({ kid: z.string() })),
    }),
    async (c) => c.json({ kid: await keys.rotate(store) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/oauth/{kid}/retire',
      summary: 'End an old key and destroy it: clients whose tokens it sealed connect again',
      middleware: operator,
      request: { params: z.strictObject({ kid: digest }), body: nothing },
      responses: answers('Retired', z.object({ kid: z.string(), destroyed: z.boolean() })),
    }),
    async (c) => {
      const { kid } = c.req.valid('param')
      return c.json({ kid, destroyed: await keys.retire(store, kid) }, 200)
    },
  )
}
