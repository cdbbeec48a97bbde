/** The page of the review desk, and links to it. spec/outputs.md (OUT-10). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { pageFile, pageText } from './ceremony-page.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { openSession } from './routes-log.ts'
import { answers, body } from './schemas.ts'

/** At a pinned origin, this server's own if it is one of them: passkeys work nowhere else (CER-1). */
export function deskAt(ctx: ServerContext): string {
  const { origins } = ctx.settings
  const here = origins.find((origin) => URL.canParse(origin) && ctx.hosts().has(new URL(origin).host))
  return `${here ?? origins[0]}/review`
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
    (c) => {
      const { output } = c.req.valid('json')
      const ticket = ctx.viewers.ticketFor(callerId(c, 'person'))
      const at = output === undefined ? '' : `#${output}`
      return c.json({ url: `${deskAt(ctx)}?ticket=${ticket}${at}` }, 200)
    },
  )

  app.get('/review', (c) => {
    const ticket = c.req.query('ticket')
    if (ticket === undefined || !openSession(ctx, c, ticket)) return pageFile('review.html')
    for (const [name, value] of pageFile('review.html').headers) c.header(name, value)
    return c.body(pageText('review.html'))
  })
  app.get('/review/:file', (c) => pageFile(c.req.param('file')))
}
