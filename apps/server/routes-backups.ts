/** Tests of backups, reported by whoever made them. spec/backup.md (BAK-7). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { personActor } from '../../src/registry/context.ts'
import { recordRestoreTest } from '../../src/registry/restore-tests.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest } from './schemas.ts'

export function backupRoutes(app: App, ctx: ServerContext): void {
  const { registry, tiles, vkey } = ctx
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/backups/tests',
      summary: 'Record that a backup was restored apart from the log, and whether it held',
      middleware: who(ctx, 'person'),
      request: {
        body: body(
          z.strictObject({
            size: z.int().nonnegative(),
            root: digest,
            taken_at: z.iso.datetime(),
            ok: z.boolean(),
          }),
        ),
      },
      responses: answers('Recorded', z.object({ index: z.int() })),
    }),
    async (c) => {
      const context = { store: registry.store, crypto: registry.crypto, tiles, vkey }
      const actor = personActor(callerId(c, 'person'))
      return c.json(await recordRestoreTest(context, actor, c.req.valid('json')), 200)
    },
  )
}
