/** Probes of the kill channel: one is made, a round is recorded, a point answers. spec/kill.md (KIL-8, KIL-28, KIL-29). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { newId } from '../../src/core/ids.ts'
import { recordAnswer, recordRound } from '../../src/registry/probes.ts'
import { signProbe } from '../../src/revoke/kill-rules.ts'
import { signedAckSchema, signedProbeSchema } from '../../src/revoke/statement.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, ok } from './schemas.ts'

/** Points that a round may name. */
const NAMED_MAX = 10_000

export function probeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/probes',
      summary: 'A probe by the frame key, to push to points (KIL-8)',
      middleware: operator,
      responses: answers('The statement', signedProbeSchema),
    }),
    async (c) => {
      const t = await store.now()
      const { crypto, frame, iss } = ctx.registry
      const { signer } = await store.query((db) => frame.current(db))
      return c.json(signProbe(signer, 'frame', { v: 1, id: newId(crypto, 'prb', t), iss, t }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/probes/sent',
      summary: 'A round of a probe that was sent (KIL-28); without `points`, of all that are in service',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            statement: signedProbeSchema,
            points: z.array(z.string().min(1).max(64)).min(1).max(NAMED_MAX).optional(),
          }),
        ),
      },
      responses: answers(
        'In the log: of these an answer is wanted',
        z.object({ points: z.array(z.string()) }),
      ),
    }),
    async (c) => c.json(await recordRound(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/probes/answers',
      summary: 'What a point answered to a probe (KIL-29)',
      middleware: who(ctx, 'point'),
      request: { body: body(z.strictObject({ statement: signedProbeSchema, answer: signedAckSchema })) },
      responses: answers('In the log', ok),
    }),
    async (c) => {
      await recordAnswer(ctx.registry, callerId(c, 'point'), c.req.valid('json'))
      return c.json({ ok: true as const }, 200)
    },
  )
}
