/** What a gateway holds in the place of agents: its hosting keys and resources, its delegations. spec/oauth.md (OAU-15 to OAU-17). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { publicJwk } from '../../src/core/jwk.ts'
import {
  hostedDelegation,
  RESOURCES_MAX,
  takeHostingOffer,
  UNUSED_KEYS_MAX,
} from '../../src/registry/hosting-keys.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { isSecureUrl } from './oauth/urls.ts'
import { jtiParam } from './routes-delegations.ts'
import { answers, body, jwk, name } from './schemas.ts'

const RESOURCE_CHARS_MAX = 512

const resource = z.strictObject({
  server: name,
  url: z
    .string()
    .max(RESOURCE_CHARS_MAX)
    .refine(isSecureUrl, 'https, or http at a loopback address, as a plain URL'),
})

export function hostingRoutes(app: App, ctx: ServerContext): void {
  const point = who(ctx, 'point')

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/points/hosting-keys',
      summary: 'Offer keys for agents that hold none, and say which resources the point guards',
      middleware: point,
      request: {
        body: body(
          z.strictObject({
            keys: z.array(jwk).max(UNUSED_KEYS_MAX),
            resources: z.array(resource).max(RESOURCES_MAX),
          }),
        ),
      },
      responses: answers('Taken', z.object({ unused: z.int(), resources: z.int() })),
    }),
    async (c) => {
      const { keys, resources } = c.req.valid('json')
      const offer = { keys: keys.map((key) => publicJwk(key)), resources }
      const { unused } = await takeHostingOffer(ctx.registry, callerId(c, 'point'), offer)
      return c.json({ unused, resources: resources.length }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/hosted/{jti}',
      summary: 'A delegation that the point holds in the place of its agent, with its chain',
      middleware: point,
      request: { params: jtiParam },
      responses: answers(
        'The delegation',
        z.object({ jti: z.string(), agent: z.string(), exp: z.int(), chain: z.string() }),
      ),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      const answer = await ctx.registry.store.query((db) =>
        hostedDelegation(ctx.registry, db, callerId(c, 'point'), jti, ctx.clock.now()),
      )
      return c.json(answer, 200)
    },
  )
}
