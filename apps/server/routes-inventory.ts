/** The inventory: what was found, who answers for it, gaps, and what points hold. spec/inventory.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { itemSchema, ITEM_KINDS, SECRET_KINDS } from '../../src/log/inventory-bodies.ts'
import { personActor } from '../../src/registry/context.ts'
import { GAPS, KEY_DAYS, listGaps } from '../../src/registry/inventory-gaps.ts'
import {
  assignItem,
  BATCH_MAX,
  CREDENTIALS_MAX,
  listItems,
  recordItems,
  removeItem,
  reportCredentials,
} from '../../src/registry/inventory.ts'
import { callerActor, callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam, ok, reasonBody } from './schemas.ts'

const id = z.string().max(64)
const time = z.int().nullable()
const itemAnswer = z.object({
  id: z.string(),
  kind: z.enum(ITEM_KINDS),
  name: z.string(),
  origin: z.string(),
  point: z.string().nullable(),
  owner: z.string().nullable(),
  system: z.string().nullable(),
  agent: z.string().nullable(),
  secret: z.enum(SECRET_KINDS),
  created: time,
  rotated: time,
  used: time,
  status: z.enum(['present', 'removed']),
  where: z.string().exactOptional(),
  names: z.array(z.string()).readonly().exactOptional(),
  scope: z.array(z.string()).readonly().exactOptional(),
  rotate_days: z.int().exactOptional(),
})
const gapAnswer = z.object({
  subject: z.string(),
  kind: z.enum(ITEM_KINDS),
  name: z.string(),
  gap: z.enum(GAPS),
  days: z.int().exactOptional(),
})
const recorded = z.object({ added: z.int(), changed: z.int(), unchanged: z.int() })
const found = z.strictObject({ item: itemSchema, owner: id.exactOptional(), system: id.exactOptional() })

export function inventoryRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/inventory',
      summary: 'Record what was found; what is known is updated',
      middleware: operator,
      request: { body: body(z.strictObject({ found: z.array(found).min(1).max(BATCH_MAX) })) },
      responses: answers('Recorded', recorded),
    }),
    async (c) => {
      const actor = callerActor(c)
      return c.json(await recordItems(ctx.registry, actor, c.req.valid('json').found), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/inventory',
      summary: 'What is in the inventory',
      middleware: operator,
      responses: answers('Items', z.object({ items: z.array(itemAnswer) })),
    }),
    async (c) => c.json({ items: await store.query(listItems) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/inventory/gaps',
      summary: 'What nobody answers for, what is on secrets that can be copied, what has no delegation',
      middleware: operator,
      request: { query: z.object({ days: z.coerce.number().int().min(1).max(3660).default(KEY_DAYS) }) },
      responses: answers('Gaps', z.object({ gaps: z.array(gapAnswer) })),
    }),
    async (c) => {
      const terms = { now_ms: ctx.clock.now(), key_days: c.req.valid('query').days }
      return c.json({ gaps: await store.query((db) => listGaps(db, terms)) }, 200)
    },
  )
  itemRoutes(app, ctx)
  credentialRoute(app, ctx)
}

function itemRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const assignment = z.strictObject({
    owner: id.nullable().exactOptional(),
    system: id.nullable().exactOptional(),
    agent: id.nullable().exactOptional(),
  })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/inventory/{id}/assign',
      summary: 'Say who answers for an item, which system it belongs to, which agent it is',
      middleware: operator,
      request: { params: idParam, body: body(assignment) },
      responses: answers('Assigned', ok),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      await assignItem(ctx.registry, actor, c.req.valid('param').id, c.req.valid('json'))
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/inventory/{id}/remove',
      summary: 'Say that an item is not there any more',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      await removeItem(ctx.registry, actor, c.req.valid('param').id, c.req.valid('json').reason)
      return c.json({ ok: true as const }, 200)
    },
  )
}

/** Names and dates of what a gateway holds for its servers, never a secret (INV-6). */
const credential = z.strictObject({
  id: z.string().min(1).max(256),
  server: z.string().min(1).max(256),
  owner: z.string().max(256).exactOptional(),
  scope: z.array(z.string().max(256)).max(64).exactOptional(),
  rotated: z.iso.datetime().exactOptional(),
  rotate_days: z.int().positive().max(3660).exactOptional(),
  print: digest.exactOptional(),
  declared: z.literal(false).exactOptional(),
})

function credentialRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/points/credentials',
      summary: 'The upstream credentials that the point holds: names and dates, all of them',
      middleware: who(ctx, 'point'),
      request: {
        body: body(z.strictObject({ credentials: z.array(credential).max(CREDENTIALS_MAX) })),
      },
      responses: answers('Recorded', recorded),
    }),
    async (c) => {
      const { credentials } = c.req.valid('json')
      return c.json(await reportCredentials(ctx.registry, callerId(c, 'point'), credentials), 200)
    },
  )
}
