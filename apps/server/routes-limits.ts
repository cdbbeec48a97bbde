/** Cumulative limits: what points lease, and what people answer when one is used up. spec/limits.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { leaseSchema, reservationSchema, RESERVATIONS_MAX } from '../../src/log/receipt.ts'
import { grantLeases } from '../../src/registry/leases.ts'
import { declineTopUp, grantTopUp, listTopUps } from '../../src/registry/topups.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam, reasonBody } from './schemas.ts'

const { amount, ...limit } = reservationSchema.shape
const needInput = z.strictObject({ ...limit, need: amount, want: amount })

const topUpAnswer = z.object({
  id: z.string(),
  agent: z.string(),
  delegation: z.string(),
  grant: digest,
  limit: z.object({
    measure: z.string(),
    unit: z.string(),
    per: z.string(),
    period: z.string(),
    max: z.int(),
  }),
  asked: z.int(),
  status: z.enum(['open', 'granted', 'declined']),
  requested: z.int(),
  answer: z.string().nullable(),
})

export function limitRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/leases',
      summary: 'Lease what covers every need, or nothing (LIM-4)',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({
            epoch: z.int().positive(),
            needs: z.array(needInput).min(1).max(RESERVATIONS_MAX),
          }),
        ),
      },
      responses: answers(
        'Leases, or why there are none',
        z.union([
          z.object({ leases: z.array(z.object({ ...leaseSchema.shape, ttl_ms: z.int() })) }),
          z.object({ denied: z.enum(['LIMIT_EXCEEDED', 'LIMIT_LEASED']) }),
        ]),
      ),
    }),
    async (c) => {
      const { epoch, needs } = c.req.valid('json')
      const answer = await grantLeases(ctx.registry, callerId(c, 'point'), epoch, needs)
      return c.json('leases' in answer ? { leases: [...answer.leases] } : answer, 200)
    },
  )
  topUpRoutes(app, ctx)
}

function topUpRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/topups',
      summary: 'Limits that are used up, newest first (LIM-12)',
      middleware: operator,
      responses: answers('Top-ups', z.object({ topups: z.array(topUpAnswer) })),
    }),
    async (c) => c.json({ topups: await ctx.registry.store.query(listTopUps) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/topups/{id}/grant',
      summary: 'Answer with a new delegation of yours',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ delegation: z.string().max(64) })) },
      responses: answers('Answered', z.object({ topup: z.string() })),
    }),
    async (c) => {
      const topup = c.req.valid('param').id
      await grantTopUp(ctx.registry, callerId(c, 'person'), topup, c.req.valid('json').delegation)
      return c.json({ topup }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/topups/{id}/decline',
      summary: 'Answer that there is no more',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Answered', z.object({ topup: z.string() })),
    }),
    async (c) => {
      const topup = c.req.valid('param').id
      await declineTopUp(ctx.registry, callerId(c, 'person'), topup, c.req.valid('json').reason)
      return c.json({ topup }, 200)
    },
  )
}
