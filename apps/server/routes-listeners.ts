/** Listeners: who elsewhere is told of revocations. spec/signals.md (SIG-1). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { addListener, isLoopback, listListeners, removeListener } from '../../src/registry/listeners.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, ok } from './schemas.ts'

const kind = z.enum(['webhook', 'ssf_push', 'ssf_poll'])
/** What an HTTP header can hold. */
const authorization = z.string().regex(/^[\x20-\x7e]{1,2048}$/)

export function listenerRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/listeners',
      summary: 'Tell software elsewhere of revocations from now on; its secrets are shown this once',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            kind,
            url: z.string().max(2048).nullable(),
            authorization: authorization.exactOptional(),
          }),
        ),
      },
      responses: answers(
        'Added',
        z.object({
          listener: z.string(),
          secret: z.string().exactOptional(),
          token: z.string().exactOptional(),
        }),
      ),
    }),
    async (c) => {
      const isLocal = isLoopback(new URL(ctx.publicUrl()).hostname)
      const added = await addListener(ctx.registry, callerId(c, 'person'), c.req.valid('json'), isLocal)
      return c.json({ ...added }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/listeners',
      summary: 'Listeners, and how far each was told',
      middleware: operator,
      responses: answers(
        'Listeners',
        z.object({
          listeners: z.array(
            z.object({
              id: z.string(),
              kind,
              url: z.string().nullable(),
              sent: z.int(),
              status: z.string(),
              failing_since: z.int().nullable(),
            }),
          ),
        }),
      ),
    }),
    async (c) => {
      const listeners = await store.query(async (db) => {
        const rows = await listListeners(db)
        const told = await db.selectFrom('deliveries').selectAll().execute()
        return rows.map(({ id, kind, url, after }) => {
          const {
            sent = after,
            status = 'enabled',
            failing_since = null,
          } = told.find(({ listener }) => listener === id) ?? {}
          return { id, kind, url, sent, status, failing_since }
        })
      })
      return c.json({ listeners }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/listeners/{id}/remove',
      summary: 'Tell it no more',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      await removeListener(ctx.registry, { person: callerId(c, 'person') }, c.req.valid('param').id)
      return c.json({ ok: true as const }, 200)
    },
  )
}
