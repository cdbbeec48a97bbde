/**
 * What an auditor looks at. spec/preview.md (PRV-7 to PRV-10).
 * Invariant: an answer is given after the entry that says what it is of; what is out of scope is not told from what is not there.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { viewPreview } from '../../src/registry/previews.ts'
import type { App, ServerContext } from './context.ts'
import { download, looked } from './preview-answers.ts'
import {
  actionShown,
  entryShown,
  fromQuery,
  lookedId,
  overviewShown,
  previewShown,
  rowsPage,
  testPage,
  treeShown,
} from './preview-schemas.ts'
import { previewOf, Previewers } from './previewer.ts'
import { previewDoor } from './routes-preview-door.ts'
import { previewTalk } from './routes-preview-talk.ts'
import { answers } from './schemas.ts'

export function auditorRoutes(app: App, ctx: ServerContext): void {
  const previewers = new Previewers(ctx)
  const auditor = previewers.middleware()
  previewDoor(app, ctx, previewers)
  overviewRoute(app, ctx, auditor)
  censusRoutes(app, ctx, auditor)
  evidenceRoutes(app, ctx, auditor)
  previewTalk(app, ctx, auditor)
}

type Auditor = ReturnType<Previewers['middleware']>

function overviewRoute(app: App, ctx: ServerContext, auditor: Auditor): void {
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview',
      summary: 'The preview, and what it shows: criteria with their controls, tests and populations',
      middleware: auditor,
      responses: answers(
        'The overview',
        z.object({ grant: previewShown, tree: treeShown, ...overviewShown.shape }),
      ),
    }),
    async (c) => {
      const look = { kind: 'overview', id: null } as const
      const { tree, value } = await looked(ctx, c, look, { what: 'overview' }, overviewShown)
      const now = await registry.store.now()
      const { row } = previewOf(c)
      const grant = await registry.store.query((db) => viewPreview(registry, db, row, now))
      return c.json({ grant, tree, ...value }, 200)
    },
  )
}

function censusRoutes(app: App, ctx: ServerContext, auditor: Auditor): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/tests/{number}',
      summary: 'What a test came to, with its deviations from one on',
      middleware: auditor,
      request: {
        params: z.strictObject({ number: z.coerce.number().int().positive() }),
        query: fromQuery,
      },
      responses: answers('The test', z.object({ tree: treeShown, ...testPage.shape })),
    }),
    async (c) => {
      const { number } = c.req.valid('param')
      const question = { what: 'test', number, ...c.req.valid('query') } as const
      const look = { kind: 'test', id: String(number) } as const
      const { tree, value } = await looked(ctx, c, look, question, testPage)
      return c.json({ tree, ...value }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/populations/{name}',
      summary: 'Rows of a population, from one on',
      middleware: auditor,
      request: { params: z.strictObject({ name: lookedId }), query: fromQuery },
      responses: answers('A page', z.object({ tree: treeShown, ...rowsPage.shape })),
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const question = { what: 'rows', name, ...c.req.valid('query') } as const
      const { tree, value } = await looked(ctx, c, { kind: 'population', id: name }, question, rowsPage)
      return c.json({ tree, ...value }, 200)
    },
  )
}

const FILE_TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' } as const

function evidenceRoutes(app: App, ctx: ServerContext, auditor: Auditor): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/populations/{name}/file',
      summary: 'The whole of a population, as the pack has it',
      middleware: auditor,
      request: {
        params: z.strictObject({ name: lookedId }),
        query: z.strictObject({ format: z.enum(['csv', 'jsonl']).default('csv') }),
      },
      responses: {
        ...answers('Unused', z.never()),
        200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { format } = c.req.valid('query')
      const file = `${name}.${format}`
      const look = { kind: 'download', id: file } as const
      const { value } = await looked(ctx, c, look, { what: 'file', name, format }, z.instanceof(Uint8Array))
      return download(c, value, file, FILE_TYPES[format])
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/actions/{id}',
      summary:
        'The story of an action: who authorized the agent, under what scope, in which entries that stands',
      middleware: auditor,
      request: { params: z.strictObject({ id: lookedId }) },
      responses: answers('The story', z.object({ tree: treeShown, ...actionShown.shape })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const question = { what: 'action', action: id } as const
      const { tree, value } = await looked(ctx, c, { kind: 'action', id }, question, actionShown)
      return c.json({ tree, ...value }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/preview/entries/{index}',
      summary: 'An entry that a row or a deviation names, with the proof that it is in the tree',
      middleware: auditor,
      request: { params: z.strictObject({ index: z.coerce.number().int().nonnegative() }) },
      responses: answers('The entry', z.object({ tree: treeShown, ...entryShown.shape })),
    }),
    async (c) => {
      const { index } = c.req.valid('param')
      const look = { kind: 'entry', id: String(index) } as const
      const { tree, value } = await looked(ctx, c, look, { what: 'entry', index }, entryShown)
      return c.json({ tree, ...value }, 200)
    },
  )
}
