/** Baselines, drift policies, and where agents stand. spec/drift.md (DRF-9, DRF-26, DRF-27). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { driftPolicySchema } from '../../src/core/drift-policy.ts'
import { baselineApproval, findBaseline, listBaselines } from '../../src/registry/baselines.ts'
import { driftStanding } from '../../src/registry/drift-levels.ts'
import {
  driftPolicyApproval,
  driftPolicyInForce,
  listDriftPolicies,
  proposeDriftPolicy,
} from '../../src/registry/drift-policies.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const level = z.enum(['none', 'watch', 'step_up', 'isolate'])
const policyView = z.object({
  id: z.string(),
  status: z.enum(['waiting', 'active', 'replaced']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
  policy: driftPolicySchema,
})
const baselineView = z.object({
  id: z.string(),
  agent: z.string(),
  epoch: z.string(),
  status: z.enum(['waiting', 'approved']),
  digest: z.string(),
  sessions: z.int(),
  proposal: z.int(),
  approval: z.int().nullable(),
})
const standingView = z.object({
  level,
  alarm: z.object({ entry: z.int(), time_ms: z.int() }).nullable(),
  epochs: z.array(
    z.object({
      epoch: z.string(),
      agent: z.string(),
      manifest: z.string(),
      tools: z.string(),
      task_class: z.string(),
      level,
      warm: z.int(),
      scored: z.int(),
      entry: z.int(),
      alarm: z.int().nullable(),
      alarmed: z.int().nullable(),
    }),
  ),
})
const policyAct = z.object({
  act: z.literal('drift_policy.approve'),
  policy: z.string(),
  proposal: z.int(),
  approver: z.string(),
})
const baselineAct = z.object({
  act: z.literal('baseline.approve'),
  baseline: z.string(),
  document: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

export function driftRoutes(app: App, ctx: ServerContext): void {
  policyRoutes(app, ctx)
  baselineRoutes(app, ctx)
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/{id}/drift',
      summary: 'The level of an agent, its last alarm, and the epochs that count',
      middleware: who(ctx, 'person'),
      request: { params: idParam },
      responses: answers('Where it stands; level none where nothing was scored', standingView),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { epochs, ...standing } = await ctx.registry.store.query((db) => driftStanding(db, id))
      return c.json({ ...standing, epochs: [...epochs] }, 200)
    },
  )
}

function policyRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/drift-policies',
      summary: 'Propose a drift policy, which another person approves',
      middleware: operator,
      request: { body: body(driftPolicySchema) },
      responses: answers('Proposed', z.object({ policy: z.string(), proposal: z.int() })),
    }),
    async (c) =>
      c.json(await proposeDriftPolicy(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/drift-policies',
      summary: 'Drift policies, newest first, and the one in force',
      middleware: operator,
      responses: answers(
        'Drift policies',
        z.object({ policies: z.array(policyView), in_force: driftPolicySchema }),
      ),
    }),
    async (c) => {
      const policies = await store.query(listDriftPolicies)
      return c.json({ policies, in_force: await store.query(driftPolicyInForce) }, 200)
    },
  )
  secondPersonRoutes(app, ctx, driftPolicyApproval, {
    path: '/v1/drift-policies/{id}',
    params: idParam,
    act: policyAct,
    show: 'What the caller signs to approve the policy',
    take: 'Approve a drift policy with a gesture: it is in force from then on, in place of any before',
  })
}

function baselineRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/baselines',
      summary: 'Baselines, newest first, without their documents',
      middleware: operator,
      responses: answers('Baselines', z.object({ baselines: z.array(baselineView) })),
    }),
    async (c) => c.json({ baselines: await store.query(listBaselines) }, 200),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/baselines/{id}',
      summary: 'A baseline with its document, as the digest is over it',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'The baseline; the document is null until it was learned again after a rebuild',
        baselineView.extend({ document: z.string().nullable() }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await store.query((db) => findBaseline(db, id)), 200)
    },
  )
  secondPersonRoutes(app, ctx, baselineApproval, {
    path: '/v1/baselines/{id}',
    params: idParam,
    act: baselineAct,
    show: 'What the caller signs to approve the baseline',
    take: 'Approve a baseline with a gesture: sessions of its epoch may count from then on',
  })
}
