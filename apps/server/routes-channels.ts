/** Channels: where people hear of alerts, and what they were told. spec/alerts.md (ALR-12 to ALR-18). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { CHANNEL_KINDS, channelSchema } from '../../src/core/channel.ts'
import { NOTICE_EVENTS } from '../../src/ports/notifier.ts'
import { addChannel, listChannels, removeChannel } from '../../src/registry/channels.ts'
import { listNotices, noticeTest, redeliver } from '../../src/registry/notifications.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { isLocal } from './listener-runner.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, ok } from './schemas.ts'

const view = z.object({
  id: z.string(),
  kind: z.enum(CHANNEL_KINDS),
  host: z.string(),
  failing_since: z.int().nullable(),
})
const state = z.enum(['waiting', 'taken', 'dead'])
const notice = z.object({
  id: z.string(),
  channel: z.string(),
  alert: z.string(),
  event: z.enum(NOTICE_EVENTS),
  time: z.int(),
  state,
  attempts: z.int(),
  changed: z.int(),
  why: z.string().nullable(),
})
const one = z.string().min(1).max(256)

export function channelRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/channels',
      summary: 'Tell people of alerts there from now on; the secret of a webhook is shown this once',
      middleware: operator,
      request: { body: body(channelSchema) },
      responses: answers('Added', z.object({ channel: z.string(), secret: z.string().exactOptional() })),
    }),
    async (c) => {
      const isHere = isLocal({ url: ctx.publicUrl() })
      const added = await addChannel(ctx.registry, callerId(c, 'person'), c.req.valid('json'), isHere)
      return c.json({ ...added }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/channels',
      summary: 'Channels, and whether each is well',
      middleware: operator,
      responses: answers('Channels', z.object({ channels: z.array(view) })),
    }),
    async (c) => {
      const channels = await ctx.registry.store.query(async (db) => {
        const states = await db.selectFrom('channel_states').selectAll().execute()
        const since = new Map(states.map(({ channel, failing_since }) => [channel, failing_since]))
        return (await listChannels(db)).map(({ id, kind, host }) => {
          return { id, kind, host, failing_since: since.get(id) ?? null }
        })
      })
      return c.json({ channels }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/channels/{id}/remove',
      summary: 'Tell nobody there any more',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      await removeChannel(ctx.registry, callerId(c, 'person'), c.req.valid('param').id)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/channels/{id}/test',
      summary: 'Send a test there',
      middleware: operator,
      request: { params: idParam },
      responses: answers('What it is delivered as', z.object({ delivery: z.string() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json({ delivery: await ctx.registry.store.write((tx) => noticeTest(tx, id)) }, 200)
    },
  )
  deliveryRoutes(app, ctx)
}

function deliveryRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alert-deliveries',
      summary: 'What channels are to be told or were, newest first, at most 200',
      middleware: operator,
      request: { query: z.strictObject({ state: state.exactOptional(), channel: one.exactOptional() }) },
      responses: answers('Deliveries', z.object({ deliveries: z.array(notice) })),
    }),
    async (c) => {
      const rows = await ctx.registry.store.query((db) => listNotices(db, c.req.valid('query')))
      return c.json({ deliveries: rows.map(({ since: _since, ...row }) => row) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/alert-deliveries/redeliver',
      summary: 'Tell again: one delivery, or all that were given up of a channel',
      middleware: operator,
      request: {
        body: body(z.union([z.strictObject({ notice: one }), z.strictObject({ channel: one })])),
      },
      responses: answers('How many', z.object({ deliveries: z.int() })),
    }),
    async (c) => {
      const what = c.req.valid('json')
      return c.json({ deliveries: await ctx.registry.store.write((tx) => redeliver(tx, what)) }, 200)
    },
  )
}
