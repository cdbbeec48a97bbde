/** Entries with their proofs, and proofs that the log only grew. spec/log.md, LOG-37 and LOG-38. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { base64, fromUtf8 } from '../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { LogError } from '../../src/log/entries.ts'
import { findConsistency, findEntry } from '../../src/log/lookup.ts'
import { rootAt } from '../../src/log/reader.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { viewer } from './middleware.ts'
import { answers } from './schemas.ts'

/** Written as digits: `1e3` and ` 1` are no sizes. */
const count = z
  .string()
  .regex(/^(0|[1-9]\d{0,15})$/)
  .transform(Number)
  .pipe(z.int())
const hashes = z.array(z.string()).describe('base64, the first one lowest')

const entryAnswer = z.object({
  index: z.int(),
  entry: z.record(z.string(), z.unknown()),
  /** Of the tree that the proof leads to. */
  size: z.int(),
  root: z.string(),
  proof: hashes,
  checkpoint: z.string().describe('the signed note'),
})

const consistencyAnswer = z.object({
  from: z.object({ size: z.int(), root: z.string() }),
  to: z.object({ size: z.int(), root: z.string() }),
  proof: hashes,
  checkpoint: z.string().describe('the signed note of the newest tree, which may be larger than `to`'),
})

export function proofRoutes(app: App, ctx: ServerContext): void {
  const { crypto } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/log/entries/{index}',
      summary: 'A published entry with its inclusion proof (RFC 9162 section 2.1.3)',
      middleware: viewer(ctx),
      request: { params: z.strictObject({ index: count }) },
      responses: answers('The entry', entryAnswer),
    }),
    async (c) => {
      const { index } = c.req.valid('param')
      const { note, head } = await published(ctx)
      if (index >= head.size) throw new ApiError('NOT_FOUND', `the log has published ${head.size} entries`)
      const { bytes, proof } = await findEntry(crypto, ctx.tiles, index, head.size)
      const entry = JSON.parse(fromUtf8(bytes)) as Record<string, unknown>
      const at = { size: head.size, root: base64(head.root), proof: proof.map(base64), checkpoint: note }
      return c.json({ index, entry, ...at }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/log/proof',
      summary: 'That the tree of `to` entries extends the tree of `from` (RFC 9162 section 2.1.4)',
      middleware: viewer(ctx),
      request: { query: z.strictObject({ from: count, to: count.optional() }) },
      responses: answers('The proof', consistencyAnswer),
    }),
    async (c) => {
      const { note, head } = await published(ctx)
      const { from, to = head.size } = c.req.valid('query')
      if (from < 1 || from > to)
        throw new ApiError(
          'REQUEST_INVALID',
          '`from` is at least 1 and at most `to`: nothing extends nothing',
        )
      if (to > head.size) throw new ApiError('NOT_FOUND', `the log has published ${head.size} entries`)
      const proof = await findConsistency(crypto, ctx.tiles, { from, to, size: head.size })
      const rootOf = async (size: number): Promise<{ size: number; root: string }> => ({
        size,
        root: base64(await rootAt(crypto, ctx.tiles, size, head.size)),
      })
      const ends = { from: await rootOf(from), to: await rootOf(to) }
      return c.json({ ...ends, proof: proof.map(base64), checkpoint: note }, 200)
    },
  )
}

async function published(ctx: ServerContext): Promise<{ note: string; head: Checkpoint }> {
  const note = await ctx.tiles.read(CHECKPOINT_PATH)
  if (note === null) throw new LogError('TILE_MISSING', 'the log has not been published yet')
  return { note: fromUtf8(note), head: openCheckpoint(ctx.registry.crypto, note, ctx.vkey) }
}
