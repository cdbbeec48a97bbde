/** Routes for anyone: health, what to pin, enrolment. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { foreignIssuerSchema } from '../../src/core/issuer.ts'
import { enrolAct, enrolPerson } from '../../src/registry/enrolment.ts'
import { assertInvitation, secretHash } from '../../src/registry/invitations.ts'
import { frameKey } from '../../src/registry/frame-ring.ts'
import { verifyingKeys } from '../../src/registry/issuer-keys.ts'
import { ownRecord } from '../../src/registry/issuers.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { anyKey } from './middleware.ts'
import { readRegistration } from './registration.ts'
import { answers, attestation, body, enrolled, jwk, name } from './schemas.ts'

const infoAnswer = z.object({
  name: z.literal('countersign'),
  issuer: z.string(),
  /** Those that are not retired, the one that signs first. */
  issuer_keys: z.array(z.object({ kid: z.string(), jwk })),
  /** Whether this node has the private half of the one that signs (KEY-11). */
  issues: z.boolean(),
  frame_key: jwk,
  /** Of the statement that put it in force, and its epoch (KIL-21). 0: it is the first. */
  frame_key_seq: z.int(),
  frame_epoch: z.int(),
  /** Whether this node has the private half of the frame key. */
  revokes: z.boolean(),
  /** KIL-7. */
  break_glass: jwk,
  log_vkey: z.string(),
  rp_id: z.string(),
  origins: z.array(z.string()),
  bound_ms: z.int(),
  heartbeat_ms: z.int(),
  separation: z.enum(['independent', 'after']),
  simulated: z.boolean(),
  now: z.int(),
  /** What another control plane trusts when it trusts this one (KEY-9). */
  record: foreignIssuerSchema,
})

export function publicRoutes(app: App, ctx: ServerContext): void {
  const { frame, issuer, store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/healthz',
      summary: 'Whether the server can record and publish',
      responses: answers('Healthy', z.object({ ok: z.boolean() })),
    }),
    (c) => {
      if (ctx.fault() !== null) throw new ApiError('LOG_NOT_PUBLISHED', 'the log cannot be published now')
      return c.json({ ok: true }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/info',
      summary: 'Names and public keys to pin',
      responses: answers('What to pin', infoAnswer),
    }),
    async (c) => {
      const now = ctx.clock.now()
      const [keys, own, issues, key, revokes] = await store.query((db) =>
        Promise.all([
          verifyingKeys(db, now),
          ownRecord(ctx.registry, db, now),
          issuer.canSign(db),
          frameKey(db),
          frame.canSign(db),
        ]),
      )
      return c.json(
        {
          name: 'countersign' as const,
          issuer: ctx.registry.iss,
          issuer_keys: keys
            .filter(({ retired_at }) => retired_at === null)
            .map(({ kid, jwk: key }) => ({ kid, jwk: key })),
          issues,
          frame_key: key.jwk,
          frame_key_seq: key.seq,
          frame_epoch: key.epoch,
          revokes,
          break_glass: ctx.registry.breakGlass,
          log_vkey: ctx.vkey,
          rp_id: ctx.settings.rp_id,
          origins: ctx.settings.origins,
          bound_ms: ctx.settings.bound_ms,
          heartbeat_ms: ctx.heartbeat_ms,
          separation: ctx.settings.separation,
          simulated: ctx.settings.simulated,
          now,
          record: { ...own, control_plane: ctx.publicUrl(), frame_key: key.jwk },
        },
        200,
      )
    },
  )
  enrolRoute(app, ctx)
}

function enrolRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/enroll',
      summary: 'Enrol with an invitation; the key that signs the request becomes the operator key',
      middleware: anyKey(ctx),
      request: {
        body: body(
          z.strictObject({
            secret: z.string().min(1).max(128),
            name: name.exactOptional(),
            credential: attestation,
          }),
        ),
      },
      responses: answers('Enrolled', enrolled),
    }),
    async (c) => {
      const { secret, credential, ...rest } = c.req.valid('json')
      const { registry } = ctx
      const operator = c.get('signedBy')
      const secret_hash = secretHash(registry.crypto, secret)
      // Before anything of a stranger's is parsed.
      await registry.store.query((db) => assertInvitation(db, secret_hash, ctx.clock.now()))
      const challenge = challengeOf(
        registry.crypto,
        ACT_TAG,
        enrolAct(registry.crypto, operator, secret_hash),
      )
      const registered = await readRegistration(registry.rp, challenge, credential)
      const input = { ...rest, secret_hash, operator, credential: registered }
      return c.json(await enrolPerson(registry, input), 200)
    },
  )
}
