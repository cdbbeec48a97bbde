/** What agents did, what was decided and how it ended; what the log says about one agent. spec/api.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { findAction, listActions, timelineOf, type ActionView } from '../../src/registry/actions.ts'
import { findAgent } from '../../src/registry/agents.ts'
import { delegationTerms, type SegmentView } from '../../src/registry/chain-views.ts'
import { grantSchema } from '../../src/token/grant.ts'
import type { App, ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { jtiParam } from './routes-delegations.ts'
import { answers, idParam } from './schemas.ts'

const PAGE_MAX = 200
const record = z.record(z.string(), z.unknown())
const index = z.coerce.number().int().nonnegative()
const page = {
  before: index.optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(50),
}
const name = z.string().min(1).max(256).optional()

const actionAnswer = z.object({
  action: z.string(),
  entry: z.int(),
  time: z.string(),
  agent: z.string().nullable(),
  point: z.string(),
  server: z.string(),
  tool: z.string(),
  decision: z.enum(['allow', 'deny', 'step_up']),
  reasons: z.array(z.string()).readonly(),
  outcome: z.enum(['finished', 'failed', 'stopped', 'unknown']).nullable(),
  approval: z.string().nullable(),
  delegation: z.string().nullable(),
  canary: z.boolean(),
})
const segment = z.object({
  id: z.string(),
  parent: z.string().nullable(),
  agent: z.string().nullable(),
  entry: z.int(),
  grants: z.array(z.object({ digest: z.string(), grant: grantSchema })),
  payload: record.nullable(),
})
const detail = actionAnswer.extend({
  receipt: record,
  ended: z.object({ entry: z.int(), receipt: record }).nullable(),
  chain: z.array(segment),
})
const next = z.int().nullable()

function segmentBody({ grants, payload, ...rest }: SegmentView): z.infer<typeof segment> {
  const { gestures: _gestures, ...said } = payload ?? {}
  return { ...rest, grants: [...grants], payload: payload === null ? null : said }
}

export function actionRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/actions',
      summary: 'What was decided, newest first; go on below `next`',
      middleware: operator,
      request: {
        query: z.strictObject({
          ...page,
          agent: name,
          point: name,
          server: name,
          tool: name,
          decision: z.enum(['allow', 'deny', 'step_up']).optional(),
          reason: name,
          delegation: name,
          person: name,
          canary: z.enum(['true', 'false']).default('false'),
        }),
      },
      responses: answers('Actions', z.object({ actions: z.array(actionAnswer), next, size: z.int() })),
    }),
    async (c) => {
      const { before, limit, canary, ...filter } = c.req.valid('query')
      const back = await store.query((db) =>
        listActions(
          { db, entries: store.entries },
          { ...filter, canary: canary === 'true' },
          { before, limit },
        ),
      )
      return c.json({ actions: [...back.found], next: back.next, size: back.size }, 200)
    },
  )
  actionRoute(app, ctx)
  aboutRoutes(app, ctx)
}

function actionRoute(app: App, ctx: ServerContext): void {
  const { store, crypto } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/actions/{action}',
      summary: 'One action: decision, outcome, and the chain it was decided by',
      middleware: who(ctx, 'person'),
      request: {
        params: z.strictObject({ action: z.string().min(1).max(64) }),
        query: z.strictObject({ entry: index.optional() }),
      },
      responses: answers('The action', detail),
    }),
    async (c) => {
      const { action } = c.req.valid('param')
      const { entry } = c.req.valid('query')
      const found = await store.query((db) =>
        findAction({ db, crypto, entries: store.entries }, action, entry),
      )
      return c.json(detail.parse(viewBody(found)), 200)
    },
  )
}

function viewBody({ chain, receipt, ended, ...action }: ActionView) {
  return { ...action, receipt: { ...receipt }, ended, chain: chain.map(segmentBody) }
}

function aboutRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store, crypto } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/{id}/timeline',
      summary: 'Entries about the agent, newest first; go on below `next`',
      middleware: operator,
      request: { params: idParam, query: z.strictObject(page) },
      responses: answers(
        'Entries',
        z.object({ entries: z.array(z.object({ index: z.int(), entry: record })), next }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const back = await store.query(async (db) => {
        await findAgent(db, id)
        return timelineOf({ db, entries: store.entries }, id, c.req.valid('query'))
      })
      const entries = back.found.map(({ index: at, entry }) => ({ index: at, entry: record.parse(entry) }))
      return c.json({ entries, next: back.next }, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/delegations/{jti}/terms',
      summary: 'What a delegation and each hop below it allow, and who signed, as the log has it',
      middleware: operator,
      request: { params: jtiParam },
      responses: answers(
        'The terms',
        z.object({
          segments: z.array(segment),
          signers: z.array(z.object({ person: z.string(), role: z.string() })),
          is_cut: z.boolean(),
        }),
      ),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      const terms = await store.query((db) => delegationTerms({ db, crypto, entries: store.entries }, jti))
      return c.json({ ...terms, segments: terms.segments.map(segmentBody), signers: [...terms.signers] }, 200)
    },
  )
}
