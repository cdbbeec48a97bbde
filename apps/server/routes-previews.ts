/** Auditors' previews, as the company sees to them: granted, revoked, answered. spec/preview.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { OUTCOMES_OF_REQUESTS, commentedSchema, previewScopeSchema } from '../../src/log/preview-bodies.ts'
import {
  answerRequest,
  commentOn,
  listComments,
  listEvidenceRequests,
} from '../../src/registry/preview-acts.ts'
import { findPreview } from '../../src/registry/preview-rows.ts'
import {
  inviteAuditor,
  listPreviews,
  previewGrant,
  proposePreview,
  revokePreview,
  viewPreview,
} from '../../src/registry/previews.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { commentShown, previewShown, requestShown, words } from './preview-schemas.ts'
import { pinnedOrigin } from './links.ts'
import { answers, body, idParam, name, reasonBody } from './schemas.ts'

const entry = z.object({ entry: z.int() })

export function previewRoutes(app: App, ctx: ServerContext): void {
  grantRoutes(app, ctx)
  secondPersonRoutes(app, ctx, previewGrant, {
    path: '/v1/previews/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('preview.grant'),
      preview: z.string(),
      proposal: z.int(),
      ...previewScopeSchema.shape,
      approver: z.string(),
    }),
    done: 'Granted',
    show: 'What the caller signs to grant the preview',
    take: 'Grant a preview with a gesture; not by who proposed it',
  })
  endRoutes(app, ctx)
  answerRoutes(app, ctx)
  talkRoutes(app, ctx)
}

function grantRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/previews',
      summary: "Auditors' previews, the latest first",
      middleware: operator,
      responses: answers('Previews', z.object({ previews: z.array(previewShown) })),
    }),
    async (c) => {
      const now = await registry.store.now()
      return c.json({ previews: await registry.store.query((db) => listPreviews(registry, db, now)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/previews',
      summary: 'Propose that an auditor looks at a period and criteria, until then',
      middleware: operator,
      request: { body: body(previewScopeSchema.extend({ auditor: name, firm: name })) },
      responses: answers('Proposed', z.object({ preview: z.string(), proposal: z.int() })),
    }),
    async (c) => c.json(await proposePreview(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/previews/{id}',
      summary: 'A preview',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The preview', previewShown),
    }),
    async (c) => {
      const now = await registry.store.now()
      const view = await registry.store.query(async (db) =>
        viewPreview(registry, db, await findPreview(db, c.req.valid('param').id), now),
      )
      return c.json(view, 200)
    },
  )
}

function endRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/previews/{id}/invite',
      summary: 'A secret that registers the auditor once, within three days; one before it ends',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'Invited',
        z.object({ secret: z.string(), url: z.string(), server: z.string(), expires: z.int() }),
      ),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { secret, expires } = await inviteAuditor(registry, callerId(c, 'person'), id)
      const url = `${pinnedOrigin(ctx)}/preview#${secret}`
      return c.json({ secret, url, server: ctx.publicUrl(), expires }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/previews/{id}/revoke',
      summary: 'End a preview: nothing more is answered from then on',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Revoked', entry),
    }),
    async (c) => {
      const { reason } = c.req.valid('json')
      const person = callerId(c, 'person')
      return c.json({ entry: await revokePreview(registry, person, c.req.valid('param').id, reason) }, 200)
    },
  )
}

function answerRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evidence-requests',
      summary: 'What auditors asked for, what waits first',
      middleware: operator,
      request: { query: z.strictObject({ preview: z.string().max(64).optional() }) },
      responses: answers('Requests', z.object({ requests: z.array(requestShown) })),
    }),
    async (c) => {
      const preview = c.req.valid('query').preview ?? null
      const requests = await registry.store.query((db) => listEvidenceRequests(registry, db, preview))
      return c.json({ requests }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/evidence-requests/{id}/answer',
      summary: 'Answer a request of an auditor, once',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ outcome: z.enum(OUTCOMES_OF_REQUESTS), answer: words })),
      },
      responses: answers('Answered', entry),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const { id } = c.req.valid('param')
      return c.json({ entry: await answerRequest(registry, person, id, c.req.valid('json')) }, 200)
    },
  )
}

function talkRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/previews/{id}/comments',
      summary: 'Comments in a preview, in order',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Comments', z.object({ comments: z.array(commentShown) })),
    }),
    async (c) => {
      const comments = await registry.store.query(async (db) =>
        listComments(registry, db, (await findPreview(db, c.req.valid('param').id)).id),
      )
      return c.json({ comments }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/previews/{id}/comments',
      summary: 'A comment of the company, which the auditor reads',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ about: commentedSchema, text: words })),
      },
      responses: answers('Said', entry),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const { id } = c.req.valid('param')
      return c.json({ entry: await commentOn(registry, id, person, c.req.valid('json')) }, 200)
    },
  )
}
