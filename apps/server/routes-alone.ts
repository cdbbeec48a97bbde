/** What one person did alone, and how another looks at it afterwards. spec/alone.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { LONE_OUTCOMES } from '../../src/log/alone-bodies.ts'
import { loneReviewOf, reviewLone } from '../../src/registry/alone-reviews.ts'
import { listLone } from '../../src/registry/alone.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts } from './schemas.ts'

/** As other words about registers. */
const TEXT_CHARS_MAX = 4_096

const outcome = z.enum(LONE_OUTCOMES)
const indexParam = z.strictObject({ index: z.coerce.number().int().nonnegative() })
const view = z.object({
  entry: z.int(),
  type: z.string(),
  subject: z.string().nullable(),
  person: z.string(),
  time: z.int(),
  due: z.int(),
  review: z.int().nullable(),
  reviewer: z.string().nullable(),
  reviewed: z.int().nullable(),
  outcome: outcome.nullable(),
  text: z.string().nullable(),
})
const act = z.object({
  act: z.literal('alone.review'),
  of: z.int(),
  type: z.string(),
  subject: z.string().nullable(),
  outcome,
  approver: z.string(),
})

export function aloneRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alone',
      summary: 'What one person did alone, the latest first, and who reviewed it; or what waits for a review',
      middleware: operator,
      request: { query: z.strictObject({ status: z.literal('waiting').exactOptional() }) },
      responses: answers('Entries that were made alone', z.object({ alone: z.array(view) })),
    }),
    async (c) => {
      const isWaiting = c.req.valid('query').status === 'waiting'
      return c.json({ alone: await registry.store.query((db) => listLone(registry, db, isWaiting)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alone/{index}/reviewing',
      summary: 'What the caller signs to review it',
      middleware: operator,
      request: { params: indexParam, query: z.strictObject({ outcome }) },
      responses: answers('The act and its challenge', z.object({ act, challenge: z.string() })),
    }),
    async (c) => {
      const review = { of: c.req.valid('param').index, ...c.req.valid('query') }
      return c.json(await loneReviewOf(registry, callerId(c, 'person'), review), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/alone/{index}/review',
      summary: 'Review what was done alone with a gesture, and say what it comes to; not by who did it',
      middleware: operator,
      request: {
        params: indexParam,
        body: body(gestureParts.extend({ outcome, text: z.string().min(1).max(TEXT_CHARS_MAX) })),
      },
      responses: answers('Reviewed', z.object({ review: z.string(), entry: z.int() })),
    }),
    async (c) => {
      const { outcome: said, text, ...gesture } = c.req.valid('json')
      const review = { of: c.req.valid('param').index, outcome: said, text }
      return c.json(await reviewLone(registry, callerId(c, 'person'), review, gesture), 200)
    },
  )
}
