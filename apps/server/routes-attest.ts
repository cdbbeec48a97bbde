/**
 * The page `/attest`, for anyone: who stands behind a file, verified in the browser; and the issuer's keys that it
 * verifies with. spec/carriers.md (CAR-11 to CAR-13).
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { listIssuerKeys } from '../../src/registry/issuer-keys.ts'
import { PAGE_HEADERS, pageFile, pageText } from './ceremony-page.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { pageModules } from './page-modules.ts'
import { answers, jwk } from './schemas.ts'

const MODULES = '/attest/modules/'
const ENTRY = 'apps/server/pages/attest.js'

const keysAnswer = z.object({
  issuer: z.string(),
  keys: z.array(
    z.object({
      kid: z.string(),
      jwk,
      status: z.enum(['current', 'verifying', 'retired', 'compromised']),
      /** Seconds since 1970. What was signed before still holds. */
      retired_at: z.int().nullable(),
    }),
  ),
})

export function attestRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/public/issuer-keys',
      summary: 'Every key that the issuer ever had, for what outlives it: attestations',
      responses: answers('Keys', keysAnswer),
    }),
    async (c) => {
      c.header('access-control-allow-origin', '*') // pages of others verify, too
      return c.json({ issuer: ctx.registry.iss, keys: await ctx.registry.store.query(listIssuerKeys) }, 200)
    },
  )

  // Found at the first visit, and kept: the sources do not change under a process.
  let found: ReadonlyMap<string, string> | null = null
  const modules = (): ReadonlyMap<string, string> => (found ??= pageModules(ENTRY, MODULES))

  app.get('/attest', () => {
    const paths = [...modules().keys()]
    const preloads = paths.map((path) => `<link rel="modulepreload" href="${MODULES}${path}" />`)
    const html = pageText('attest.html').replace('<!-- modules -->', preloads.join('\n    '))
    return new Response(html, { headers: { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' } })
  })
  app.get(`${MODULES}*`, (c) => {
    const text = modules().get(c.req.path.slice(MODULES.length))
    if (text === undefined) throw new ApiError('NOT_FOUND', 'no such part of the page')
    return new Response(text, {
      headers: { ...PAGE_HEADERS, 'content-type': 'text/javascript; charset=utf-8' },
    })
  })
  app.get('/attest/:file', (c) => pageFile(c.req.param('file')))
}
