/** Oversight and isolation of agents, the response policy, capacity. spec/isolation.md, spec/capacity.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { responsePolicySchema } from '../../src/core/response-policy.ts'
import { responseBodies } from '../../src/log/response-bodies.ts'
import { isolateAgent, isolationLifting } from '../../src/registry/isolations.ts'
import { beginOversight, oversightEnding } from '../../src/registry/oversight.ts'
import { responsePolicies, responsePolicyInForce } from '../../src/registry/response-policies.ts'
import { listSamples } from '../../src/respond/capacity.ts'
import { LEVELS } from '../../src/respond/levels.ts'
import { listStandings, standingOf } from '../../src/respond/respond.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { policyRoutes } from './policy-routes.ts'
import { answers, body, idParam } from './schemas.ts'

const standing = z.object({
  agent: z.string(),
  level: z.enum(LEVELS),
  step_up: z.int(),
  because: z.string().nullable(),
  isolated: z.int().nullable(),
  signs: z.array(z.object({ rule: z.string(), time: z.int(), entries: z.array(z.int()) })),
})
export function isolationRoutes(app: App, ctx: ServerContext): void {
  agentRoutes(app, ctx)
  settingRoutes(app, ctx)
  const agentAct = { agent: z.string(), approver: z.string() }
  secondPersonRoutes(app, ctx, isolationLifting, {
    path: '/v1/agents/{id}/isolation',
    params: idParam,
    act: z.object({ act: z.literal('isolation.lift'), incident: z.string(), begun: z.int(), ...agentAct }),
    ends: { show: 'lifting', take: 'lift' },
    done: 'Lifted',
    show: 'What the caller signs to let the agent go',
    take: 'Lift the isolation of an agent with a gesture; not by who owns it',
  })
  secondPersonRoutes(app, ctx, oversightEnding(ctx.registry), {
    path: '/v1/agents/{id}/oversight',
    params: idParam,
    act: z.object({ act: z.literal('oversight.end'), n: z.int(), begun: z.int(), ...agentAct }),
    ends: { show: 'ending', take: 'end' },
    done: 'Ended',
    show: 'What the caller signs to end the oversight of the agent',
    take: 'End the oversight of an agent with a gesture; not by who owns it',
  })
}

function agentRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/isolation',
      summary: 'Agents that are watched, overseen or isolated, the gravest first',
      middleware: operator,
      responses: answers('Agents', z.object({ agents: z.array(standing) })),
    }),
    async (c) => {
      const now = await store.now()
      const agents = await store.query((db) => listStandings(db, now))
      return c.json(z.object({ agents: z.array(standing) }).parse({ agents }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/{id}/isolation',
      summary: 'The level of an agent, and why',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Its level', standing),
    }),
    async (c) => {
      const now = await store.now()
      return c.json(
        standing.parse(await store.query((db) => standingOf(db, c.req.valid('param').id, now))),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/isolate',
      summary: 'Isolate an agent at once: its keys are revoked, and an incident is opened',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ title: z.string().min(1).max(256) })) },
      responses: answers(
        'Isolated',
        z.object({ incident: z.string(), entry: z.int(), frames: z.array(z.int()) }),
      ),
    }),
    async (c) => {
      const { title } = c.req.valid('json')
      const done = await isolateAgent(registry, callerId(c, 'person'), c.req.valid('param').id, title)
      const frames = done.frames.map(({ frame }) => frame.seq)
      return c.json({ incident: done.incident, entry: done.entry, frames }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/oversight',
      summary: 'Oversee an agent at once: a person is asked for its calls that have an effect',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Overseen', z.object({ n: z.int(), entry: z.int() })),
    }),
    async (c) => c.json(await beginOversight(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )
}

function settingRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  policyRoutes(app, ctx, responsePolicies, {
    path: '/v1/response-policies',
    words: 'response policy',
    act: 'response_policy.approve',
    schema: responsePolicySchema,
    inForce: { schema: responsePolicySchema, read: responsePolicyInForce },
  })

  const sample = responseBodies['capacity.sampled'].extend({ entry: z.int() })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/capacity',
      summary: 'Hourly samples of the control plane, the latest first',
      middleware: operator,
      responses: answers('Samples', z.object({ samples: z.array(sample) })),
    }),
    async (c) => c.json({ samples: await store.query(listSamples) }, 200),
  )
}
