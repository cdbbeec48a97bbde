/** Outputs as people see them. spec/outputs.md (OUT-12). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { FORMS, ROLES } from '../../src/core/output.ts'
import { subjectSchema } from '../../src/provenance/statement.ts'
import { namesIn } from '../../src/registry/names.ts'
import { findOutput } from '../../src/registry/output-rows.ts'
import { LISTED_MAX, listOutputs, outputView } from '../../src/registry/output-views.ts'
import { subjectsOf } from '../../src/registry/outputs.ts'
import { credentialIdsOf } from '../../src/registry/passkey-rows.ts'
import { type App, type ServerContext } from './context.ts'
import { viewer } from './middleware.ts'
import { answers, idParam } from './schemas.ts'

const view = z.object({
  id: z.string(),
  entry: z.int(),
  kind: z.string(),
  form: z.enum(FORMS),
  agent: z.string().nullable(),
  system: z.string().nullable(),
  registrar: z.string(),
  registered: z.string(),
  released: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
  attestation: z.string().nullable(),
  refusals: z.int(),
  flagged: z.int(),
  held_until: z.string().nullable(),
  asks: z.object({ minimum: z.enum(ROLES), release: z.enum(['gate', 'cover']) }).nullable(),
  seed: z.enum(['caught', 'missed', 'unused']).nullable(),
})
const names = z.record(z.string(), z.string())
const listed = z.strictObject({
  waiting: z.literal('true').exactOptional(),
  /** Those that an entry below it registered. */
  before: z.coerce.number().int().nonnegative().exactOptional(),
})

export function outputViewRoutes(app: App, ctx: ServerContext): void {
  const { registry, settings } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/outputs',
      summary: 'Outputs, newest first, at most 200 at once; with `waiting`, those that somebody may review',
      middleware: viewer(ctx),
      request: { query: listed },
      responses: answers(
        'Without their contents',
        z.object({
          outputs: z.array(view),
          /** The `before` of the page behind; null: there is none. */
          next: z.int().nullable(),
          names,
          log: z.object({ simulated: z.boolean() }),
        }),
      ),
    }),
    async (c) => {
      const { waiting, before } = c.req.valid('query')
      const answer = await registry.store.query(async (db) => {
        const filter = { waiting: waiting === 'true', before }
        const outputs = await listOutputs(registry, db, filter, ctx.clock.now())
        const named = outputs.map(({ agent, registrar }) => [agent, registrar])
        const next = outputs.length === LISTED_MAX ? (outputs.at(-1)?.entry ?? null) : null
        return { outputs, next, names: await namesIn(registry, db, named) }
      })
      return c.json({ ...answer, log: { simulated: settings.simulated } }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/outputs/{id}',
      summary: 'One output, with its digests',
      middleware: viewer(ctx),
      request: { params: idParam },
      responses: answers(
        'As it stands',
        z.object({
          output: view,
          subject: z.array(subjectSchema),
          names,
          /** Of the viewer's passkeys. */
          credential_ids: z.array(z.string()),
          rp_id: z.string(),
          origins: z.array(z.string()),
          log: z.object({ simulated: z.boolean() }),
        }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { id: whose } = c.get('caller')
      const answer = await registry.store.query(async (db) => {
        const output = await outputView(registry, db, id, ctx.clock.now())
        const { agent, registrar } = output
        return {
          output,
          subject: await subjectsOf(registry, db, await findOutput(db, id)),
          names: await namesIn(registry, db, { agent, registrar }),
          credential_ids: await credentialIdsOf(db, whose),
        }
      })
      const { rp_id, origins, simulated } = settings
      return c.json({ ...answer, rp_id, origins, log: { simulated } }, 200)
    },
  )
}
