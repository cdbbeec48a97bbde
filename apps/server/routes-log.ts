/** Reading the log: entries, checkpoints, tiles, and the live page with its one-time links. spec/log.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { base64url } from '../../src/core/encoding.ts'
import { parseRfc3339, rfc3339 } from '../../src/core/time.ts'
import type { EntrySource } from '../../src/ports/entry-source.ts'
import { checkpointAt } from '../../src/registry/checkpoints.ts'
import { killsInForce } from '../../src/registry/kills.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { signInLink } from './links.ts'
import { livePage } from './live-page.ts'
import { fileRoutes } from './log-files.ts'
import { viewer, who } from './middleware.ts'
import { newestRoute } from './routes-newest.ts'
import { proofRoutes } from './routes-proofs.ts'
import { answers, body } from './schemas.ts'
import { sessionIn } from './session-cookie.ts'

const PAGE_MAX = 1_000
/** Entries that the live page begins with. */
const LIVE_ENTRIES = 200
const index = z.coerce.number().int().min(-1)

export function logRoutes(app: App, ctx: ServerContext): void {
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/entries',
      summary: 'Entries with an index above `after`, in order',
      middleware: viewer(ctx),
      request: {
        query: z.strictObject({
          after: index.default(-1),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
        }),
      },
      responses: answers(
        'Entries',
        z.object({
          size: z.int(),
          entries: z.array(z.object({ index: z.int(), entry: z.record(z.string(), z.unknown()) })),
        }),
      ),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query')
      const size = await store.entries.size()
      const start = after + 1
      return c.json({ size, entries: await page(store.entries, { start, limit, size }) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/entries/stream',
      summary: 'Server-sent events: one `entry` for each, resumable by Last-Event-ID',
      middleware: viewer(ctx),
      request: { query: z.strictObject({ after: index.default(-1) }) },
      responses: {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    (c) => {
      const last = c.req.header('last-event-id')
      const after = last !== undefined && /^\d{1,15}$/.test(last) ? Number(last) : c.req.valid('query').after
      return ctx.feed.stream(after + 1, c.get('reader'))
    },
  )
  newestRoute(app, ctx)
  checkpointRoute(app, ctx)
  proofRoutes(app, ctx)
  fileRoutes(app, ctx)
  liveRoutes(app, ctx)
}

interface Page {
  readonly start: number
  readonly limit: number
  readonly size: number
}

/** Passes over what was pruned (RET-10): an entry has its index with it. */
async function page(
  source: EntrySource,
  { start, limit, size }: Page,
): Promise<{ index: number; entry: Record<string, unknown> }[]> {
  const entries: { index: number; entry: Record<string, unknown> }[] = []
  for (let next = start; next < size && entries.length < limit; next += PAGE_MAX) {
    const rows = await source.read(next, Math.min(next + PAGE_MAX, size))
    for (const [i, bytes] of rows.entries()) {
      if (bytes.length === 0 || entries.length === limit) continue
      const entry = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
      entries.push({ index: next + i, entry })
    }
  }
  return entries
}

function checkpointRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/checkpoints',
      summary: 'The last checkpoint at or before a time',
      middleware: who(ctx, 'person'),
      request: { query: z.strictObject({ at: z.string().max(32) }) },
      responses: answers('The checkpoint', z.object({ size: z.int(), time: z.string(), note: z.string() })),
    }),
    async (c) => {
      const at = parseRfc3339(c.req.valid('query').at)
      const found = await ctx.registry.store.query((db) => checkpointAt(db, at))
      if (!found) throw new ApiError('NOT_FOUND', 'the log has no checkpoint that old')
      const note = Buffer.from(found.note).toString()
      return c.json({ size: found.size, time: rfc3339(found.time), note }, 200)
    },
  )
}

function liveRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/viewer-links',
      summary: 'A link to the console, or to the live page, good once and for a minute',
      middleware: who(ctx, 'person'),
      request: {
        body: {
          ...body(z.strictObject({ to: z.enum(['live', 'console']).default('live') })),
          required: false,
        },
      },
      responses: answers('The link', z.object({ url: z.string() })),
    }),
    async (c) => {
      const { to } = c.req.valid('json')
      return c.json({ url: await signInLink(ctx, c, to === 'live' ? '/live' : null) }, 200)
    },
  )

  app.get('/live', async (c) => {
    const isHere = (await sessionIn(ctx, c)) !== null
    const nonce = base64url(ctx.registry.crypto.randomBytes(16))
    const size = isHere ? await ctx.registry.store.entries.size() : 0
    const kills = isHere ? await ctx.registry.store.query(killsInForce) : []
    const page = livePage({
      nonce,
      signedIn: isHere,
      origin: ctx.settings.origin,
      simulated: ctx.settings.simulated,
      after: Math.max(-1, size - LIVE_ENTRIES - 1),
      kills: kills.map(({ kill }) => kill),
    })
    return c.html(page, isHere ? 200 : 401, {
      'cache-control': 'no-store',
      'content-security-policy':
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })
}
