/** Agents: proposal, approval, life, keys and statements. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { manifestSchema } from '../../src/core/manifest.ts'
import { AgentNames, searchAgents } from '../../src/registry/agent-search.ts'
import { addAgentKey, issueStatement } from '../../src/registry/agent-keys.ts'
import {
  activateAgent,
  agentApproval,
  getAgent,
  listAgents,
  proposeAgent,
  retireAgent,
  suspendAgent,
} from '../../src/registry/agents.ts'
import { personActor } from '../../src/registry/context.ts'
import { callerActor, callerId, type App, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { seenOf } from './fleet-view.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, digest, framesAnswer, idParam, jwk, name, ok, reasonBody } from './schemas.ts'

/** Of one page. */
const SEARCHED_MAX = 500
const status = z.enum(['proposed', 'approved', 'active', 'suspended', 'retired'])

const agentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  class: z.string(),
  purpose: z.string(),
  systems: z.array(z.string()).readonly(),
  manifest: z.string(),
  proposal: z.int(),
  proposer: z.string(),
  status,
  keys: z.array(z.object({ jkt: z.string(), revoked: z.boolean() })).readonly(),
})

export function agentRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  const names = new AgentNames()

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents',
      summary: 'Propose an agent; the caller owns it, or the owner of the program that calls',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            name,
            class: z.string().min(1).max(64),
            purpose: z.string().min(1).max(512),
            systems: z.array(z.string().max(64)).max(64),
            manifest: manifestSchema,
          }),
        ),
      },
      responses: answers(
        'Proposed',
        z.object({ agent: z.string(), proposal: z.int(), manifest: z.string() }),
      ),
    }),
    async (c) => {
      const input = c.req.valid('json')
      return c.json(await proposeAgent(ctx.registry, callerActor(c), input), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents',
      summary: 'Agents',
      middleware: operator,
      responses: answers('Agents', z.object({ agents: z.array(agentAnswer) })),
    }),
    async (c) => c.json({ agents: await store.query(listAgents) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agent-names',
      summary: 'What agents are called',
      middleware: operator,
      responses: answers(
        'Names',
        z.object({ agents: z.array(z.object({ id: z.string(), name: z.string() })).readonly() }),
      ),
    }),
    async (c) => c.json({ agents: await store.query((db) => names.of(db)) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/search',
      summary: 'Agents that are looked for, a page at a time: go on behind `next`',
      middleware: operator,
      request: {
        query: z.strictObject({
          after: z.string().max(64).default(''),
          limit: z.coerce.number().int().min(1).max(SEARCHED_MAX).default(100),
          status: status.exactOptional(),
          find: z.string().min(1).max(256).exactOptional(),
          /** Comma-separated. */
          owners: z
            .string()
            .max(4_096)
            .default('')
            .transform((text) => text.split(',').filter((id) => id !== '')),
        }),
      },
      responses: answers(
        'A page',
        z.object({
          agents: z.array(agentAnswer.extend({ seen: z.int().nullable() })).readonly(),
          next: z.string().nullable(),
        }),
      ),
    }),
    async (c) =>
      c.json(
        await store.query(async (db) => {
          const { agents, next } = await searchAgents(db, c.req.valid('query'))
          const ids = agents.map(({ id }) => id)
          const seen = await seenOf(db, 'agent', ids)
          return { agents: agents.map((agent) => ({ ...agent, seen: seen.get(agent.id) ?? null })), next }
        }),
        200,
      ),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/agents/{id}',
      summary: 'An agent',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The agent', agentAnswer),
    }),
    async (c) => c.json(await store.query((db) => getAgent(db, c.req.valid('param').id)), 200),
  )

  secondPersonRoutes(app, ctx, agentApproval, {
    path: '/v1/agents/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('agent.approve'),
      agent: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve the agent',
    take: 'Approve an agent with a gesture',
  })
  lifeRoutes(app, ctx)
  keyRoutes(app, ctx)
}

function lifeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/activate',
      summary: 'Activate an approved or suspended agent',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Active', ok),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      await activateAgent(ctx.registry, actor, c.req.valid('param').id, c.req.valid('json').reason)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/suspend',
      summary: 'Isolate an agent: its keys are revoked for ever',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Suspended', framesAnswer),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const frames = await suspendAgent(ctx.registry, callerActor(c), id, c.req.valid('json').reason)
      return c.json(await acknowledged(ctx, frames), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/retire',
      summary: 'Retire an agent for ever',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Retired', framesAnswer),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      const { id } = c.req.valid('param')
      const frames = await retireAgent(ctx.registry, actor, id, c.req.valid('json').reason)
      return c.json(await acknowledged(ctx, frames), 200)
    },
  )
}

function keyRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/keys',
      summary: 'Register a key of the agent',
      middleware: who(ctx, 'person'),
      request: { params: idParam, body: body(z.strictObject({ jwk })) },
      responses: answers('Registered', z.object({ jkt: z.string() })),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      const key = publicJwk(c.req.valid('json').jwk)
      return c.json(await addAgentKey(ctx.registry, actor, c.req.valid('param').id, key), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/agents/{id}/statements',
      summary: 'A statement of at most 24 hours that names the agent behind one of its keys',
      middleware: who(ctx, 'person', 'agent'),
      request: {
        params: idParam,
        body: body(z.union([z.strictObject({ jkt: digest }), z.strictObject({ jwk })])),
      },
      responses: answers('Issued', z.object({ statement: z.string(), exp: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const caller = c.get('caller')
      if (caller.kind === 'agent' && caller.id !== id) {
        throw new ApiError('FORBIDDEN', 'an agent gets statements of its own keys only')
      }
      const input = c.req.valid('json')
      const jkt = 'jkt' in input ? input.jkt : thumbprint(ctx.registry.crypto, publicJwk(input.jwk))
      const actor = { kind: caller.kind, id: caller.id }
      return c.json(await issueStatement(ctx.registry, actor, id, jkt), 200)
    },
  )
}
