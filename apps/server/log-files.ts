/**
 * The files of the log, as C2SP tlog-tiles serves them: content types, caching, validators. spec/log.md, LOG-39.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { base64url } from '../../src/core/encoding.ts'
import { INDEX_PATH } from '../../src/log/anchor-files.ts'
import { LogError } from '../../src/log/entries.ts'
import { isKeptPath, keptPath } from '../../src/log/kept.ts'
import { CHECKPOINT_PATH, parseTilePath, TILE_WIDTH } from '../../src/log/tiles.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { viewer } from './middleware.ts'

const PREFIX = '/log/'
/** ANC-3: a token is named by its digest, so that it never changes. */
const TOKEN_PATH = /^anchor\/[0-9a-f]{64}$/
/** `private`, because who reads has proven to be allowed to: what lies between must not answer somebody else. */
const CACHE = {
  checkpoint: 'private, no-cache',
  full: 'private, max-age=31536000, immutable',
  /** Never another either, but soon one that nobody asks for. */
  partial: 'private, max-age=300',
}

export function fileRoutes(app: App, ctx: ServerContext): void {
  app.use('/log/*', viewer(ctx))
  app.openAPIRegistry.registerPath(
    createRoute({
      method: 'get',
      path: '/log/{path}',
      summary:
        'A file of the log, as C2SP tlog-tiles names it: `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/…`',
      request: { params: z.object({ path: z.string() }) },
      responses: {
        200: {
          description: 'The file',
          content: {
            'text/plain; charset=utf-8': { schema: z.string() },
            'application/octet-stream': { schema: z.string() },
          },
        },
        304: { description: 'The file whose ETag `If-None-Match` names' },
      },
    }),
  )
  // HEAD comes here too: Hono answers it with what GET has, without the body.
  app.get('/log/*', async (c) => {
    const path = c.req.path.slice(PREFIX.length)
    const kind = kindOf(path)
    if (kind === null) throw noFile()
    const bytes = await ctx.tiles.read(path)
    if (bytes === null) throw await whyNot(ctx, path)
    const etag = `"${base64url(ctx.registry.crypto.sha256(bytes)).slice(0, 22)}"`
    const headers = { 'cache-control': CACHE[kind], etag, 'x-content-type-options': 'nosniff' }
    if (isKnown(c, etag)) return c.body(null, 304, headers)
    return c.body(new Uint8Array(bytes), 200, {
      ...headers,
      'content-length': String(bytes.length),
      'content-type': path === CHECKPOINT_PATH ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    })
  })
}

/** Exactly the names of tlog-tiles and those of anchors: nothing else reaches the store. */
function kindOf(path: string): keyof typeof CACHE | null {
  if (path === CHECKPOINT_PATH || path === INDEX_PATH) return 'checkpoint'
  if (TOKEN_PATH.test(path)) return 'full'
  if (isKeptPath(path)) return 'full'
  const tile = parseTilePath(path)
  return tile && (tile.width === TILE_WIDTH ? 'full' : 'partial')
}

/** RFC 9110 section 13.1.2: a list, compared weakly. */
function isKnown(c: Context<AppEnv>, etag: string): boolean {
  const known = c.req.header('if-none-match')
  if (known === undefined) return false
  return known.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag)
}

/** RET-10: a bundle that was pruned is gone for good. */
async function whyNot({ tiles }: ServerContext, path: string): Promise<Error> {
  const tile = parseTilePath(path)
  const isPruned = tile?.level === 'entries' && (await tiles.read(keptPath(tile.index))) !== null
  if (!isPruned) return noFile()
  return new LogError('ENTRY_PRUNED', `pruned: what had to stay is in ${PREFIX}${keptPath(tile.index)}`)
}

function noFile(): ApiError {
  return new ApiError('NOT_FOUND', 'no such file of the log')
}
