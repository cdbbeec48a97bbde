/** Reviews of access: opened over a frozen list, decided item by item, acted on, closed. spec/reviews.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { QUARTER } from '../../src/core/quarter.ts'
import {
  ACTED_MAX,
  ASSIGNED_MAX,
  ITEM_DECISIONS,
  ITEM_KINDS,
  ITEMS_MAX,
  REVIEW_LISTS,
} from '../../src/log/governance-bodies.ts'
import {
  accessReviewClosing,
  actOnItem,
  assignItems,
  decideItem,
  listReviews,
  openReview,
  showReview,
} from '../../src/registry/access-reviews.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const at = z.int().nullable()
const review = z.object({
  id: z.string(),
  entry: z.int(),
  period: z.string(),
  opener: z.string(),
  items_n: z.int(),
  digest: z.string(),
  list: z.enum(REVIEW_LISTS),
  opened: z.int(),
  closed: at,
  closing: at,
})
const reviewItem = z.object({
  n: z.int(),
  kind: z.enum(ITEM_KINDS),
  target: z.string(),
  owner: z.string().nullable(),
  may: z.array(z.string()),
  reviewer: z.string().nullable(),
  decision: z.enum(ITEM_DECISIONS).nullable(),
  decider: z.string().nullable(),
  decided: at,
  acted: at,
})
const act = z.object({
  act: z.literal('access_review.close'),
  review: z.string(),
  opened: z.int(),
  digest: z.string(),
  kept: z.int(),
  revoked: z.int(),
  changed: z.int(),
  approver: z.string(),
})
const id = z.string().min(1).max(64)
const item = z
  .int()
  .nonnegative()
  .max(ITEMS_MAX - 1)

export function accessReviewRoutes(app: App, ctx: ServerContext): void {
  readRoutes(app, ctx)
  itemRoutes(app, ctx)
  secondPersonRoutes(app, ctx, accessReviewClosing, {
    path: '/v1/access-reviews/{id}',
    params: idParam,
    act,
    ends: { show: 'closing', take: 'close' },
    done: 'Closed',
    show: 'What the caller signs to close the review',
    take: 'Close a review with a gesture, once all is decided and done; not by who opened it',
  })
}

function readRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/access-reviews',
      summary: 'Reviews of access, the latest first',
      middleware: operator,
      responses: answers('Reviews', z.object({ reviews: z.array(review) })),
    }),
    async (c) => c.json({ reviews: await registry.store.query(listReviews) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/access-reviews',
      summary: 'Freeze the list of all access, or of roles and custody, and begin a review of it',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            period: z.string().regex(QUARTER),
            list: z.enum(REVIEW_LISTS).exactOptional(),
          }),
        ),
      },
      responses: answers(
        'Opened',
        z.object({ review: z.string(), entry: z.int(), items_n: z.int(), digest: z.string() }),
      ),
    }),
    async (c) => {
      const { period, list } = c.req.valid('json')
      return c.json(await openReview(registry, callerId(c, 'person'), period, list), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/access-reviews/{id}',
      summary: 'A review with its items',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The review', review.extend({ items: z.array(reviewItem) })),
    }),
    async (c) => c.json(await registry.store.query((db) => showReview(db, c.req.valid('param').id)), 200),
  )
}

function itemRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/access-reviews/{id}/assign',
      summary: 'Say who decides: on these items, or on all that this person owns',
      middleware: operator,
      request: {
        params: idParam,
        body: body(
          z.union([
            z.strictObject({ reviewer: id, items: z.array(item).min(1).max(ASSIGNED_MAX) }),
            z.strictObject({ reviewer: id, owner: id }),
          ]),
        ),
      },
      responses: answers('Assigned', z.object({ entry: z.int(), items_n: z.int() })),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await assignItems(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/access-reviews/{id}/decide',
      summary: 'Decide on an item; not by who owns it',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ item, decision: z.enum(ITEM_DECISIONS) })),
      },
      responses: answers('Decided', z.object({ entry: z.int(), acted_alone: z.boolean() })),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await decideItem(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/access-reviews/{id}/act',
      summary: 'Revoke what was decided to be revoked, or name the entries that changed it',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ item, entries: z.array(z.int().nonnegative()).max(ACTED_MAX) })),
      },
      responses: answers('Done', z.object({ entry: z.int(), frames: z.array(z.int()) })),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await actOnItem(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )
}
