/** What a node tells other nodes of its log. spec/log.md (LOG-44). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { App, ServerContext } from './context.ts'
import { node } from './middleware.ts'
import { SIGNED_PATH, signedAnswer } from './peers.ts'
import { answers } from './schemas.ts'

export function nodeRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: SIGNED_PATH,
      summary:
        'The checkpoint that this node signed or took over last, for another that has the key of the log',
      middleware: node(ctx),
      request: { query: z.strictObject({ nonce: z.string().regex(/^[\w-]{16,64}$/) }) },
      responses: answers('A JWS by the key of the log', z.object({ signed: z.string() })),
    }),
    async (c) => {
      const { nonce } = c.req.valid('query')
      return c.json({ signed: signedAnswer(ctx.log, nonce, await ctx.signed()) }, 200)
    },
  )
}
