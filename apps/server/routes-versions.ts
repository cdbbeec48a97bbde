/** Versions of agents: proposal, approval by somebody else, statements. spec/inventory.md (VER-1 to VER-7). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { manifestSchema } from '../../src/core/manifest.ts'
import { personActor } from '../../src/registry/context.ts'
import {
  issueVersionStatement,
  listVersions,
  proposeVersion,
  versionApproval,
  withdrawVersion,
} from '../../src/registry/versions.ts'
import { callerActor, callerId, type App, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam, ok, reasonBody } from './schemas.ts'

const which = z.object({ id: z.string().max(64), manifest: digest })
const versionAnswer = z.object({
  manifest: z.string(),
  document: manifestSchema,
  status: z.enum(['proposed', 'approved', 'withdrawn']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
})

export function versionRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/versions',
      summary: 'Propose a version of an agent; someone else approves it',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ manifest: manifestSchema })) },
      responses: answers('Proposed', z.object({ manifest: z.string(), proposal: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { manifest } = c.req.valid('json')
      return c.json(await proposeVersion(ctx.registry, callerActor(c), id, manifest), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/{id}/versions',
      summary: 'Versions of an agent, in the order in which they were proposed',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Versions', z.object({ versions: z.array(versionAnswer) })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json({ versions: await store.query((db) => listVersions(db, id)) }, 200)
    },
  )

  secondPersonRoutes(app, ctx, versionApproval, {
    path: '/v1/agents/{id}/versions/{manifest}',
    params: which,
    act: z.object({
      act: z.literal('version.approve'),
      agent: z.string(),
      manifest: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve the version',
    take: 'Approve a version with a gesture',
  })
  lifeRoutes(app, ctx)
}

function lifeRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/versions/{manifest}/withdraw',
      summary: 'No new delegation names the version',
      middleware: who(ctx, 'person'),
      request: { params: which, body: body(reasonBody) },
      responses: answers('Withdrawn', ok),
    }),
    async (c) => {
      const { id: agent, manifest } = c.req.valid('param')
      const actor = personActor(callerId(c, 'person'))
      await withdrawVersion(ctx.registry, actor, { agent, manifest }, c.req.valid('json').reason)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/versions/{manifest}/statements',
      summary: 'A statement of at most 24 hours that the version is approved',
      middleware: who(ctx, 'person', 'agent'),
      request: { params: which },
      responses: answers('Issued', z.object({ statement: z.string(), exp: z.int() })),
    }),
    async (c) => {
      const { id: agent, manifest } = c.req.valid('param')
      const caller = c.get('caller')
      if (caller.kind === 'agent' && caller.id !== agent)
        throw new ApiError('FORBIDDEN', 'an agent gets statements of its own versions only')
      const actor = { kind: caller.kind, id: caller.id }
      return c.json(await issueVersionStatement(ctx.registry, actor, { agent, manifest }), 200)
    },
  )
}
