/** Other issuers that points here trust. spec/keys.md (KEY-9). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { foreignIssuerSchema } from '../../src/core/issuer.ts'
import { personActor } from '../../src/registry/context.ts'
import { dropIssuer, listIssuers, trustActOf, trustIssuer } from '../../src/registry/issuers.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts, reason } from './schemas.ts'

const act = z.object({
  act: z.literal('issuer.trust'),
  by: z.string(),
  issuer: foreignIssuerSchema,
  seq: z.int(),
})
/** Of the trust list that the change makes. */
const changed = z.object({ seq: z.int() })

export function issuerRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/issuers',
      summary: 'Other issuers that are trusted',
      middleware: operator,
      responses: answers('Issuers', z.object({ issuers: z.array(foreignIssuerSchema) })),
    }),
    async (c) => c.json({ issuers: await registry.store.query(listIssuers) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/issuers/act',
      summary: 'What the caller signs to trust an issuer; changes nothing',
      middleware: operator,
      request: { body: body(z.strictObject({ issuer: foreignIssuerSchema })) },
      responses: answers('The act and its challenge', z.object({ act, challenge: z.string() })),
    }),
    async (c) => {
      const by = callerId(c, 'person')
      const { issuer } = c.req.valid('json')
      return c.json(await registry.store.query((db) => trustActOf(registry, db, by, issuer)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/issuers',
      summary: 'Trust an issuer as its record says, with a gesture, in place of an earlier record',
      middleware: operator,
      request: { body: body(z.strictObject({ issuer: foreignIssuerSchema, gesture: gestureParts })) },
      responses: answers('Trusted', changed),
    }),
    async (c) => {
      const { issuer, gesture } = c.req.valid('json')
      return c.json(await trustIssuer(registry, callerId(c, 'person'), issuer, gesture), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/issuers/drop',
      summary: 'Trust an issuer no more',
      middleware: operator,
      request: { body: body(z.strictObject({ iss: z.string().min(1).max(256), reason })) },
      responses: answers('Dropped', changed),
    }),
    async (c) => {
      const input = c.req.valid('json')
      const actor = personActor(callerId(c, 'person'))
      return c.json(await dropIssuer(registry, actor, input.iss, input.reason), 200)
    },
  )
}
