/** Drafts of delegations behind which several people stand: what waits, what is signed, approve, decline. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { approveDelegation } from '../../src/registry/delegations.ts'
import { declineDraft, listDrafts, showDraft, type DraftView } from '../../src/registry/drafts.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { jtiParam, shownAnswer, shownBody } from './routes-delegations.ts'
import { answers, body, gestureParts, ok } from './schemas.ts'

const view = z.object({
  jti: z.string(),
  principal: z.string(),
  agent: z.string(),
  exp: z.int(),
  expires: z.int(),
  m: z.int(),
  answers: z.array(
    z.object({
      person: z.string(),
      role: z.enum(['principal', 'approver']),
      answer: z.enum(['open', 'approved', 'declined', 'left']),
    }),
  ),
  missing: z.int(),
})

function viewBody(draft: DraftView): z.infer<typeof view> {
  return { ...draft, answers: [...draft.answers] }
}

export function draftRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/delegations/drafts',
      summary: 'Drafts in which the caller has a part, as principal or as approver',
      middleware: operator,
      responses: answers('Drafts', z.object({ drafts: z.array(view) })),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const drafts = await store.query((db) => listDrafts(ctx.registry, db, person, ctx.clock.now()))
      return c.json({ drafts: drafts.map(viewBody) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/delegations/drafts/{jti}',
      summary: 'All that is signed and who has answered, for those who have a part in it',
      middleware: operator,
      request: { params: jtiParam },
      responses: answers('The draft', view.extend({ challenge: z.string(), shown: shownAnswer })),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      const person = callerId(c, 'person')
      const { shown, challenge, ...rest } = await store.query((db) =>
        showDraft(ctx.registry, db, jti, person, ctx.clock.now()),
      )
      return c.json({ ...viewBody(rest), challenge, shown: shownBody(shown) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/delegations/drafts/{jti}/approve',
      summary: 'Stand behind a draft with a gesture; the last one that it needs seals it',
      middleware: operator,
      request: { params: jtiParam, body: body(gestureParts) },
      responses: answers(
        'How many gestures are missing still; at none it is issued',
        z.object({ jti: z.string(), missing: z.int() }),
      ),
    }),
    async (c) => {
      const { jti } = c.req.valid('param')
      return c.json(
        await approveDelegation(ctx.registry, callerId(c, 'person'), jti, c.req.valid('json')),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/delegations/drafts/{jti}/decline',
      summary: 'Refuse a draft for good; by its principal, end it',
      middleware: operator,
      request: { params: jtiParam },
      responses: answers('Declined', ok),
    }),
    async (c) => {
      await declineDraft(ctx.registry, callerId(c, 'person'), c.req.valid('param').jti)
      return c.json({ ok: true as const }, 200)
    },
  )
}
