/** What sources that are not ours say of the items of a test. spec/sources.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { SOURCE_CHARS_MAX, uploadSchema } from '../../src/log/reconciliation-bodies.ts'
import { listSources, uploadSource } from '../../src/registry/reconciliations.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { RECONCILIATIONS_PATH, who } from './middleware.ts'
import { answers, body } from './schemas.ts'

const uploaded = z.object({ id: z.string(), entry: z.int(), rows_n: z.int() })
const listed = uploadSchema.extend({
  id: z.string(),
  entry: z.int(),
  time: z.string(),
  person: z.string(),
  columns: z.array(z.string()),
  rows_n: z.int(),
})

export function reconciliationRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: RECONCILIATIONS_PATH,
      summary: 'What was handed in of sources that are not ours, the latest first, without its rows',
      middleware: operator,
      responses: answers('Sources', z.object({ sources: z.array(listed) })),
    }),
    async (c) => c.json({ sources: await registry.store.query(listSources) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: RECONCILIATIONS_PATH,
      summary: 'Hand in what a source that is not ours says, as CSV with a header',
      middleware: operator,
      request: { body: body(uploadSchema.extend({ csv: z.string().min(1).max(SOURCE_CHARS_MAX) })) },
      responses: answers('Kept, and logged', uploaded),
    }),
    async (c) => {
      const { csv, ...upload } = c.req.valid('json')
      return c.json(await uploadSource(registry, callerId(c, 'person'), upload, csv), 200)
    },
  )
}
