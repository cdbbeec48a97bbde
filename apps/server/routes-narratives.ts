/** Narratives of controls, proposed and approved. spec/narratives.md (NAR-13). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { narrativeSchema } from '../../src/log/narrative-bodies.ts'
import { listNarratives, narrativeApproval, proposeNarrative } from '../../src/registry/narratives.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const narrative = z.object({
  id: z.string(),
  control: z.string(),
  digest: z.string(),
  proposer: z.string(),
  proposal: z.int(),
  approver: z.string().nullable(),
  approval: z.int().nullable(),
  approved: z.int().nullable(),
})

export function narrativeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/narratives',
      summary: 'Narratives that were proposed or approved, the latest first',
      middleware: operator,
      responses: answers('Narratives', z.object({ narratives: z.array(narrative) })),
    }),
    async (c) => c.json({ narratives: await registry.store.query(listNarratives) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/narratives',
      summary: 'Put the narrative of a control before another person: its digest, as a pack has it',
      middleware: operator,
      request: { body: body(narrativeSchema) },
      responses: answers('Proposed', z.object({ narrative: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await proposeNarrative(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  secondPersonRoutes(app, ctx, narrativeApproval, {
    path: '/v1/narratives/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('narrative.approve'),
      narrative: z.string(),
      control: z.string(),
      digest: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve the narrative',
    take: 'Approve a narrative with a gesture; not by who proposed it',
  })
}
