/** Vendors of models and tools: on record, assessed, approved by another person. spec/vendors.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { assessmentSchema, vendorSchema } from '../../src/log/vendor-bodies.ts'
import {
  assessVendor,
  endVendor,
  listVendors,
  recordVendor,
  showVendor,
  vendorApproval,
} from '../../src/registry/vendors.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam, reasonBody } from './schemas.ts'

const view = vendorSchema.extend({
  id: z.string(),
  recorded: z.int(),
  status: z.enum(['own', 'unassessed', 'waiting', 'in_force', 'refused', 'expired', 'ended']),
  valid_until: z.string().nullable(),
})
const assessment = assessmentSchema.extend({
  entry: z.int(),
  assessor: z.string(),
  time: z.int(),
  approval: z.int().nullable(),
  approver: z.string().nullable(),
  text: z.string().nullable(),
})
const detail = view.extend({ assessments: z.array(assessment) })
const recorded = z.object({ vendor: z.string(), entry: z.int() })
/** What somebody found out about a vendor, in characters. */
const text = z.string().min(1).max(4_096)

export function vendorRoutes(app: App, ctx: ServerContext): void {
  readRoutes(app, ctx)
  actRoutes(app, ctx)
  secondPersonRoutes(app, ctx, vendorApproval, {
    path: '/v1/vendors/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('vendor.approve'),
      vendor: z.string(),
      assessment: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve the last assessment',
    take: 'Approve the last assessment with a gesture; not by who made it',
  })
}

function readRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/vendors',
      summary: 'Vendors, and whether an assessment of each is in force',
      middleware: operator,
      responses: answers('Vendors', z.object({ vendors: z.array(view) })),
    }),
    async (c) => {
      const now_ms = await store.now()
      return c.json({ vendors: await store.query((db) => listVendors(db, now_ms)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/vendors/{id}',
      summary: 'A vendor with its assessments',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The vendor', detail),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const now_ms = await store.now()
      const found = await store.query((db) => showVendor(registry, db, { id, now_ms }))
      return c.json(detail.parse(found), 200)
    },
  )
}

function actRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const record = { middleware: operator, responses: answers('On record', recorded) }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/vendors',
      summary: 'Put a vendor on record, with the servers and models that are its',
      request: { body: body(vendorSchema) },
      ...record,
    }),
    async (c) => c.json(await recordVendor(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/vendors/{id}/record',
      summary: 'Record a vendor anew; what is new in it is not assessed yet',
      request: { params: idParam, body: body(vendorSchema) },
      ...record,
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await recordVendor(registry, callerId(c, 'person'), c.req.valid('json'), id), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/vendors/{id}/assess',
      summary: 'Say what you found out about a vendor, and until when that is good',
      middleware: operator,
      request: { params: idParam, body: body(assessmentSchema.extend({ text })) },
      responses: answers('Kept', z.object({ entry: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await assessVendor(registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/vendors/{id}/end',
      summary: 'Say that nothing of this vendor is in use any more',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Ended', z.object({ entry: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await endVendor(registry, callerId(c, 'person'), id, c.req.valid('json')), 200)
    },
  )
}
