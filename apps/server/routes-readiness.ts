/** How ready the installation is for an audit of a period. spec/readiness.md (RDY-1). @module */
import { createRoute } from '@hono/zod-openapi'
import { planOf, readinessPlanSchema } from '../../src/evidence/readiness/plan.ts'
import { readinessFacts } from '../../src/registry/readiness.ts'
import type { App, ServerContext } from './context.ts'
import { viewer } from './middleware.ts'
import { answers } from './schemas.ts'

export function readinessRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/readiness',
      summary: 'The ninety-day plan: each step with what is measured of it, and what to do next',
      middleware: viewer(ctx),
      responses: answers('The plan', readinessPlanSchema),
    }),
    async (c) => c.json(planOf(await readinessFacts(ctx.registry, ctx.settings)), 200),
  )
}
