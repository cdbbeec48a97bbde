/** The page of the review desk, and links to it. spec/outputs.md (OUT-10). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { pageFile } from './ceremony-page.ts'
import type { App, ServerContext } from './context.ts'
import { pinnedOrigin, signInLink } from './links.ts'
import { who } from './middleware.ts'
import { answers, body } from './schemas.ts'

export function deskAt(ctx: ServerContext): string {
  return `${pinnedOrigin(ctx)}/review`
}

export function reviewPageRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/reviews/links',
      summary: 'A link to the review desk, with a session of the caller; good once and for a minute',
      middleware: who(ctx, 'person'),
      request: { body: body(z.strictObject({ output: z.string().min(1).max(64).exactOptional() })) },
      responses: answers('The link', z.object({ url: z.string() })),
    }),
    async (c) => {
      const { output } = c.req.valid('json')
      const page = output === undefined ? '/review' : `/review#${output}`
      return c.json({ url: await signInLink(ctx, c, page) }, 200)
    },
  )

  app.get('/review', () => pageFile('review.html'))
  app.get('/review/:file', (c) => pageFile(c.req.param('file')))
}
