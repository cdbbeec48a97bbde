/** Samples that the control plane computes for people of the company. spec/samples.md (SMP-11). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { parseRfc3339 } from '../../src/core/time.ts'
import { manifestSchema } from '../../src/evidence/pack/manifest.ts'
import { drawnSchema, frozenSchema } from '../../src/log/sample-bodies.ts'
import { drawSample, freezePopulations, listSamples } from '../../src/registry/samples.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { who } from './middleware.ts'
import { Pace } from './pace.ts'
import { answers, body, idParam } from './schemas.ts'

/** Of one person, or program: each reads the whole log. */
const ASKED_A_MINUTE_MAX = 20

const wanted = frozenSchema.pick({ engagement: true, from: true, to: true })
const asked = z.strictObject({
  test: drawnSchema.shape.test,
  control: drawnSchema.shape.control.nullable(),
  size: drawnSchema.shape.size.min(1).nullable(),
  nonce: drawnSchema.shape.nonce,
})
const logged = z.object({ id: z.string(), entry: z.int() })
const redrawn = z.object({
  sample: z.string(),
  entry: z.int(),
  engagement: z.string(),
  from: z.string(),
  to: z.string(),
  drawn: drawnSchema,
  seed: z.string(),
  items: z.array(z.object({ row: z.int(), item: z.record(z.string(), z.unknown()) })),
  /** Why it is no sample that an auditor can rely on; empty: it is drawn again the same. */
  faults: z.array(z.object({ code: z.string(), message: z.string() })),
})

export function evidenceSampleRoutes(app: App, ctx: ServerContext): void {
  const pace = new Pace(ctx.clock, ASKED_A_MINUTE_MAX, 'samples')
  const operator = who(ctx, 'person')
  const { registry, samples } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/evidence/freezings',
      summary: 'Freeze the populations of a period that is over, as this log gives them',
      middleware: operator,
      request: { body: body(wanted) },
      responses: answers(
        'Frozen, and which points had not brought all of the period',
        logged.extend({ limitations: manifestSchema.shape.limitations }),
      ),
    }),
    async (c) => {
      const { engagement, from, to } = c.req.valid('json')
      const person = callerId(c, 'person')
      const period = { from_ms: parseRfc3339(from), to_ms: parseRfc3339(to) }
      if (!(period.from_ms < period.to_ms))
        throw new ApiError('REQUEST_INVALID', 'the period must end after it starts')
      pace.take(person)
      const question = { what: 'freeze', engagement, period } as const
      const { frozen, limitations } = await samples.ask(question, 'freezing')
      const made = await freezePopulations(registry, person, frozen)
      return c.json({ ...made, limitations: [...limitations] }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/evidence/freezings/{id}/draw',
      summary: 'Draw of a frozen population, by the nonce of the auditor once it was seen outside',
      middleware: operator,
      request: { params: idParam, body: body(asked) },
      responses: answers('Drawn', logged),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const person = callerId(c, 'person')
      pace.take(person)
      const { freezings } = await registry.store.query(listSamples)
      const freezing = freezings.find((one) => one.id === id)
      if (freezing === undefined) throw new ApiError('NOT_FOUND', 'nothing was frozen under that name')
      const drawn = await samples.ask({ what: 'draw', freezing, asked: c.req.valid('json') }, 'drawn')
      return c.json(await drawSample(registry, person, drawn), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/samples/{id}',
      summary: 'A sample, drawn again: its items, and what does not hold',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The sample', redrawn),
    }),
    async (c) => {
      pace.take(c.get('caller').id)
      const sample = c.req.valid('param').id
      const known = (await registry.store.query(listSamples)).samples
      if (!known.some(({ id }) => id === sample))
        throw new ApiError('NOT_FOUND', 'the log has no such sample')
      return c.json(redrawn.parse(await samples.ask({ what: 'redraw', sample }, 'redrawn')), 200)
    },
  )
}
