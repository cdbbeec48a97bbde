/** Alert policies: proposals, their approval, and the one in force. spec/alerts.md (ALR-8, ALR-9). @module */
import { z } from '@hono/zod-openapi'
import { alertPolicySchema } from '../../src/core/alert.ts'
import { alertPolicies, alertPolicyInForce } from '../../src/registry/alert-policies.ts'
import type { App, ServerContext } from './context.ts'
import { policyRoutes } from './policy-routes.ts'

export function alertPolicyRoutes(app: App, ctx: ServerContext): void {
  policyRoutes(app, ctx, alertPolicies, {
    path: '/v1/alert-policies',
    words: 'alert policy',
    act: 'alert_policy.approve',
    schema: alertPolicySchema,
    inForce: {
      // `approval` is null while the packaged one is in force.
      schema: z.object({ policy: alertPolicySchema, approval: z.int().nullable() }),
      read: alertPolicyInForce,
    },
  })
}
