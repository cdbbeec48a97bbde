/** Notices, bases that are no consent, and consent managers. spec/consent.md (CNS-5 to CNS-8, CNS-13). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { basisSchema, noticeSchema } from '../../src/core/consent.ts'
import { managerSchema } from '../../src/log/consent-bodies.ts'
import { basisApproval, endBasis, listBases, proposeBasis } from '../../src/registry/bases.ts'
import { listManagers, managerApproval, proposeManager, removeManager } from '../../src/registry/managers.ts'
import { listNotices, noticeApproval, proposeNotice, restoreText } from '../../src/registry/notices.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, framesAnswer, idParam, jwk, ok, reasonBody } from './schemas.ts'

const index = z.int().nonnegative()
const standing = { id: z.string(), proposer: z.string(), proposal: index, approval: index.nullable() }
const over = { proposal: index, approver: z.string() }
/** A notice's words; their bytes are counted by the register. */
const text = z.string().min(1).max(65_536)

export function noticeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/notices',
      summary: 'Propose a notice with its text, which another person approves',
      middleware: operator,
      request: { body: body(z.strictObject({ notice: noticeSchema, text })) },
      responses: answers('Proposed', z.object({ notice: z.string(), proposal: index })),
    }),
    async (c) => c.json(await proposeNotice(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  const shown = z.object({
    ...standing,
    status: z.enum(['waiting', 'approved']),
    notice: noticeSchema,
    text: z.string().nullable(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/notices',
      summary: 'Notices, the newest first, with their texts',
      middleware: who(ctx, 'person', 'manager'),
      responses: answers('Notices', z.object({ notices: z.array(shown) })),
    }),
    async (c) => c.json({ notices: await store.query(listNotices) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/notices/{id}/text',
      summary: 'Give the text of a notice again, to a database that was rebuilt',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ text })) },
      responses: answers('Kept', ok),
    }),
    async (c) => {
      await restoreText(ctx.registry, c.req.valid('param').id, c.req.valid('json').text)
      return c.json({ ok: true as const }, 200)
    },
  )
  const act = z.object({ act: z.literal('notice.approve'), notice: z.string(), ...over })
  secondPersonRoutes(app, ctx, noticeApproval, {
    path: '/v1/notices/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the notice',
    take: 'Approve the notice with a gesture: it is in force from then on',
  })
  basisRoutes(app, ctx)
  managerRoutes(app, ctx)
}

function basisRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/bases',
      summary: 'Propose a basis that is no consent, which another person approves',
      middleware: operator,
      request: { body: body(basisSchema) },
      responses: answers('Proposed', z.object({ basis: z.string(), proposal: index })),
    }),
    async (c) => c.json(await proposeBasis(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  const shown = z.object({
    ...standing,
    status: z.enum(['waiting', 'approved', 'ended', 'expired']),
    basis: basisSchema,
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/bases',
      summary: 'Bases, the newest first, each with its status',
      middleware: operator,
      responses: answers('Bases', z.object({ bases: z.array(shown) })),
    }),
    async (c) => {
      const bases = await ctx.registry.store.query((db) => listBases(db, ctx.clock.now()))
      return c.json({ bases }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/bases/{id}/end',
      summary: 'End a basis before its time; idempotent. Points deny within the bound',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Ended', framesAnswer),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const frames = await endBasis(ctx.registry, callerId(c, 'person'), id, c.req.valid('json').reason)
      return c.json(await acknowledged(ctx, frames), 200)
    },
  )
  const act = z.object({ act: z.literal('basis.approve'), basis: z.string(), ...over })
  secondPersonRoutes(app, ctx, basisApproval, {
    path: '/v1/bases/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the basis',
    take: 'Approve the basis with a gesture: it is in force from then on',
  })
}

function managerRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/consent-managers',
      summary: 'Propose a consent manager with its key, which another person approves',
      middleware: operator,
      request: { body: body(managerSchema) },
      responses: answers('Proposed', z.object({ manager: z.string(), proposal: index })),
    }),
    async (c) => c.json(await proposeManager(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  const shown = z.object({
    id: z.string(),
    status: z.enum(['waiting', 'approved', 'removed']),
    proposer: z.string(),
    approval: index.nullable(),
    name: z.string(),
    jurisdiction: z.string(),
    jwk,
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/consent-managers',
      summary: 'Consent managers',
      middleware: operator,
      responses: answers('Managers', z.object({ managers: z.array(shown) })),
    }),
    async (c) => c.json({ managers: await ctx.registry.store.query(listManagers) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/consent-managers/{id}/remove',
      summary: 'Take no more consents from it; those that it gave stand',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await removeManager(ctx.registry, callerId(c, 'person'), id, c.req.valid('json').reason)
      return c.json({ ok: true as const }, 200)
    },
  )
  const act = z.object({ act: z.literal('manager.approve'), manager: z.string(), ...over })
  secondPersonRoutes(app, ctx, managerApproval, {
    path: '/v1/consent-managers/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the manager',
    take: 'Approve the manager with a gesture: it is in force from then on',
  })
}
