/** Flow policies: proposals, their approval, and the one in force for points. spec/flow.md (FLW-10). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { flowPolicySchema } from '../../src/core/flow-policy.ts'
import { flowPolicies, flowPolicyInForce } from '../../src/registry/flow-policies.ts'
import type { App, ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { policyRoutes } from './policy-routes.ts'
import { answers } from './schemas.ts'

export function flowPolicyRoutes(app: App, ctx: ServerContext): void {
  const { store } = ctx.registry
  policyRoutes(app, ctx, flowPolicies, {
    path: '/v1/flow-policies',
    words: 'flow policy',
    act: 'flow_policy.approve',
    schema: flowPolicySchema,
  })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/flow-policy',
      summary: 'The flow policy in force',
      middleware: who(ctx, 'point'),
      responses: answers('The policy; off when none was approved', z.object({ policy: flowPolicySchema })),
    }),
    async (c) => c.json({ policy: await store.query(flowPolicyInForce) }, 200),
  )
}
