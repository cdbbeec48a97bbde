/** What is old enough to be pruned, and pruning it. spec/retention.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { parseRfc3339, rfc3339 } from '../../src/core/time.ts'
import { announcePruning, planPruning, type PruneContext } from '../../src/registry/pruning.ts'
import { isCarriedOut } from '../../src/registry/pruning-run.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts } from './schemas.ts'
import { OneAtATime } from './one-at-a-time.ts'

const index = z.int().nonnegative()
const time = z.iso.datetime()
const act = z.object({
  act: z.literal('log.prune'),
  from: index,
  to: index,
  before: z.string(),
  map: z.string(),
  unreported: z.boolean(),
  approver: z.string(),
})
const plan = z.object({
  from: index,
  to: index,
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  pruned_n: index,
  kept_n: index,
  types: z.record(z.string(), index),
  packs: z.array(index).readonly(),
  held_back: z.union([
    z.object({ by: z.enum(['age', 'size']) }),
    z.object({ by: z.literal('hold'), holds: z.array(z.string()).readonly() }),
    z.object({ by: z.literal('unreported'), from: z.string() }),
  ]),
  act: act.nullable(),
  challenge: z.string().nullable(),
})

export function retentionRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  /** It reads every head of what is old. */
  const plans = new OneAtATime<Awaited<ReturnType<typeof planPruning>>>()
  const pruning: PruneContext = { ...ctx.registry, tiles: ctx.tiles, vkey: ctx.vkey }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/log/pruning',
      summary: 'What is older than `before` and may go, what holds it back, and what the caller signs',
      middleware: operator,
      request: { query: z.strictObject({ before: time, unreported: z.enum(['true', 'false']).optional() }) },
      responses: answers('The range, and the act with its challenge', plan),
    }),
    async (c) => {
      const { before, unreported } = c.req.valid('query')
      const asked = { before_ms: parseRfc3339(before), unreported: unreported === 'true' }
      const mine = { ...asked, approver: callerId(c, 'person') }
      return c.json(await plans.take(JSON.stringify(mine), () => planPruning(pruning, mine)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/log/prune',
      summary: 'Announce a pruning with a gesture: once the entry is published, the range is pruned',
      middleware: operator,
      request: { body: body(gestureParts.extend({ before: time, unreported: z.boolean() })) },
      responses: answers('Announced', z.object({ entry: index, ...plan.shape })),
    }),
    async (c) => {
      const { before, unreported, ...gesture } = c.req.valid('json')
      const asked = { before_ms: parseRfc3339(before), unreported, approver: callerId(c, 'person') }
      const { entry, plan: announced } = await announcePruning(pruning, asked, gesture)
      ctx.prunings.look()
      return c.json({ entry, ...announced }, 200)
    },
  )

  const row = z.object({
    entry: index,
    from: index,
    to: index,
    before: z.string(),
    state: z.enum(['announced', 'done']),
  })
  const progress = z.object({ done: index, of: index }).nullable()
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/log/prunings',
      summary: 'Prunings, oldest first, and how far the one under way is',
      middleware: operator,
      responses: answers('Prunings', z.object({ prunings: z.array(row), progress })),
    }),
    async (c) => {
      const rows = await store.query((db) => db.selectFrom('prunings').selectAll().orderBy('entry').execute())
      const prunings = await Promise.all(
        rows.map(async ({ entry, from_idx, to_idx, before_ms }) => ({
          entry,
          from: from_idx,
          to: to_idx,
          before: rfc3339(before_ms),
          state: (await isCarriedOut({ store, tiles: ctx.tiles }, { entry, to_idx }))
            ? ('done' as const)
            : ('announced' as const),
        })),
      )
      return c.json({ prunings, progress: ctx.prunings.progress }, 200)
    },
  )
}
