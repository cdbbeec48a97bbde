/** Who administers the installation: proposed, approved by another person, removed. spec/roles.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { holdingSchema } from '../../src/log/role-bodies.ts'
import { listRoles, proposeRole, removeRole, roleApproval } from '../../src/registry/roles.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, reasonBody } from './schemas.ts'

const at = z.int().nullable()
const view = z.object({
  id: z.string(),
  holding: holdingSchema,
  status: z.enum(['waiting', 'in_force', 'removed']),
  proposer: z.string().nullable(),
  proposed: z.int(),
  approver: z.string().nullable(),
  approved: at,
  removed: at,
})

export function roleRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/roles',
      summary: 'Roles and custody, the oldest first',
      middleware: operator,
      responses: answers('Roles', z.object({ roles: z.array(view) })),
    }),
    async (c) => c.json({ roles: await registry.store.query(listRoles) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/roles',
      summary: 'Propose that a person holds a role, or say that they have custody of a thing',
      middleware: operator,
      request: { body: body(holdingSchema) },
      responses: answers('Proposed', z.object({ role: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await proposeRole(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/roles/{id}/remove',
      summary: 'Take a role or custody away, or a proposal back',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Removed', z.object({ entry: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { reason } = c.req.valid('json')
      return c.json(await removeRole(registry, callerId(c, 'person'), id, reason), 200)
    },
  )

  secondPersonRoutes(app, ctx, roleApproval, {
    path: '/v1/roles/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('role.approve'),
      role: z.string(),
      person: z.string(),
      holds: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve it',
    take: 'Approve a role or custody with a gesture; not by who proposed it or is to hold it',
  })
}
