/** What an auditor asks for, says and takes away. spec/preview.md (PRV-11 to PRV-14). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { hex } from '../../src/core/encoding.ts'
import { aboutSchema, commentedSchema, type Commented } from '../../src/log/preview-bodies.ts'
import {
  askForEvidence,
  commentOn,
  listComments,
  listEvidenceRequests,
  recordExport,
  recordLook,
} from '../../src/registry/preview-acts.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { download, notInScope } from './preview-answers.ts'
import { commentShown, requestShown, words } from './preview-schemas.ts'
import { previewOf, type Previewers } from './previewer.ts'
import { answers, body } from './schemas.ts'

type Auditor = ReturnType<Previewers['middleware']>

const extracted = z.object({ bytes: z.instanceof(Uint8Array), entries_n: z.int() })
const entry = z.object({ entry: z.int() })

export function previewTalk(app: App, ctx: ServerContext, auditor: Auditor): void {
  requestRoutes(app, ctx, auditor)
  commentRoutes(app, ctx, auditor)
  exportRoute(app, ctx, auditor)
}

/** @throws {ApiError} `NOT_IN_SCOPE` */
async function assertInScope(ctx: ServerContext, c: Context<AppEnv>, about: Commented | null): Promise<void> {
  if (about === null || about.kind === 'request') return
  const { criteria, period } = previewOf(c)
  const source = await ctx.previews.of(period)
  const { answer } = await ctx.previews.ask(source, { what: 'has', criteria, about })
  if (answer !== true) throw notInScope()
}

function requestRoutes(app: App, ctx: ServerContext, auditor: Auditor): void {
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/requests',
      summary: 'What this auditor asked for, with the answers',
      middleware: auditor,
      responses: answers('Requests', z.object({ requests: z.array(requestShown) })),
    }),
    async (c) => {
      const { id } = previewOf(c).row
      const requests = await registry.store.query((db) => listEvidenceRequests(registry, db, id))
      await recordLook(registry, id, { kind: 'requests', id: null, size: 0 })
      return c.json({ requests }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/requests',
      summary: 'Ask for evidence',
      middleware: auditor,
      request: { body: body(z.strictObject({ about: aboutSchema.nullable(), text: words })) },
      responses: answers('Asked', z.object({ request: z.string(), entry: z.int() })),
    }),
    async (c) => {
      const asked = c.req.valid('json')
      await assertInScope(ctx, c, asked.about)
      return c.json(await askForEvidence(registry, previewOf(c).row.id, asked), 200)
    },
  )
}

function commentRoutes(app: App, ctx: ServerContext, auditor: Auditor): void {
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/comments',
      summary: 'Comments of this preview, in order',
      middleware: auditor,
      responses: answers('Comments', z.object({ comments: z.array(commentShown) })),
    }),
    async (c) => {
      const { id } = previewOf(c).row
      const comments = await registry.store.query((db) => listComments(registry, db, id))
      await recordLook(registry, id, { kind: 'comments', id: null, size: 0 })
      return c.json({ comments }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/comments',
      summary: 'Comment on something in scope, or on a request of this preview',
      middleware: auditor,
      request: { body: body(z.strictObject({ about: commentedSchema, text: words })) },
      responses: answers('Said', entry),
    }),
    async (c) => {
      const said = c.req.valid('json')
      await assertInScope(ctx, c, said.about)
      return c.json({ entry: await commentOn(registry, previewOf(c).row.id, null, said) }, 200)
    },
  )
}

function exportRoute(app: App, ctx: ServerContext, auditor: Auditor): void {
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/export',
      summary: 'An extract: what is in scope, with proofs of the entries that it rests on',
      middleware: auditor,
      responses: {
        ...answers('Unused', z.never()),
        200: { description: 'The extract', content: { 'application/zip': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const { row, criteria, period } = previewOf(c)
      const source = await ctx.previews.of(period)
      const { answer } = await ctx.previews.ask(source, { what: 'extract', criteria, preview: row.id })
      const { bytes, entries_n } = extracted.parse(answer)
      const sha256 = hex(registry.crypto.sha256(bytes))
      await recordExport(registry, row.id, { size: source.size, sha256, entries_n })
      return download(c, bytes, `${row.id}-${source.size}.zip`, 'application/zip')
    },
  )
}
