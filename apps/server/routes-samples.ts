/** Samples: populations that were frozen, and rows that were drawn of them. spec/samples.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { drawnSchema, frozenSchema } from '../../src/log/sample-bodies.ts'
import { drawSample, freezePopulations, listSamples } from '../../src/registry/samples.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body } from './schemas.ts'

const logged = z.object({ id: z.string(), entry: z.int() })
/** The first word from outside about what was frozen; null: none yet (SMP-3). */
const anchored = z.object({ entry: z.int(), time: z.string() }).nullable()
const at = { id: z.string(), entry: z.int() }

export function sampleRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/samples',
      summary: 'What was frozen and drawn, the latest first',
      middleware: operator,
      responses: answers(
        'Freezings and samples',
        z.object({
          freezings: z.array(frozenSchema.extend({ ...at, anchored })),
          samples: z.array(drawnSchema.extend(at)),
        }),
      ),
    }),
    async (c) => c.json(await registry.store.query(listSamples), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/samples/freezings',
      summary: 'Log the digests of populations, before anybody knows what will be drawn of them',
      middleware: operator,
      request: { body: body(frozenSchema) },
      responses: answers('Frozen', logged),
    }),
    async (c) => c.json(await freezePopulations(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/samples',
      summary: 'Log which rows the seed draws of a frozen population',
      middleware: operator,
      request: { body: body(drawnSchema) },
      responses: answers('Drawn', logged),
    }),
    async (c) => c.json(await drawSample(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )
}
