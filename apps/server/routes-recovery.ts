/** How somebody comes back who lost every passkey. spec/people.md (PPL-11 to PPL-13). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { endorseOwnRecovery, ownRecoveryOf } from '../../src/registry/endorsements.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { inviteAgain } from '../../src/registry/recoveries.ts'
import { countFailures } from './attempts.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { anyone, who } from './middleware.ts'
import { Pace } from './pace.ts'
import { endorseAct } from './routes-people.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'

const secret = z.string().min(1).max(128)

/** Of one address, those that came to nothing: a secret cannot be guessed, this tells of noise. */
const FAILED_RECOVERIES_A_MINUTE_MAX = 30

export function recoveryRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx
  const failures = new Pace(ctx.clock, FAILED_RECOVERIES_A_MINUTE_MAX, 'recoveries that fail')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/people/{id}/recover',
      summary: 'Invite a person again who lost every passkey; nothing ends before the new one is endorsed',
      middleware: who(ctx, 'person'),
      request: { params: idParam },
      responses: answers('Invited: the secret is shown once', z.object({ invitation: z.string() })),
    }),
    async (c) => c.json(await inviteAgain(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recovery/endorsement',
      summary: 'What somebody signs who is recovered by the machine and endorses themselves',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret })) },
      responses: answers('The act and its challenge', z.object({ act: endorseAct, challenge: z.string() })),
    }),
    async (c) => {
      const hash = secretHash(registry.crypto, c.req.valid('json').secret)
      const asked = await countFailures(failures, c, () =>
        registry.store.query((db) => ownRecoveryOf(registry, db, hash)),
      )
      return c.json(asked, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recovery/endorse',
      summary: 'Endorse themselves with the new passkey, where nobody else is there',
      middleware: anyone(),
      request: { body: body(gestureParts.extend({ secret })) },
      responses: answers('Recovered: passkeys from before have ended', z.object({ person: z.string() })),
    }),
    async (c) => {
      const { secret: own, ...parts } = c.req.valid('json')
      const hash = secretHash(registry.crypto, own)
      const { person } = await countFailures(failures, c, async () => {
        await registry.store.query((db) => ownRecoveryOf(registry, db, hash)) // a stranger begins no write
        return endorseOwnRecovery(registry, hash, parts)
      })
      ctx.sessions.endWhere((session) => session.person === person)
      return c.json({ person }, 200)
    },
  )
}
