/** Labels of tools: proposals, and their approval. spec/labels.md (LBL-8). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { toolLabelSchema } from '../../src/core/label.ts'
import { LABELS_MAX } from '../../src/log/label-bodies.ts'
import { labelApproval, listLabels, listWaitingLabels, proposeLabels } from '../../src/registry/labels.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, digest, idParam } from './schemas.ts'

const labelled = z.strictObject({ tool: idParam.shape.id, definition_hash: digest, label: toolLabelSchema })
const named = { server: z.string(), name: z.string() }
const inForce = z.object({
  tool: z.string(),
  ...named,
  definition_hash: digest,
  label: toolLabelSchema.nullable(),
  approval: z.int().nullable(),
})
const waiting = z.object({
  id: z.string(),
  proposer: z.string(),
  proposal: z.int(),
  labels: z.array(z.object({ ...labelled.shape, ...named, was: toolLabelSchema.nullable() })),
})
const act = z.object({
  act: z.literal('label.approve'),
  labels: z.string(),
  proposal: z.int(),
  approver: z.string(),
})

export function labelRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/labels',
      summary: 'Registered tools, each with the label in force of the definition that it is pinned to',
      middleware: operator,
      responses: answers('Labels', z.object({ labels: z.array(inForce) })),
    }),
    async (c) => c.json({ labels: await store.query(listLabels) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/labels/proposals',
      summary: 'Propose labels of registered tools, which another person approves',
      middleware: operator,
      request: { body: body(z.strictObject({ labels: z.array(labelled).min(1).max(LABELS_MAX) })) },
      responses: answers('Proposed', z.object({ labels: z.string(), proposal: z.int() })),
    }),
    async (c) => {
      const { labels } = c.req.valid('json')
      return c.json(await proposeLabels(ctx.registry, callerId(c, 'person'), labels), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/labels/proposals',
      summary: 'Labels that wait, each with what is in force',
      middleware: operator,
      responses: answers('Proposals', z.object({ proposals: z.array(waiting) })),
    }),
    async (c) => {
      const proposals: z.infer<typeof waiting>[] = (await store.query(listWaitingLabels)).map((each) => ({
        ...each,
        labels: [...each.labels],
      }))
      return c.json({ proposals }, 200)
    },
  )

  secondPersonRoutes(app, ctx, labelApproval, {
    path: '/v1/labels/proposals/{id}',
    params: idParam,
    act,
    show: 'What the caller signs to approve the labels',
    take: 'Approve labels with a gesture: they are in force from then on',
  })
}
