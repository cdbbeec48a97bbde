/** Packs that are handed out: logged and signed. spec/pack.md (PCK-7), spec/erasure.md (ERA-8). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { utf8 } from '../../src/core/encoding.ts'
import { parseRfc3339 } from '../../src/core/time.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { LogError } from '../../src/log/entries.ts'
import { envelopeSchema } from '../../src/provenance/dsse.ts'
import { packPredicateSchema, sha256Schema } from '../../src/provenance/pack-statement.ts'
import { recordPack } from '../../src/registry/packs.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { who } from './middleware.ts'
import { answers, body } from './schemas.ts'

/** Characters of a signed note: with all the cosignatures that a checkpoint of ours has. */
const NOTE_CHARS_MAX = 16 * 1024

export function packRoutes(app: App, ctx: ServerContext): void {
  const { generator, release, period } = packPredicateSchema.shape
  const input = z.strictObject({
    ...period.shape,
    checkpoint: z.string().min(1).max(NOTE_CHARS_MAX),
    sha256: sha256Schema,
    generator,
    release,
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/packs',
      summary: 'Log that a pack was built and sign its manifest, before it is handed out',
      middleware: who(ctx, 'person'),
      request: { body: body(input) },
      responses: answers(
        'Logged; the envelope is its file manifest.dsse',
        z.object({ entry: z.int().nonnegative(), envelope: envelopeSchema }),
      ),
    }),
    async (c) => {
      const { from, to, checkpoint: note, ...said } = c.req.valid('json')
      const checkpoint = ownCheckpoint(ctx, note)
      const built = { from_ms: parseRfc3339(from), to_ms: parseRfc3339(to), checkpoint, ...said }
      return c.json(await recordPack(ctx.registry, callerId(c, 'person'), built), 200)
    },
  )
}

function ownCheckpoint({ registry, vkey }: ServerContext, note: string): Checkpoint {
  try {
    return openCheckpoint(registry.crypto, utf8(note), vkey)
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    throw new ApiError('REQUEST_INVALID', `the checkpoint is not one of this log: ${cause.message}`, {
      cause,
    })
  }
}
