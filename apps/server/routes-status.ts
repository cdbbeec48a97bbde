/**
 * Status lists, for anyone. spec/status.md (STS-2).
 * Invariant: what is served was folded after the last revocation that was committed when it was asked for.
 * @module
 */
import { z } from '@hono/zod-openapi'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { seconds } from '../../src/core/time.ts'
import { lastFrame } from '../../src/registry/frames.ts'
import { foldStatuses, lastList, statusListUri } from '../../src/registry/statuses.ts'
import { signStatusList } from '../../src/token/status-list.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'

/** How long a reader may keep a list, in seconds. */
export const STATUS_TTL_S = 60
/** How long a list is good, in seconds. */
export const STATUS_LIFE_S = 300

interface SignedList {
  readonly token: string
  readonly etag: string
  /** The last frame that went into it. */
  readonly head: number
  /** Seconds: from then on it is signed anew. */
  readonly renew: number
}

class StatusLists {
  readonly #ctx: ServerContext
  readonly #signed = new Map<number, SignedList>()

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
  }

  /** @returns null when there is no such list */
  async get(list: number): Promise<SignedList | null> {
    const { store } = this.#ctx.registry
    const { head, last } = await store.query(async (db) => ({
      head: (await lastFrame(db))?.frame.seq ?? 0,
      last: await lastList(db),
    }))
    if (list > last) return null
    const known = this.#signed.get(list)
    const now = seconds(this.#ctx.clock.now())
    if (known !== undefined && known.head >= head && now < known.renew) return known
    const signed = await this.#sign(list, head, now)
    this.#signed.set(list, signed)
    return signed
  }

  /** The fold may know of later frames than `head`: then it is folded once more than needed. */
  async #sign(list: number, head: number, now: number): Promise<SignedList> {
    const { registry } = this.#ctx
    const { crypto } = registry
    const [packed, issuer] = await registry.store.query(async (db) => [
      await foldStatuses(db, list),
      await registry.issuer.current(db),
    ])
    const token = signStatusList(crypto, issuer, {
      uri: statusListUri(registry, list),
      iat: now,
      exp: now + STATUS_LIFE_S,
      ttl: STATUS_TTL_S,
      bits: 1,
      list: packed,
    })
    const etag = `"${base64url(crypto.sha256(utf8(token)))}"`
    return { token, etag, head, renew: now + STATUS_LIFE_S / 2 }
  }
}

export function statusRoutes(app: App, ctx: ServerContext): void {
  const lists = new StatusLists(ctx)

  app.get('/status/:list{[1-9][0-9]{0,8}}', async (c) => {
    const signed = await lists.get(Number(c.req.param('list')))
    if (signed === null) throw new ApiError('NOT_FOUND', 'no such status list')
    c.header('cache-control', `public, max-age=${STATUS_TTL_S}`)
    c.header('etag', signed.etag)
    c.header('access-control-allow-origin', '*') // readers in browsers, too
    if (names(c.req.header('if-none-match'), signed.etag)) return c.body(null, 304)
    return c.body(signed.token, 200, { 'content-type': 'application/statuslist+jwt' })
  })

  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/status/{list}',
    summary: 'A status list token (draft-ietf-oauth-status-list)',
    request: { params: z.object({ list: z.string() }) },
    responses: {
      200: { description: 'The list', content: { 'application/statuslist+jwt': { schema: z.string() } } },
      304: { description: 'It is the one that If-None-Match names' },
    },
  })
}

/** RFC 9110 section 13.1.2: compared weakly. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
