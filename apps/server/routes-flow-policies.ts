/** Flow policies: proposals, their approval, and the one in force for points. spec/flow.md (FLW-10). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { flowPolicySchema } from '../../src/core/flow-policy.ts'
import {
  flowPolicyApproval,
  flowPolicyInForce,
  listFlowPolicies,
  proposeFlowPolicy,
} from '../../src/registry/flow-policies.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const view = z.object({
  id: z.string(),
  status: z.enum(['waiting', 'active', 'replaced']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
  policy: flowPolicySchema,
})
const act = z.object({
  act: z.literal('flow_policy.approve'),
  policy: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

export function flowPolicyRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/flow-policies',
      summary: 'Propose a flow policy, which another person approves',
      middleware: operator,
      request: { body: body(flowPolicySchema) },
      responses: answers('Proposed', z.object({ policy: z.string(), proposal: z.int() })),
    }),
    async (c) =>
      c.json(await proposeFlowPolicy(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/flow-policies',
      summary: 'Flow policies, newest first, each with its status',
      middleware: operator,
      responses: answers('Flow policies', z.object({ policies: z.array(view) })),
    }),
    async (c) => c.json({ policies: await store.query(listFlowPolicies) }, 200),
  )

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

  secondPersonRoutes(app, ctx, flowPolicyApproval, {
    path: '/v1/flow-policies/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the policy',
    take: 'Approve a flow policy with a gesture: it is in force from then on, in place of any before',
  })
}
