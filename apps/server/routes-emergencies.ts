/** Emergency access: taken by one person, reviewed by another. spec/emergency.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { emergencyReview, grantEmergency, listEmergencies } from '../../src/registry/emergencies.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const view = z.object({
  id: z.string(),
  entry: z.int(),
  taker: z.string(),
  agent: z.string(),
  granted: z.int(),
  until: z.int(),
  reason: z.string().nullable(),
  delegations_n: z.int(),
  reviewer: z.string().nullable(),
  review: z.int().nullable(),
})

export function emergencyRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/emergency-access',
      summary: 'Emergency access that was taken, the latest first',
      middleware: operator,
      responses: answers('Emergency access', z.object({ accesses: z.array(view) })),
    }),
    async (c) => c.json({ accesses: await registry.store.query((db) => listEmergencies(registry, db)) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/emergency-access',
      summary: 'Take emergency access to delegate to an agent alone; an alert is raised at once',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            agent: z.string().min(1).max(64),
            until: z.iso.datetime(),
            reason: z.string().min(1).max(4_096),
          }),
        ),
      },
      responses: answers('Taken', z.object({ access: z.string(), entry: z.int(), until: z.string() })),
    }),
    async (c) => c.json(await grantEmergency(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  secondPersonRoutes(app, ctx, emergencyReview, {
    path: '/v1/emergency-access/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('emergency_access.review'),
      access: z.string(),
      granted: z.int(),
      delegations_n: z.int(),
      approver: z.string(),
    }),
    ends: { show: 'reviewing', take: 'review' },
    done: 'Reviewed',
    show: 'What the caller signs to review it',
    take: 'Review an access with a gesture, once it is over; not by who took it',
  })
}
