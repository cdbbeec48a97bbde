/** The log from its newest entry backwards, as the console lists it. spec/console.md (CON-8). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import type { Schema } from '../../src/ports/schema.ts'
import type { App, ServerContext } from './context.ts'
import { viewer } from './middleware.ts'
import { answers } from './schemas.ts'

const LIMIT_MAX = 200
/** Entries that one answer looks through for a type: rare ones are found over several answers. */
const LOOKED_THROUGH_MAX = 20_000
const TYPE_CHARS_MAX = 64

const query = z.strictObject({
  before: z.coerce.number().int().nonnegative().exactOptional(),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(100),
  /** `agent.approved`, or all that begin so: `agent.` */
  type: z
    .string()
    .max(TYPE_CHARS_MAX)
    .regex(/^[a-z_]+(\.[a-z_]*)?$/)
    .exactOptional(),
})

export function newestRoute(app: App, ctx: ServerContext): void {
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/entries/newest',
      summary:
        'Entries with an index below `before`, newest first; `next` is where to go on, null at the end',
      middleware: viewer(ctx),
      request: { query },
      responses: answers(
        'Entries',
        z.object({
          size: z.int(),
          next: z.int().nullable(),
          entries: z.array(z.object({ index: z.int(), entry: z.record(z.string(), z.unknown()) })),
        }),
      ),
    }),
    async (c) => {
      const { before, limit, type } = c.req.valid('query')
      const size = await store.entries.size()
      const end = Math.min(before ?? size, size)
      const start = Math.max(0, end - LOOKED_THROUGH_MAX)
      const rows = await store.query((db) => newest(db, { start, end, limit, type }))
      const last = rows.at(-1)
      const from = rows.length === limit && last !== undefined ? last.idx : start
      const entries = rows.map(({ idx, bytes }) => ({
        index: idx,
        entry: JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>,
      }))
      return c.json({ size, next: from === 0 ? null : from, entries }, 200)
    },
  )
}

interface Wanted {
  readonly start: number
  readonly end: number
  readonly limit: number
  readonly type: string | undefined
}

/** Along the primary key, within bounds. What was pruned is passed over (RET-10). */
async function newest(
  db: Kysely<Schema>,
  { start, end, limit, type }: Wanted,
): Promise<{ idx: number; bytes: Uint8Array }[]> {
  const within = db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('idx', '>=', start)
    .where('idx', '<', end)
    .where((eb) => eb(eb.fn<number>('length', ['bytes']), '>', 0))
  const typed =
    type === undefined
      ? within
      : type.endsWith('.')
        ? // `/` is what comes after `.`: a range, because `_` is a joker in LIKE.
          within.where('type', '>=', type).where('type', '<', `${type.slice(0, -1)}/`)
        : within.where('type', '=', type)
  return typed.orderBy('idx', 'desc').limit(limit).execute()
}
