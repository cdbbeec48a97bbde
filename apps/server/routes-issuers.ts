/** Other issuers that points here trust. spec/keys.md (KEY-9). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { foreignIssuerSchema } from '../../src/core/issuer.ts'
import { personActor } from '../../src/registry/context.ts'
import { approvalOf, approve } from '../../src/registry/gestures.ts'
import {
  dropIssuer,
  issuerApproval,
  listIssuers,
  proposeIssuer,
  showIssuer,
} from '../../src/registry/issuers.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { gestureRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, reason } from './schemas.ts'

const view = z.object({
  id: z.string(),
  status: z.enum(['proposed', 'trusted', 'replaced', 'dropped']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
  issuer: foreignIssuerSchema,
})
/** Of the trust list that the change makes. */
const seq = z.int()

export function issuerRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/issuers',
      summary: 'Propose to trust an issuer as its record says; someone else approves it',
      middleware: operator,
      request: { body: body(z.strictObject({ issuer: foreignIssuerSchema })) },
      responses: answers('Proposed', z.object({ id: z.string(), proposal: z.int() })),
    }),
    async (c) =>
      c.json(await proposeIssuer(registry, callerId(c, 'person'), c.req.valid('json').issuer), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/issuers',
      summary: 'Other issuers that are trusted or proposed',
      middleware: operator,
      responses: answers('Issuers', z.object({ issuers: z.array(view) })),
    }),
    async (c) => c.json({ issuers: await registry.store.query(listIssuers) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/issuers/{id}',
      summary: 'A record that was proposed, whatever became of it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The record', view),
    }),
    async (c) => c.json(await registry.store.query((db) => showIssuer(db, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/issuers/drop',
      summary: 'Trust an issuer no more, and nothing that is proposed of its name',
      middleware: operator,
      request: { body: body(z.strictObject({ iss: z.string().min(1).max(256), reason })) },
      responses: answers('Dropped', z.object({ seq })),
    }),
    async (c) => {
      const input = c.req.valid('json')
      const actor = personActor(callerId(c, 'person'))
      return c.json(await dropIssuer(registry, actor, input.iss, input.reason), 200)
    },
  )

  gestureRoutes(app, ctx, {
    path: '/v1/issuers/{id}',
    params: idParam,
    ends: { show: 'approval', take: 'approve' },
    act: z.object({
      act: z.literal('issuer.trust'),
      approver: z.string(),
      issuer: foreignIssuerSchema,
      proposal: z.int(),
      seq,
    }),
    show: 'What the caller signs to trust the issuer',
    take: 'Trust the issuer with a gesture, in place of an earlier record of its name',
    answer: { description: 'Trusted', schema: z.object({ acted_alone: z.boolean(), seq }) },
    shown: (person, key) => approvalOf(registry, issuerApproval, person, key),
    async taken(person, key, parts) {
      const { act, acted_alone } = await approve(registry, issuerApproval, person, key, parts)
      return { acted_alone, seq: act.seq }
    },
  })
}
