/** Alert policies: proposals, their approval, and the one in force. spec/alerts.md (ALR-8, ALR-9). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { alertPolicySchema } from '../../src/core/alert.ts'
import {
  alertPolicyApproval,
  alertPolicyInForce,
  listAlertPolicies,
  proposeAlertPolicy,
} from '../../src/registry/alert-policies.ts'
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
  policy: alertPolicySchema,
})
const act = z.object({
  act: z.literal('alert_policy.approve'),
  policy: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

export function alertPolicyRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/alert-policies',
      summary: 'Propose an alert policy, which another person approves',
      middleware: operator,
      request: { body: body(alertPolicySchema) },
      responses: answers('Proposed', z.object({ policy: z.string(), proposal: z.int() })),
    }),
    async (c) =>
      c.json(await proposeAlertPolicy(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alert-policies',
      summary: 'Alert policies, newest first, and the one in force',
      middleware: operator,
      responses: answers(
        'Alert policies; `approval` is null while the packaged one is in force',
        z.object({
          policies: z.array(view),
          in_force: z.object({ policy: alertPolicySchema, approval: z.int().nullable() }),
        }),
      ),
    }),
    async (c) => {
      const [policies, inForce] = await store.query(
        async (db) => [await listAlertPolicies(db), await alertPolicyInForce(db)] as const,
      )
      return c.json({ policies, in_force: { ...inForce } }, 200)
    },
  )

  secondPersonRoutes(app, ctx, alertPolicyApproval, {
    path: '/v1/alert-policies/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the policy',
    take: 'Approve an alert policy with a gesture: it is in force from then on, in place of any before',
  })
}
