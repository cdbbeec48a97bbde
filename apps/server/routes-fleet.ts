/** The fleet: its health, its counts, and both as they change. spec/telemetry.md (TEL-10 to TEL-12). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { parseRfc3339 } from '../../src/core/time.ts'
import { countsOf, namedOf } from '../../src/observe/telemetry/query.ts'
import { COLUMNS, DAY_MS, DIMENSIONS, GRAINS, KINDS } from '../../src/observe/telemetry/terms.ts'
import { findAgent } from '../../src/registry/agents.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { limitsOf } from './fleet-limits.ts'
import { agentsOf, FLEET_MAX, fleetOf } from './fleet-view.ts'
import { viewer } from './middleware.ts'
import { answers, idParam } from './schemas.ts'

const activity = z.object({
  allowed: z.int(),
  denied: z.int(),
  asked: z.int(),
  failed: z.int(),
  latency_ms_mean: z.number().nullable(),
  within_1s: z.number().nullable(),
})
const agent = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  status: z.string(),
  seen: z.int().nullable(),
  last_hour: activity,
  waiting: z.int(),
  spent: z.number().nullable(),
})
const point = z.object({
  id: z.string(),
  name: z.string(),
  placement: z.string(),
  seen: z.int().nullable(),
  acknowledged: z.int().nullable(),
  behind: z.int(),
  state: z.enum(['live', 'behind', 'quiet', 'never']),
  last_hour: activity,
})
export const fleetSchema = z.object({
  time: z.int(),
  last_hour: activity,
  last_minute_n: z.int(),
  alerts_n: z.int(),
  waiting_n: z.int(),
  agents_n: z.int(),
  active_n: z.int(),
  agents: z.array(agent),
  points: z.array(point),
})
const labels = z.object({
  agent: z.string().exactOptional(),
  point: z.string().exactOptional(),
  server: z.string().exactOptional(),
  tool: z.string().exactOptional(),
})
const count = z.int().exactOptional()
const counts = z.object({
  grain: z.enum(GRAINS),
  from_ms: z.int(),
  to_ms: z.int(),
  is_cut: z.boolean(),
  rows: z.array(
    labels.extend({
      t: z.int(),
      name: z.string().exactOptional(),
      n: count,
      total: count,
      ...(Object.fromEntries(COLUMNS.map((name) => [name, count])) as Record<
        (typeof COLUMNS)[number],
        typeof count
      >),
    }),
  ),
})

const label = z.string().max(256).exactOptional()
const query = z.strictObject({
  /** Comma-separated. */
  by: z
    .string()
    .max(64)
    .default('')
    .transform((text) => text.split(',').filter((part) => part !== ''))
    .pipe(z.array(z.enum(DIMENSIONS)).max(DIMENSIONS.length)),
  of: z.enum(['calls', ...KINDS]).default('calls'),
  from: z.string().max(32).exactOptional(),
  to: z.string().max(32).exactOptional(),
  step: z.enum([...GRAINS, 'all']).exactOptional(),
  agent: label,
  point: label,
  server: label,
  tool: label,
})

export function fleetRoutes(app: App, ctx: ServerContext): void {
  const { store, iss } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/fleet',
      summary: 'Health of every agent and enforcement point; of so many agents, those that need a look',
      middleware: viewer(ctx),
      request: {
        query: z.strictObject({ agents: z.coerce.number().int().min(1).max(FLEET_MAX).default(FLEET_MAX) }),
      },
      responses: answers('The fleet', fleetSchema),
    }),
    async (c) => {
      const now_ms = await store.now()
      const { agents, points, ...rest } = await store.query((db) =>
        fleetOf(db, iss, now_ms, c.req.valid('query').agents),
      )
      return c.json({ ...rest, agents: [...agents], points: [...points] }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/fleet/stream',
      summary: 'Server-sent events: `fleet` once, then `agent`, `point` and `fleet` as they change',
      middleware: viewer(ctx),
      responses: {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    (c) => ctx.fleet.stream(c.get('reader')),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/fleet/agents/{id}',
      summary: 'Health of one agent, with its limits and what it does at which tool in a day',
      middleware: viewer(ctx),
      request: { params: idParam },
      responses: answers(
        'The agent',
        agent.extend({
          limits: z.array(
            z.object({
              delegation: z.string(),
              measure: z.string(),
              unit: z.string(),
              per: z.string(),
              period: z.string(),
              spent: z.int(),
              max: z.int(),
            }),
          ),
          last_day: counts,
        }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const now_ms = await store.now()
      const shown = await store.query(async (db) => {
        await findAgent(db, id)
        const [own] = await agentsOf(db, iss, now_ms, { id })
        const day = { from_ms: now_ms - DAY_MS, to_ms: now_ms, step: 'all' as const }
        const last_day = await countsOf(db, { by: ['server', 'tool'], where: { agent: id }, ...day })
        return { own, limits: await limitsOf(db, iss, id, now_ms), last_day }
      })
      const { own } = shown
      if (own === undefined) throw new ApiError('NOT_FOUND', 'there is no such agent')
      const last_day = { ...shown.last_day, rows: [...shown.last_day.rows] }
      return c.json({ ...own, limits: shown.limits, last_day }, 200)
    },
  )
  countRoute(app, ctx)
}

function countRoute(app: App, ctx: ServerContext): void {
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/telemetry',
      summary: 'Counts of calls, reasons or debits, by time and dimensions; the last hour unless you say',
      middleware: viewer(ctx),
      request: { query },
      responses: answers('Counts', counts),
    }),
    async (c) => {
      const { by, of, from, to, step = null, ...where } = c.req.valid('query')
      const to_ms = to === undefined ? await store.now() : parseRfc3339(to)
      const from_ms = from === undefined ? to_ms - 3_600_000 : parseRfc3339(from)
      if (from_ms > to_ms) throw new ApiError('REQUEST_INVALID', '`from` is after `to`')
      const asked = { by, where, step, from_ms, to_ms }
      const found = await store.query<Awaited<ReturnType<typeof countsOf | typeof namedOf>>>((db) =>
        of === 'calls' ? countsOf(db, asked) : namedOf(db, { ...asked, kind: of }),
      )
      return c.json({ ...found, rows: [...found.rows] }, 200)
    },
  )
}
