/** Alerts: what should not be, taken and closed by people. spec/alerts.md (ALR-1 to ALR-7). */
import { createRoute, z } from '@hono/zod-openapi'
import { DISPOSITIONS, RULE_NAMES, SEVERITIES, TRIAGES } from '../../src/core/alert.ts'
import { alertView, findAlert, type AlertView } from '../../src/registry/alert-rows.ts'
import { acknowledge, closeAlert, listAlerts } from '../../src/registry/alerts.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, ok } from './schemas.ts'

const status = z.enum(['open', 'acknowledged', 'closed'])
const view = z.object({
  id: z.string(),
  entry: z.int(),
  rule: z.enum(RULE_NAMES),
  severity: z.enum(SEVERITIES),
  subject: z.string().nullable(),
  status,
  canary: z.boolean(),
  first: z.int(),
  last: z.int(),
  count: z.int(),
  policy: z.int().nullable(),
  triage_min: z.int(),
  triage_until: z.int(),
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
  entries: z.array(z.int()),
  acknowledged: z.int().nullable(),
  taker: z.string().nullable(),
  triage: z.enum(TRIAGES).nullable(),
  closed: z.int().nullable(),
  disposition: z.enum(DISPOSITIONS).nullable(),
  escalated: z.int(),
})

const query = z.strictObject({
  status: status.exactOptional(),
  canaries: z.literal('true').exactOptional(),
  /** Those with a first entry below it: the page before. */
  before: z.coerce.number().int().nonnegative().exactOptional(),
})

export function alertRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alerts',
      summary: 'Alerts, newest first, at most 200 at once',
      middleware: operator,
      request: { query },
      responses: answers('Alerts', z.object({ alerts: z.array(view) })),
    }),
    async (c) => {
      const { canaries, ...filter } = c.req.valid('query')
      const withCanaries = canaries === 'true'
      const alerts = await store.query((db) => listAlerts(db, { ...filter, withCanaries }))
      return c.json({ alerts: alerts.map(sent) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/alerts/{id}',
      summary: 'One alert',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The alert', view),
    }),
    async (c) => {
      const row = await store.query((db) => findAlert(db, c.req.valid('param').id))
      return c.json(sent(alertView(row)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/alerts/{id}/acknowledge',
      summary: 'Take an open alert, and say what it looks like',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ triage: z.enum(TRIAGES) })) },
      responses: answers('Taken', ok),
    }),
    async (c) => {
      const { triage } = c.req.valid('json')
      await acknowledge(ctx.registry, callerId(c, 'person'), c.req.valid('param').id, triage)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/alerts/{id}/close',
      summary: 'Be done with an alert, and say why',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ disposition: z.enum(DISPOSITIONS).exclude(['canary']) })),
      },
      responses: answers('Closed', ok),
    }),
    async (c) => {
      const { disposition } = c.req.valid('json')
      await closeAlert(ctx.registry, callerId(c, 'person'), c.req.valid('param').id, disposition)
      return c.json({ ok: true as const }, 200)
    },
  )
}

function sent({ detail, entries, ...view }: AlertView) {
  return { ...view, detail: { ...detail }, entries: [...entries] }
}
