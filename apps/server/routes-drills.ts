/** Drills of the kill switch: plan, begin, close, report. spec/kill.md (KIL-17 to KIL-19). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { parseRfc3339 } from '../../src/core/time.ts'
import { drillModeSchema, drillReportSchema } from '../../src/log/drill-report.ts'
import { closeDrill, listDrills, planDrill, reportOf, startDrill } from '../../src/registry/drills.ts'
import { killSchema, killScopeSchema } from '../../src/revoke/statement.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'

const drillView = z.object({
  id: z.string(),
  mode: drillModeSchema,
  scope: killScopeSchema,
  at: z.int(),
  planner: z.string(),
  status: z.enum(['planned', 'started', 'closed']),
  kill: z.string().nullable(),
})

export function drillRoutes(app: App, ctx: ServerContext): void {
  planRoutes(app, ctx)
  runRoutes(app, ctx)
}

function planRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/drills',
      summary: 'Plan a drill',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            mode: drillModeSchema,
            scope: killScopeSchema,
            at: z.iso.datetime().exactOptional(),
          }),
        ),
      },
      responses: answers('Planned', z.object({ drill: z.string() })),
    }),
    async (c) => {
      const { at, ...plan } = c.req.valid('json')
      const at_ms = at === undefined ? await ctx.registry.store.now() : parseRfc3339(at)
      return c.json(await planDrill(ctx.registry, callerId(c, 'person'), { ...plan, at: at_ms }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/drills',
      summary: 'Drills, the latest first',
      middleware: operator,
      responses: answers('Drills', z.object({ drills: z.array(drillView) })),
    }),
    async (c) => c.json({ drills: await ctx.registry.store.query(listDrills) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/drills/{id}/report',
      summary: 'The report as it was closed, or as the log stands now',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'The report, of the entries below `size`, and what people noted about it',
        z.object({
          drill: drillView,
          started: z.int(),
          size: z.int(),
          report: drillReportSchema,
          notes: z.array(
            z.object({ entry: z.int(), author: z.string(), time: z.string(), text: z.string().nullable() }),
          ),
        }),
      ),
    }),
    async (c) => {
      const { notes, ...reported } = await reportOf(ctx.registry, c.req.valid('param').id)
      return c.json({ ...reported, notes: [...notes] }, 200)
    },
  )
}

function runRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/drills/{id}/start',
      summary: 'Begin: in production with the kill of a draft (POST /v1/kills/draft) and a gesture over it',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ pull: gestureParts.extend({ kill: killSchema }).nullable() })),
      },
      responses: answers('Begun', z.object({ kill: z.string().nullable() })),
    }),
    async (c) => {
      const { pull } = c.req.valid('json')
      const person = callerId(c, 'person')
      if (pull === null)
        return c.json(await startDrill(ctx.registry, person, c.req.valid('param').id, null), 200)
      const { kill, ...parts } = pull
      return c.json(await startDrill(ctx.registry, person, c.req.valid('param').id, { kill, parts }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/drills/{id}/close',
      summary: 'Close, with the report of the log as it stands; by somebody else than who planned it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Closed', z.object({ size: z.int(), report: drillReportSchema })),
    }),
    async (c) => c.json(await closeDrill(ctx.registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
}
