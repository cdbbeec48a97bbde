/** Outputs that points register and release, and the page where people review them. spec/outputs.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { kindName, outputPolicySchema, ROLES } from '../../src/core/output.ts'
import { CALLS_MAX, subjectSchema, SUBJECTS_MAX } from '../../src/provenance/statement.ts'
import { outputPolicyInForce } from '../../src/registry/output-policies.ts'
import { CONTENT_CHARS_MAX } from '../../src/registry/outputs.ts'
import {
  freed,
  registerPointOutput,
  releasePointOutput,
  type PointOutput,
} from '../../src/registry/point-outputs.ts'
import { ApprovalWaits } from './approval-waits.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { deskAt } from './review-page.ts'
import { answers, body, idParam } from './schemas.ts'

const id = z.string().min(1).max(64)
const state = z.object({
  output: z.string(),
  released: z.boolean(),
  role: z.enum(ROLES).nullable(),
  attestation: z.string().nullable(),
  url: z.string(),
})

export function outputPointRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx
  const { store } = registry
  const waits = new ApprovalWaits(store)
  const point = who(ctx, 'point')
  const stateOf = (output: PointOutput) => ({ ...output, url: `${deskAt(ctx)}#${output.output}` })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/output-policy',
      summary: 'The output policy in force (OUT-1)',
      middleware: point,
      responses: answers(
        'The policy; null when none was approved',
        z.object({ policy: outputPolicySchema.nullable() }),
      ),
    }),
    async (c) => c.json({ policy: (await store.query(outputPolicyInForce))?.policy ?? null }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/outputs',
      summary: 'Register what leaves by an action; idempotent (OUT-2)',
      middleware: point,
      request: {
        body: body(
          z.strictObject({
            kind: kindName,
            action: id,
            subject: z.array(subjectSchema).min(1).max(SUBJECTS_MAX),
            content: z.string().max(CONTENT_CHARS_MAX).exactOptional(),
            draft: id.exactOptional(),
            iss: z.string().min(1).max(256),
            jti: id,
            system: id.exactOptional(),
            calls: z.array(id).max(CALLS_MAX),
          }),
        ),
      },
      responses: answers('How it stands', state),
    }),
    async (c) => {
      const output = await registerPointOutput(registry, callerId(c, 'point'), c.req.valid('json'))
      return c.json(stateOf(output), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/outputs/{id}/release',
      summary: 'Let it go if nothing holds it; with `wait`, waits up to 20 s for people (OUT-8, OUT-9)',
      middleware: point,
      request: {
        params: idParam,
        body: body(z.strictObject({ wait: z.boolean(), left: z.boolean() })),
      },
      responses: answers('How it stands', state),
    }),
    async (c) => {
      const caller = callerId(c, 'point')
      const { id: output } = c.req.valid('param')
      const { wait, left } = c.req.valid('json')
      if (wait) await waits.wait(() => store.query((db) => freed(db, caller, output)), c.req.raw.signal)
      return c.json(stateOf(await releasePointOutput(registry, caller, output, left)), 200)
    },
  )
}
