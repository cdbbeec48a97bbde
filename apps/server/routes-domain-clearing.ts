/** Memory domains as operators see them, and their clearing. spec/flow.md (FLW-21). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { dataLabelSchema } from '../../src/core/label.ts'
import { domainClearing, listDomains } from '../../src/registry/domain-clearing.ts'
import type { App, ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, idParam } from './schemas.ts'

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

  secondPersonRoutes(app, ctx, domainClearing, {
    path: '/v1/domains/{id}',
    params: idParam,
    ends: { show: 'clearing', take: 'clear' },
    act,
    show: 'What the caller signs to say that the agent’s memory was wiped',
    take: 'Clear a domain with a gesture: its next turn begins at the bottom',
    done: 'Cleared',
  })
}
