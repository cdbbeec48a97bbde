/** The review desk, what people sign there, seeded errors, measures. spec/attestation.md (ATT-21 to ATT-26). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { kindName } from '../../src/core/output.ts'
import { approvalActSchema } from '../../src/core/approval.ts'
import { attestActSchema, statementSchema } from '../../src/provenance/statement.ts'
import { draftAttestation, sealAttestation } from '../../src/registry/attestations.ts'
import { measures } from '../../src/registry/coverage.ts'
import { findEnrolled } from '../../src/registry/people.ts'
import { openReview, refuseOutput, reviewView, seeReview } from '../../src/registry/reviews.ts'
import { commitSeed, plantSeed, takeSeedBack } from '../../src/registry/seeds.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { standing, who } from './middleware.ts'
import { bundleView, outputMembers } from './routes-outputs.ts'
import { answers, body, gestureParts, idParam, ok } from './schemas.ts'

const piece = z.object({ op: z.enum(['same', 'added', 'removed']), text: z.string() })
const view = z.object({
  output: z.string(),
  kind: z.string(),
  content: z.string().nullable(),
  difference: z.object({ pieces: z.array(piece), distance: z.int(), isExact: z.boolean() }),
  sources: z.array(
    z.object({
      action: z.string(),
      entry: z.int().nullable(),
      server: z.string().nullable(),
      tool: z.string().nullable(),
      /** JSON text of the label in force. */
      label: z.string().nullable(),
    }),
  ),
  chain: z.object({ jti: z.string(), agent: z.string(), root: z.string() }).nullable(),
  refusals: z.int(),
})
const measured = z.object({
  notice: z.string(),
  purpose: z.string(),
  retention_days: z.int(),
  reviews: z.array(
    z.object({
      review: z.string(),
      person: z.string(),
      opened: z.string(),
      in_view_ms: z.int(),
      length: z.int(),
      outcome: z.string(),
      gone_by: z.string(),
    }),
  ),
})

export function reviewRoutes(app: App, ctx: ServerContext): void {
  deskRoutes(app, ctx)
  signRoutes(app, ctx)
  seedRoutes(app, ctx)
}

function deskRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs/{id}/reviews',
      summary: 'Open an output at the review desk',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Open', z.object({ review: z.string() })),
    }),
    async (c) => c.json(await openReview(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/reviews/{id}',
      summary: 'What the desk shows: output, difference to its draft, sources with labels, chain',
      middleware: operator,
      request: { params: idParam },
      responses: answers('What is shown', view),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const { id } = c.req.valid('param')
      return c.json(view.parse(await registry.store.query((db) => reviewView(registry, db, person, id))), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/reviews/{id}/view',
      summary: 'The page is in view: at most 5 s count since it said so last',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Counted', z.object({ in_view_ms: z.int() })),
    }),
    async (c) => c.json(await seeReview(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/reviews/{id}/refuse',
      summary: 'Refuse the output',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Refused; whether it was a seeded error', z.object({ seed: z.boolean() })),
    }),
    async (c) => c.json(await refuseOutput(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/review-measures',
      summary: 'What is measured of reviewers, with notice, purpose and its end; `mine` for the caller alone',
      middleware: operator,
      request: { query: z.strictObject({ mine: z.literal('true').exactOptional() }) },
      responses: answers('Measures', measured),
    }),
    async (c) => {
      const caller = callerId(c, 'person')
      const person = c.req.valid('query').mine === 'true' ? caller : null
      const found = await registry.store.query(async (db) => {
        if (person === null) await findEnrolled(db, caller)
        return measures(db, ctx.clock.now(), person)
      })
      return c.json(measured.parse(found), 200)
    },
  )
}

function signRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs/{id}/attestations',
      summary: 'Draft an attestation by the caller, who wrote or reviewed the output',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'What to sign',
        z.object({
          attestation: z.string(),
          statement: statementSchema,
          /** Of an output that leaves by a held call, that of its approval (OUT-5). */
          act: z.union([attestActSchema, approvalActSchema]),
          challenge: z.string(),
        }),
      ),
    }),
    async (c) =>
      c.json(await draftAttestation(ctx.registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/attestations/{id}/seal',
      summary: 'Sign a draft with a gesture',
      middleware: operator,
      request: { params: idParam, body: body(gestureParts) },
      responses: answers(
        'What came of it: no bundle after a flagged review or of a seeded error',
        z.object({ outcome: z.enum(['issued', 'flagged', 'seed']), bundle: bundleView.nullable() }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { outcome, bundle } = await sealAttestation(
        ctx.registry,
        callerId(c, 'person'),
        id,
        c.req.valid('json'),
      )
      return c.json({ outcome, bundle: bundle === null ? null : bundleView.parse(bundle) }, 200)
    },
  )
}

function seedRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/seeds',
      summary: 'Commit to a seeded error, to be planted later',
      middleware: operator,
      request: { body: body(z.strictObject({ kind: kindName })) },
      responses: answers('Committed', z.object({ seed: z.string() })),
    }),
    async (c) => c.json(await commitSeed(ctx.registry, callerId(c, 'person'), c.req.valid('json').kind), 200),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/seeds/{id}/plant',
      summary: 'Register the output that was committed to',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject(outputMembers)) },
      responses: answers('Planted', z.object({ output: z.string() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await plantSeed(ctx.registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs/{id}/unplant',
      summary: 'Reveal a seeded error that nobody reviewed',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Revealed', ok),
    }),
    async (c) => {
      await takeSeedBack(ctx.registry, callerId(c, 'person'), c.req.valid('param').id)
      return c.json({ ok: true as const }, 200)
    },
  )
}
