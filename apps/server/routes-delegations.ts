/** Delegations: draft, seal, look up. The caller is the principal; what others do is in routes-drafts.ts. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { getDelegation, listDelegations } from '../../src/registry/delegation-views.ts'
import { DELEGATION_TTL_S_MAX, draftDelegation, sealDelegation } from '../../src/registry/delegations.ts'
import type { Shown } from '../../src/registry/drafts.ts'
import { GRANTS_MAX, HOPS_MAX } from '../../src/token/constants.ts'
import { grantSchema } from '../../src/token/grant.ts'
import { approversSchema } from '../../src/token/template.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest, gestureParts } from './schemas.ts'

const PAGE_MAX = 1_000
export const jtiParam = z.strictObject({ jti: z.string().min(1).max(64) })
const delegation = z.object({
  jti: z.string(),
  agent: z.string(),
  principal: z.string(),
  exp: z.int(),
  issued: z.int(),
  revoked: z.boolean(),
  consent: z.string().nullable(),
})
const draftInput = z.strictObject({
  agent: z.string().max(64),
  jkt: digest,
  aud: z.array(z.string().max(64)).min(1).max(16),
  grants: z.array(grantSchema).min(1).max(GRANTS_MAX),
  ttl_s: z.int().min(1).max(DELEGATION_TTL_S_MAX),
  depth_max: z.int().min(0).max(HOPS_MAX),
  instruction: z.string().min(1).max(4096).exactOptional(),
  sub: z.string().min(1).max(256).exactOptional(),
  approvers: approversSchema.exactOptional(),
  consent: z.string().max(64).exactOptional(),
  emergency: z.string().max(64).exactOptional(),
})
const record = z.record(z.string(), z.unknown())
export const shownAnswer = z.object({
  header: record,
  payload: record,
  grants: z.array(grantSchema),
  disclosures: z.array(z.string()),
})

/** As an answer wants it: nothing read-only. */
export function shownBody({ header, payload, grants, disclosures }: Shown): z.infer<typeof shownAnswer> {
  return {
    header: { ...header },
    payload: { ...payload },
    grants: [...grants],
    disclosures: [...disclosures],
  }
}

export function delegationRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/delegations/drafts',
      summary: 'Draft a delegation; show what it says, then make the gesture over the challenge',
      middleware: operator,
      request: { body: body(draftInput) },
      responses: answers(
        'Good for 10 minutes; for 24 hours when others approve it too',
        z.object({
          jti: z.string(),
          challenge: z.string(),
          shown: shownAnswer,
          approvers: approversSchema.nullable(),
          expires: z.int(),
        }),
      ),
    }),
    async (c) => {
      const { shown, ...rest } = await draftDelegation(
        ctx.registry,
        callerId(c, 'person'),
        c.req.valid('json'),
      )
      return c.json({ ...rest, shown: shownBody(shown) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/delegations/drafts/{jti}/seal',
      summary: 'Seal a draft with the gesture of its principal',
      middleware: operator,
      request: { params: jtiParam, body: body(gestureParts) },
      responses: answers(
        'The chain, for the agent, unless gestures of others are missing',
        z.object({ jti: z.string(), chain: z.string().exactOptional(), missing: z.int() }),
      ),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      const principal = callerId(c, 'person')
      const { chain, ...rest } = await sealDelegation(ctx.registry, principal, jti, c.req.valid('json'))
      return c.json(chain === null ? rest : { ...rest, chain }, 200)
    },
  )
  lookupRoutes(app, ctx)
}

function lookupRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/delegations',
      summary: 'Delegations, newest first',
      middleware: operator,
      request: {
        query: z.strictObject({
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
          before: z.string().max(64).optional(),
          agent: z.string().max(64).optional(),
          status: z.enum(['in_force', 'expired', 'revoked']).optional(),
        }),
      },
      responses: answers('Delegations', z.object({ delegations: z.array(delegation) })),
    }),
    async (c) => {
      const { limit, ...filter } = c.req.valid('query')
      const { store } = ctx.registry
      const now_ms = await store.now()
      const rows = await store.query((db) => listDelegations(db, limit, filter, now_ms))
      return c.json({ delegations: rows }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/delegations/{jti}',
      summary: 'A delegation; with its chain for its principal alone',
      middleware: operator,
      request: { params: jtiParam },
      responses: answers('The delegation', delegation.extend({ chain: z.string().exactOptional() })),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      const { chain, ...rest } = await ctx.registry.store.query((db) => getDelegation(ctx.registry, db, jti))
      return c.json(rest.principal === c.get('caller').id ? { ...rest, chain } : rest, 200)
    },
  )
}
