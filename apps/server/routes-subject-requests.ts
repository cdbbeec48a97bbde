/** What data subjects asked for, as their operator has it. spec/consent.md (CNS-30). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { REQUEST_OUTCOMES } from '../../src/log/consent-bodies.ts'
import { personActor } from '../../src/registry/context.ts'
import {
  closeRequest,
  extendRequest,
  listRequests,
  openRequest,
} from '../../src/registry/subject-requests.ts'
import { requestKind, requestShown, words } from './consent-schemas.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { standing } from './middleware.ts'
import { answers, body, idParam, ok, reason } from './schemas.ts'

export function subjectRequestRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/{id}/requests',
      summary: 'A request that came by another way: its day is counted from now',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ kind: requestKind, text: words })) },
      responses: answers('Opened', z.object({ request: z.string(), due: z.string() })),
    }),
    async (c) => {
      const asked = { ...c.req.valid('json'), subject: c.req.valid('param').id }
      return c.json(await openRequest(registry, personActor(callerId(c, 'person')), asked), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/subject-requests',
      summary: 'Requests of data subjects, what is due first',
      middleware: operator,
      responses: answers('Requests', z.object({ requests: z.array(requestShown) })),
    }),
    async (c) => {
      const all = { subject: null, now_ms: ctx.clock.now() }
      return c.json({ requests: await registry.store.query((db) => listRequests(registry, db, all)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject-requests/{id}/extend',
      summary: 'Extend a request, once, as far as its jurisdiction lets',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ reason })) },
      responses: answers('Extended', z.object({ due: z.string() })),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      return c.json(
        await extendRequest(registry, actor, c.req.valid('param').id, c.req.valid('json').reason),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject-requests/{id}/close',
      summary: 'Answer a request',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ outcome: z.enum(REQUEST_OUTCOMES), answer: words })),
      },
      responses: answers('Closed', ok),
    }),
    async (c) => {
      await closeRequest(
        registry,
        personActor(callerId(c, 'person')),
        c.req.valid('param').id,
        c.req.valid('json'),
      )
      return c.json({ ok: true as const }, 200)
    },
  )
}
