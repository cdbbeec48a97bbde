/** Breaches of personal data: recorded, told, closed by somebody else. spec/breaches.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { BREACH_RISKS } from '../../src/core/breach.ts'
import { breachBodies, breachSchema } from '../../src/log/breach-bodies.ts'
import {
  assessBreach,
  breachClosing,
  listBreaches,
  notifyBreach,
  recordBreach,
  showBreach,
} from '../../src/registry/breaches.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const risk = z.enum(BREACH_RISKS)
const view = z.object({
  id: z.string(),
  entry: z.int(),
  recorder: z.string(),
  recorded: z.int(),
  aware: z.int(),
  incident: z.string().nullable(),
  jurisdictions: z.array(z.string()),
  categories: z.array(z.string()),
  subjects_n: z.int().nullable(),
  risk,
  text: z.string().nullable(),
  closed: z.int().nullable(),
  closing: z.int().nullable(),
  wanted: z.array(z.object({ to: z.string(), jurisdiction: z.string(), due: z.string() })),
})
const notice = z.object({
  entry: z.int(),
  to: z.string(),
  jurisdiction: z.string(),
  at: z.int(),
  author: z.string(),
  text: z.string().nullable(),
})
const detail = view.extend({ notices: z.array(notice) })
const list = z.object({ breaches: z.array(view) })
const entry = z.object({ entry: z.int() })
/** What people say of a breach, in characters. */
const text = z.string().min(1).max(4_096)

export function breachRoutes(app: App, ctx: ServerContext): void {
  readRoutes(app, ctx)
  actRoutes(app, ctx)
  secondPersonRoutes(app, ctx, breachClosing, {
    path: '/v1/breaches/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('breach.close'),
      breach: z.string(),
      recorded: z.int(),
      risk,
      notices_n: z.int(),
      approver: z.string(),
    }),
    ends: { show: 'closing', take: 'close' },
    done: 'Closed',
    show: 'What the caller signs to close the breach',
    take: 'Close a breach with a gesture, once everybody was told; not by who recorded it',
  })
}

function readRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/breaches',
      summary: 'Breaches of personal data, the latest first, and who is to be told by when',
      middleware: operator,
      responses: answers('Breaches', list),
    }),
    async (c) => c.json(list.parse({ breaches: await store.query((db) => listBreaches(registry, db)) }), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/breaches/{id}',
      summary: 'A breach with the notices of it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The breach', detail),
    }),
    async (c) => {
      const found = await store.query((db) => showBreach(registry, db, c.req.valid('param').id))
      return c.json(detail.parse(found), 200)
    },
  )
}

function actRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/breaches',
      summary: 'Record a breach of personal data; no data subject is named',
      middleware: operator,
      request: { body: body(breachSchema.extend({ text })) },
      responses: answers('Recorded', z.object({ breach: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await recordBreach(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/breaches/{id}/assess',
      summary: 'Say what is known now; no limit that has passed changes by it',
      middleware: operator,
      request: { params: idParam, body: body(breachBodies['breach.assessed']) },
      responses: answers('Kept', entry),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await assessBreach(registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/breaches/{id}/notices',
      summary: 'Say that an authority, or the data subjects, were told',
      middleware: operator,
      request: { params: idParam, body: body(breachBodies['breach.notified'].extend({ text })) },
      responses: answers('Kept', entry),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await notifyBreach(registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )
}
