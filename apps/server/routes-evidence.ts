/**
 * What a pack of a period would say, for those of the company: the same books as auditors' previews, with everything in
 * scope. spec/evidence.md (EVD-1 to EVD-3).
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { parseRfc3339 } from '../../src/core/time.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { who } from './middleware.ts'
import { Pace } from './pace.ts'
import { download } from './preview-answers.ts'
import type { BookQuestion } from './preview-books.ts'
import { overviewShown, rowsPage, testPage, treeShown, lookedId } from './preview-schemas.ts'
import { answers } from './schemas.ts'

/** EVD-2: what a page that many look at may say that it takes, in seconds. */
const AGE_S_MAX = 3600
/** What everybody gets who says nothing (PRV-8). */
const AGE_S_MIN = 60
/** EVD-3: of one person, or program. */
const LOOKS_A_MINUTE_MAX = 240
/** Of them those that take another pack: a period that nobody looked at in the last minute. */
const PACKS_A_MINUTE_MAX = 12

const time = z.iso.datetime()
const period = z.strictObject({ from: time, to: time })
/** Where a page begins. */
const paged = period.extend({ start: z.coerce.number().int().nonnegative().default(0) })
type Period = z.infer<typeof period>

const approved = z
  .object({
    digest: z.string(),
    approval: z
      .object({ entry: z.int(), approver: z.string(), time: z.string(), current: z.boolean() })
      .nullable(),
  })
  .nullable()
const controls = z.array(
  overviewShown.shape.controls.element.extend({ criteria: z.array(z.string()), approved }),
)
const shown = z.object({ tree: treeShown, ...overviewShown.shape, controls })

export function evidenceRoutes(app: App, ctx: ServerContext): void {
  const pace = new Pace(ctx.clock, LOOKS_A_MINUTE_MAX, 'looks at evidence')
  const fresh = new Pace(ctx.clock, PACKS_A_MINUTE_MAX, 'periods of evidence')
  const asked: Asked = async (c, { age_s, ...of }, question, schema) => {
    pace.take(c.get('caller').id)
    if (!(parseRfc3339(of.from) < parseRfc3339(of.to)))
      throw new ApiError('REQUEST_INVALID', 'the period must end after it starts')
    const period = { from: of.from, to: of.to }
    const age_ms = age_s === undefined ? undefined : age_s * 1000
    if (!ctx.previews.isKept(period, age_ms)) fresh.take(c.get('caller').id)
    const source = await ctx.previews.of(period, age_ms)
    const { tree, answer } = await ctx.previews.ask(source, question)
    if (answer === null) throw new ApiError('NOT_FOUND', 'a pack of this period has nothing of that name')
    return { tree: treeShown.parse(tree), value: schema.parse(answer) }
  }
  overviewRoute(app, ctx, asked)
  testRoute(app, ctx, asked)
  populationRoutes(app, ctx, asked)
}

type Asked = <T>(
  c: Context<AppEnv>,
  of: Period & { readonly age_s?: number | undefined },
  question: BookQuestion,
  schema: z.ZodType<T>,
) => Promise<{ readonly tree: z.infer<typeof treeShown>; readonly value: T }>

function overviewRoute(app: App, ctx: ServerContext, asked: Asked): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence',
      summary: 'What a pack of the period would say: criteria, controls with narratives, tests, populations',
      middleware: who(ctx, 'person'),
      request: {
        query: period.extend({ age_s: z.coerce.number().int().min(AGE_S_MIN).max(AGE_S_MAX).optional() }),
      },
      responses: answers('The evidence', shown),
    }),
    async (c) => {
      const question = { what: 'overview', criteria: null } as const
      const { tree, value } = await asked(c, c.req.valid('query'), question, shown.omit({ tree: true }))
      return c.json({ tree, ...value }, 200)
    },
  )
}

function testRoute(app: App, ctx: ServerContext, asked: Asked): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/tests/{number}',
      summary: 'What a test of the period came to, with its deviations from one on',
      middleware: who(ctx, 'person'),
      request: {
        params: z.strictObject({ number: z.coerce.number().int().positive() }),
        query: paged,
      },
      responses: answers('The test', z.object({ tree: treeShown, ...testPage.shape })),
    }),
    async (c) => {
      const { number } = c.req.valid('param')
      const query = c.req.valid('query')
      const question = { what: 'test', criteria: null, number, from: query.start } as const
      const { tree, value } = await asked(c, query, question, testPage)
      return c.json({ tree, ...value }, 200)
    },
  )
}

const FILE_TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' } as const

function populationRoutes(app: App, ctx: ServerContext, asked: Asked): void {
  const params = z.strictObject({ name: lookedId })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/populations/{name}',
      summary: 'Rows of a population of the period, from one on',
      middleware: who(ctx, 'person'),
      request: { params, query: paged },
      responses: answers('A page', z.object({ tree: treeShown, ...rowsPage.shape })),
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const query = c.req.valid('query')
      const question = { what: 'rows', criteria: null, name, from: query.start } as const
      const { tree, value } = await asked(c, query, question, rowsPage)
      return c.json({ tree, ...value }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/populations/{name}/file',
      summary: 'The whole of a population, as a pack has it',
      middleware: who(ctx, 'person'),
      request: { params, query: period.extend({ format: z.enum(['csv', 'jsonl']).default('csv') }) },
      responses: {
        ...answers('Unused', z.never()),
        200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { format, ...of } = c.req.valid('query')
      const question = { what: 'file', criteria: null, name, format } as const
      const { value } = await asked(c, of, question, z.instanceof(Uint8Array))
      return download(c, value, `${name}.${format}`, FILE_TYPES[format])
    },
  )
}
