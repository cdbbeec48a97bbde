/** Packs that the control plane builds for people of the company. spec/evidence.md (EVD-4 to EVD-9). @module */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createRoute, z } from '@hono/zod-openapi'
import { parseRfc3339 } from '../../src/core/time.ts'
import { manifestSchema } from '../../src/evidence/pack/manifest.ts'
import { OUTCOMES } from '../../src/evidence/tests/result.ts'
import { awaitHeads } from '../../src/registry/heads.ts'
import { packsSince } from '../../src/registry/packs.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { PACKS_PATH, RECEIPTS_BYTES_MAX, who } from './middleware.ts'
import { packName } from './pack-jobs.ts'
import { answers, body, idParam } from './schemas.ts'

/** Where `npm run build:verifiers` writes what it built. */
const SUMS = fileURLToPath(new URL('../../dist/verifiers/SHA256SUMS', import.meta.url))

const count = z.int().nonnegative()
const period = z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() })
/** Read where revocations are, too: a longer one goes by the command line. */
const DESCRIPTION_LENGTH_MAX = 64 * 1024

const input = period.extend({
  description: z.string().min(1).max(DESCRIPTION_LENGTH_MAX).exactOptional(),
  earlier: z
    .union([
      z.strictObject({ pack: z.string().min(1).max(64) }),
      z.strictObject({ narratives: z.string().min(1).max(RECEIPTS_BYTES_MAX) }),
    ])
    .exactOptional(),
})
const summary = z.object({
  bytes: count,
  sha256: z.string(),
  manifest: z.string(),
  entries: count,
  tests: z.record(z.enum(OUTCOMES), count),
  generator: z.string(),
  state: manifestSchema.shape.state,
  limitations: manifestSchema.shape.limitations,
})
const state = z.union([
  z.object({ state: z.enum(['waiting', 'computing', 'signing']) }),
  z.object({ state: z.literal('reading'), done: count, of: count }),
  z.object({ state: z.literal('done'), pack: summary, entry: count }),
  z.object({ state: z.literal('failed'), message: z.string() }),
])
const job = z.object({ id: z.string(), period, now: state })
const recorded = z.object({
  entry: count,
  person: z.string(),
  from: z.string(),
  to: z.string(),
  size: count,
  sha256: z.string(),
})
const verifier = z.object({ name: z.string(), sha256: z.string() })

export function evidencePackRoutes(app: App, ctx: ServerContext): void {
  listRoutes(app, ctx)
  buildRoutes(app, ctx)
}

function listRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/packs',
      summary:
        'Packs that were logged, the latest first; and those that the caller has the control plane build',
      middleware: operator,
      responses: answers('Packs', z.object({ packs: z.array(recorded), jobs: z.array(job) })),
    }),
    async (c) => {
      const packs = await ctx.registry.store.query((db) => packsSince(db, -1))
      const jobs = ctx.packs.list(callerId(c, 'person')).map(shownJob)
      return c.json({ packs: packs.toReversed(), jobs }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/verifiers',
      summary: 'SHA-256 of the verifiers that these sources build, for comparing with the published ones',
      middleware: operator,
      responses: answers('None: they were not built here', z.object({ verifiers: z.array(verifier) })),
    }),
    async (c) => c.json({ verifiers: await builtVerifiers() }, 200),
  )
}

function buildRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/evidence/cut-offs',
      summary: 'Which points have yet to bring what they recorded until then; each says so when it has',
      middleware: operator,
      request: { body: body(z.strictObject({ to: z.iso.datetime() })) },
      responses: answers(
        'Whether that time has passed, and who is waited for',
        z.object({ over: z.boolean(), awaited: z.array(z.string()) }),
      ),
    }),
    async (c) => {
      const { over, awaited } = await awaitHeads(ctx.registry, parseRfc3339(c.req.valid('json').to))
      return c.json({ over, awaited: [...awaited] }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: PACKS_PATH,
      summary: 'Build a pack of the period; it is logged and signed before it can be had',
      middleware: operator,
      request: { body: body(input) },
      responses: answers('Begun', job),
    }),
    async (c) => {
      const { from, to, ...given } = c.req.valid('json')
      return c.json(shownJob(await ctx.packs.begin(callerId(c, 'person'), { from, to }, given)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/packs/{id}',
      summary: 'How far a pack is, for who asked for it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The pack', job),
    }),
    (c) => c.json(shownJob(ctx.packs.find(callerId(c, 'person'), c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence/packs/{id}/file',
      summary: 'The file of a pack that was built, for who asked for it',
      middleware: operator,
      request: { params: idParam },
      responses: {
        ...answers('Unused', z.never()),
        200: { description: 'The pack', content: { 'application/zip': { schema: z.string() } } },
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const person = callerId(c, 'person')
      const { path, pack } = ctx.packs.file(person, id)
      const name = packName(ctx.packs.find(person, id).period)
      return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
        headers: {
          'content-type': 'application/zip',
          'content-length': String(pack.bytes),
          'content-disposition': `attachment; filename="${name}"`,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        },
      })
    },
  )
}

/** Without who asked, and where its file is. */
function shownJob({ id, period: of, now }: z.infer<typeof job>): z.infer<typeof job> {
  return { id, period: of, now }
}

async function builtVerifiers(): Promise<z.infer<typeof verifier>[]> {
  const text = await readFile(SUMS, 'utf8').catch(() => '')
  return [...text.matchAll(/^([0-9a-f]{64}) {2}(verify\.(?:html|mjs))$/gm)].map(
    ([, sha256 = '', name = '']) => ({
      name,
      sha256,
    }),
  )
}
