/** Calls that wait for a person: asked for by points, and the page where people decide. spec/approvals.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { approvalSchema } from '../../src/core/approval.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { flowRecordSchema } from '../../src/log/receipt-flow.ts'
import { decisionFor, requestApproval } from '../../src/registry/approvals.ts'
import { ApprovalWaits } from './approval-waits.ts'
import { pageFile } from './ceremony-page.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { pinnedOrigin, signInLink } from './links.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam } from './schemas.ts'

const id = z.string().min(1).max(64)

export function approvalPointRoutes(app: App, ctx: ServerContext): void {
  pointRoutes(app, ctx)
  pageRoutes(app, ctx)
}

function pointRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx
  const waits = new ApprovalWaits(registry.store)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals',
      summary: 'Ask people to decide on a call that the point holds; idempotent (APR-5)',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({
            approval: id,
            action: id,
            agent: id,
            iss: z.string().min(1).max(256),
            jti: id,
            grant: digest,
            server: z.string().max(256),
            tool: z.string().max(256),
            definition_hash: digest.nullable(),
            args_commit: digest,
            salt: digest,
            args: z.record(z.string(), z.unknown()),
            expires: z.int().nonnegative(),
            /** What rules on flow object to (FLW-12). */
            flow: flowRecordSchema.exactOptional(),
          }),
        ),
      },
      responses: answers('Where people decide', z.object({ url: z.string() })),
    }),
    async (c) => {
      const { args, ...request } = c.req.valid('json')
      const asked = { ...request, args: args as JsonObject }
      const { secret } = await requestApproval(registry, callerId(c, 'point'), asked)
      return c.json({ url: `${pinnedOrigin(ctx)}/a#${secret}` }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/approvals/{id}',
      summary: 'What people decided; waits up to 20 s for it (APR-11)',
      middleware: who(ctx, 'point'),
      request: { params: idParam },
      responses: answers('The decision, or null', z.object({ approval: approvalSchema.nullable() })),
    }),
    async (c) => {
      const point = callerId(c, 'point')
      const { id: approval } = c.req.valid('param')
      const look = () =>
        registry.store.query((db) => decisionFor(registry, db, point, approval, ctx.clock.now()))
      return c.json({ approval: await waits.wait(look, c.req.raw.signal) }, 200)
    },
  )
}

function pageRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/links',
      summary:
        'A link to what waits, or to one call, with a session of the caller; good once and for a minute',
      middleware: who(ctx, 'person'),
      request: { body: body(z.strictObject({ approval: id.exactOptional() })) },
      responses: answers('The link', z.object({ url: z.string() })),
    }),
    async (c) => {
      const { approval } = c.req.valid('json')
      const page = approval === undefined ? '/a' : `/a#${approval}`
      return c.json({ url: await signInLink(ctx, c, page) }, 200)
    },
  )

  app.get('/a', () => pageFile('approval.html'))
  app.get('/a/:file', (c) => pageFile(c.req.param('file')))
}
