/** Memory domains as operators see them, and their clearing. spec/flow.md (FLW-21). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { dataLabelSchema } from '../../src/core/label.ts'
import { clearDomain, clearingOf, listDomains } from '../../src/registry/domain-clearing.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'

const domain = z.object({
  agent: z.string(),
  turn: z.int(),
  point: z.string().nullable(),
  taint: dataLabelSchema,
})
const act = z.object({
  act: z.literal('domain.clear'),
  agent: z.string(),
  turn: z.int(),
  approver: z.string(),
})

export function domainClearingRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/domains',
      summary: 'Memory domains, by agent: who holds each, and what its turn began with',
      middleware: operator,
      responses: answers('Domains', z.object({ domains: z.array(domain) })),
    }),
    async (c) => {
      const now = await store.now()
      return c.json({ domains: await store.query((db) => listDomains(db, now)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/domains/{id}/clearing',
      summary: 'What the caller signs to say that the agent’s memory was wiped',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The act and its challenge', z.object({ act, challenge: z.string() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const asked = { approver: callerId(c, 'person'), now_ms: await store.now() }
      return c.json(await store.query((db) => clearingOf(ctx.registry, db, id, asked)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/domains/{id}/clear',
      summary: 'Clear a domain with a gesture: its next turn begins at the bottom',
      middleware: operator,
      request: { params: idParam, body: body(gestureParts) },
      responses: answers('Cleared', z.object({ acted_alone: z.boolean() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await clearDomain(ctx.registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )
}
