/** Changes of pinned tools: what waits, and its approval. spec/mcp.md (MCP-13, MCP-14). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { JsonObject } from '../../src/core/json.ts'
import { changeApproval, listWaiting, reportChange } from '../../src/registry/tool-changes.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam, name } from './schemas.ts'

const version = z.object({ definition_hash: digest, definition: z.string().nullable() })
const change = z.object({
  id: z.string(),
  registered: z.string(),
  server: z.string(),
  tool: z.string(),
  proposer: z.string(),
  proposal: z.int(),
  was: version,
  becomes: version,
})
const act = z.object({
  act: z.literal('tool.approve'),
  change: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

export function toolChangeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/tools/changes',
      summary: 'A pinned tool that the server lists with another definition; idempotent',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({ server: name, tool: name, definition: z.record(z.string(), z.unknown()) }),
        ),
      },
      responses: answers('Waits, unless it is the pinned one', z.object({ change: z.string().nullable() })),
    }),
    async (c) => {
      const { definition, ...rest } = c.req.valid('json')
      const reported = { ...rest, definition: definition as JsonObject }
      return c.json(await reportChange(ctx.registry, callerId(c, 'point'), reported), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tools/changes',
      summary: 'Changes of pinned tools that wait, each with what is in force',
      middleware: operator,
      responses: answers('Changes', z.object({ changes: z.array(change) })),
    }),
    async (c) => c.json({ changes: await store.query(listWaiting) }, 200),
  )

  secondPersonRoutes(app, ctx, changeApproval, {
    path: '/v1/tools/changes/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the change',
    take: 'Approve a change with a gesture: the tool is pinned to it from then on',
  })
}
