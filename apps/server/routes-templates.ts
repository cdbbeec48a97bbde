/** Templates: proposal, approval, what one changes. @module */
import { createRoute, z } from '@hono/zod-openapi'
import {
  listTemplates,
  proposeTemplate,
  showTemplate,
  templateApproval,
  type TemplateView,
} from '../../src/registry/templates.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

/** The register reads templates, so that what it refuses has the reason (TPL-3). */
const anyTemplate = z.record(z.string(), z.unknown())
const view = z.object({
  id: z.string(),
  status: z.enum(['proposed', 'active', 'replaced']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
  template: anyTemplate,
})
const changes = z.array(
  z.object({ member: z.string(), was: z.unknown().exactOptional(), becomes: z.unknown().exactOptional() }),
)
const act = z.object({
  act: z.literal('template.approve'),
  template: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

function viewBody({ template, ...rest }: TemplateView): z.infer<typeof view> {
  return { ...rest, template: { ...template } }
}

export function templateRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/templates',
      summary: 'Propose a template for a class of agents; someone else approves it',
      middleware: operator,
      request: { body: body(anyTemplate) },
      responses: answers('Proposed', z.object({ template: z.string(), proposal: z.int() })),
    }),
    async (c) => c.json(await proposeTemplate(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates',
      summary: 'Templates, newest first',
      middleware: operator,
      responses: answers('Templates', z.object({ templates: z.array(view) })),
    }),
    async (c) => c.json({ templates: (await store.query(listTemplates)).map(viewBody) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates/{id}',
      summary: 'A template, and what it changes of the one in force for its class',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The template', view.extend({ in_force: z.string(), changes })),
    }),
    async (c) => {
      const shown = await store.query((db) => showTemplate(db, c.req.valid('param').id))
      const changed: z.infer<typeof changes> = shown.changes
      return c.json({ ...viewBody(shown), in_force: shown.in_force, changes: changed }, 200)
    },
  )

  secondPersonRoutes(app, ctx, templateApproval, {
    path: '/v1/templates/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the template',
    take: 'Approve a template with a gesture: it is in force from then on',
  })
}
