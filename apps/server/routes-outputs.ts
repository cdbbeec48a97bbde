/** Outputs, their policies, attestations and coverage. spec/attestation.md (ATT-17 to ATT-20, ATT-27 to ATT-29). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { kindName, outputPolicySchema } from '../../src/core/output.ts'
import { seconds } from '../../src/core/time.ts'
import type { Actor } from '../../src/log/entries.ts'
import { envelopeSchema } from '../../src/provenance/dsse.ts'
import { CALLS_MAX, subjectSchema, SUBJECTS_MAX } from '../../src/provenance/statement.ts'
import { attestDirected } from '../../src/registry/attestations.ts'
import { coverage, COVERAGE_BY, deviations } from '../../src/registry/coverage.ts'
import { bundleOf, end, publicAttestation } from '../../src/registry/issued-attestations.ts'
import { outputPolicies } from '../../src/registry/output-policies.ts'
import { CONTENT_CHARS_MAX, registerOutput, releaseOutput } from '../../src/registry/outputs.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { anyone, standing, who } from './middleware.ts'
import { policyRoutes } from './policy-routes.ts'
import { answers, body, idParam, jwk, ok, reasonBody } from './schemas.ts'

const id = z.string().min(1).max(64)
/** An output, but for its kind. */
export const outputMembers = {
  subject: z.array(subjectSchema).min(1).max(SUBJECTS_MAX),
  content: z.string().max(CONTENT_CHARS_MAX).exactOptional(),
  draft: id.exactOptional(),
  jti: id.exactOptional(),
  system: id.exactOptional(),
  calls: z.array(z.strictObject({ action: id, entry: z.int().nonnegative().exactOptional() })).max(CALLS_MAX),
}
export const bundleView = z.object({
  v: z.literal(1),
  envelope: envelopeSchema,
  keys: z.array(z.object({ kid: z.string(), jwk })),
  disclosures: z.object({ human: z.object({ salt: z.string(), name: z.string() }).optional() }).optional(),
})
const publicView = z.object({
  id: z.string(),
  role: z.string(),
  state: z.enum(['valid', 'superseded', 'withdrawn', 'disputed']),
  since: z.string(),
  successor: z.string().nullable(),
})
const counts = z.object({
  of: z.string(),
  released: z.int(),
  authored: z.int(),
  supervised: z.int(),
  directed: z.int(),
  uncovered: z.int(),
})
const day = z.iso.date()

export function outputRoutes(app: App, ctx: ServerContext): void {
  policyRoutes(app, ctx, outputPolicies, {
    path: '/v1/output-policies',
    words: 'output policy',
    act: 'output_policy.approve',
    schema: outputPolicySchema,
    isForPoints: true,
  })
  registerRoutes(app, ctx)
  attestationRoutes(app, ctx)
  coverageRoutes(app, ctx)
}

function registerRoutes(app: App, ctx: ServerContext): void {
  const either = standing(ctx, 'person', 'point')
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs',
      summary: 'Register an output that is to leave',
      middleware: either,
      request: { body: body(z.strictObject({ kind: kindName, ...outputMembers })) },
      responses: answers('Registered', z.object({ output: z.string(), entry: z.int() })),
    }),
    async (c) =>
      c.json(await registerOutput(ctx.registry, actorOf(c.get('caller')), c.req.valid('json')), 200),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs/{id}/release',
      summary: 'Release an output: refused while a gate wants an attestation',
      middleware: either,
      request: { params: idParam },
      responses: answers('Released', z.object({ attestation: z.string().nullable() })),
    }),
    async (c) =>
      c.json(await releaseOutput(ctx.registry, actorOf(c.get('caller')), c.req.valid('param').id), 200),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/outputs/{id}/attest-directed',
      summary: 'Attest an output as directed, by the root under which it was made',
      middleware: either,
      request: { params: idParam },
      responses: answers('The bundle', z.object({ bundle: bundleView })),
    }),
    async (c) => {
      const bundle = await attestDirected(ctx.registry, actorOf(c.get('caller')), c.req.valid('param').id)
      return c.json({ bundle: bundleView.parse(bundle) }, 200)
    },
  )
}

function actorOf({ kind, id: whose }: { readonly kind: Actor['kind']; readonly id: string }): Actor {
  return { kind, id: whose }
}

function attestationRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/attestations/{id}',
      summary: 'The bundle of an attestation, with the name if a person asks for it',
      middleware: who(ctx, 'person', 'point'),
      request: { params: idParam, query: z.strictObject({ named: z.literal('true').exactOptional() }) },
      responses: answers('The bundle', z.object({ bundle: bundleView })),
    }),
    async (c) => {
      const named = c.req.valid('query').named === 'true' && c.get('caller').kind === 'person'
      const bundle = await store.query((db) => bundleOf(ctx.registry, db, c.req.valid('param').id, named))
      return c.json({ bundle: bundleView.parse(bundle) }, 200)
    },
  )
  for (const [verb, state] of [
    ['withdraw', 'withdrawn'],
    ['dispute', 'disputed'],
  ] as const)
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/attestations/{id}/${verb}`,
        summary: `Say that an attestation is ${state}`,
        middleware: operator,
        request: { params: idParam, body: body(reasonBody) },
        responses: answers('Said', ok),
      }),
      async (c) => {
        const { reason } = c.req.valid('json')
        await end(ctx.registry, callerId(c, 'person'), c.req.valid('param').id, state, reason)
        return c.json({ ok: true as const }, 200)
      },
    )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/public/attestations/{id}',
      summary: 'Whether an attestation holds, for anyone who has its identifier',
      middleware: anyone(),
      request: { params: idParam },
      responses: answers('Its state', publicView),
    }),
    async (c) => {
      // Anybody may ask from a page of theirs: there is nothing here that a cookie would open.
      c.header('access-control-allow-origin', '*')
      return c.json(await store.query((db) => publicAttestation(db, c.req.valid('param').id)), 200)
    },
  )
}

function coverageRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/outputs/coverage',
      summary: 'How much of what was released is attested, by kind, agent, system or day',
      middleware: operator,
      request: { query: z.strictObject({ by: z.enum(COVERAGE_BY), from: day, to: day }) },
      responses: answers('Coverage', z.object({ as_of: z.int(), rows: z.array(counts) })),
    }),
    async (c) => {
      const { by, ...period } = c.req.valid('query')
      const rows = await store.query((db) => coverage(db, by, period))
      return c.json({ as_of: seconds(ctx.clock.now()), rows }, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/outputs/deviations',
      summary: 'Outputs that left without a valid attestation, each with who answers for it',
      middleware: operator,
      responses: answers(
        'Deviations',
        z.object({
          total: z.int(),
          deviations: z.array(
            z.object({
              output: z.string(),
              kind: z.string(),
              agent: z.string().nullable(),
              released: z.string(),
              owner: z.string().nullable(),
            }),
          ),
        }),
      ),
    }),
    async (c) => c.json(await store.query(deviations), 200),
  )
}
