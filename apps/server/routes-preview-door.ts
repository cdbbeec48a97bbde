/**
 * How an auditor comes in: an invitation registers a key or a passkey, and from then on these alone. spec/preview.md
 * (PRV-4, PRV-5). Invariant: an invitation shows nothing; it registers, once.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { publicJwk } from '../../src/core/jwk.ts'
import { parseJson } from '../../src/core/json.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { enrolAuditor, enrolAuditorAct, findInForce, invitedTo } from '../../src/registry/previews.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { pageFile } from './ceremony-page.ts'
import type { App, ServerContext } from './context.ts'
import { anyKey, anyone } from './middleware.ts'
import type { Previewers } from './previewer.ts'
import { ALGORITHMS, readRegistration } from './registration.ts'
import { answers, attestation, body, gestureParts, ok } from './schemas.ts'
import { assertGesture, SubjectChallenges } from './subject-challenges.ts'

const secretBody = z.strictObject({ secret: z.string().min(1).max(128) })
/** What the page needs before anybody is in. */
const place = z.object({
  rp_id: z.string(),
  origins: z.array(z.string()),
  algorithms: z.array(z.int()),
  simulated: z.boolean(),
  origin: z.string(),
})
const enrolled = z.object({ preview: z.string(), registration: z.int() })

export function previewDoor(app: App, ctx: ServerContext, previewers: Previewers): void {
  app.get('/preview', () => pageFile('preview.html'))
  app.get('/preview/:file', (c) => pageFile(c.req.param('file')))
  enrolRoutes(app, ctx, previewers)
  keyRoute(app, ctx)
  signInRoutes(app, ctx, previewers)
}

function placeOf(ctx: ServerContext): z.infer<typeof place> {
  const { rp_id, origins, origin, simulated } = ctx.settings
  return { rp_id, origins, algorithms: [...ALGORITHMS], simulated, origin }
}

function enrolRoutes(app: App, ctx: ServerContext, previewers: Previewers): void {
  const { registry } = ctx
  const invited = async (secret: string): Promise<{ preview: string; hash: string; challenge: string }> => {
    const hash = secretHash(registry.crypto, secret)
    const now = await registry.store.now()
    const preview = await registry.store.query((db) => invitedTo(db, hash, now))
    const challenge = challengeOf(registry.crypto, ACT_TAG, enrolAuditorAct(preview, hash))
    return { preview, hash, challenge }
  }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/enrol/challenge',
      summary: "What an auditor's passkey is registered over, for an invitation",
      middleware: anyone(),
      request: { body: body(secretBody) },
      responses: answers('The challenge', z.object({ place, preview: z.string(), challenge: z.string() })),
    }),
    async (c) => {
      const { preview, challenge } = await invited(c.req.valid('json').secret)
      return c.json({ place: placeOf(ctx), preview, challenge }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/enrol',
      summary: "Register an auditor's passkey, which uses the invitation up, and come in",
      middleware: anyone(),
      request: { body: body(secretBody.extend({ credential: attestation })) },
      responses: answers('In', enrolled),
    }),
    async (c) => {
      const { secret, credential } = c.req.valid('json')
      const { hash, challenge } = await invited(secret)
      const passkey = await readRegistration(registry.rp, challenge, credential)
      const done = await enrolAuditor(registry, hash, { passkey })
      previewers.signIn(c, done.preview, done.registration)
      return c.json(done, 200)
    },
  )
}

function keyRoute(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/enrol-key',
      summary: "Register the auditor's key that signs this request, which uses the invitation up",
      middleware: anyKey(ctx),
      request: { body: body(secretBody) },
      responses: answers('Registered', enrolled),
    }),
    async (c) => {
      const hash = secretHash(ctx.registry.crypto, c.req.valid('json').secret)
      return c.json(await enrolAuditor(ctx.registry, hash, { key: c.get('signedBy') }), 200)
    },
  )
}

function signInRoutes(app: App, ctx: ServerContext, previewers: Previewers): void {
  const { registry } = ctx
  const challenges = new SubjectChallenges(registry.crypto, ctx.clock)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/challenge',
      summary: "What an auditor's passkey signs to come in",
      middleware: anyone(),
      responses: answers('The challenge, good for 5 minutes', z.object({ place, challenge: z.string() })),
    }),
    (c) => c.json({ place: placeOf(ctx), challenge: challenges.give() }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/sign-in',
      summary: 'Come in by a passkey',
      middleware: anyone(),
      request: {
        body: body(
          z.strictObject({
            challenge: z.string().max(64),
            credential_id: z.string().max(1366),
            gesture: gestureParts,
          }),
        ),
      },
      responses: answers('In', z.object({ preview: z.string() })),
    }),
    async (c) => {
      const { challenge, credential_id, gesture } = c.req.valid('json')
      const now = await registry.store.now()
      const row = await registry.store.query((db) =>
        db
          .selectFrom('previews')
          .select(['id', 'credential_json', 'registration'])
          .where('credential_id', '=', credential_id)
          .executeTakeFirst(),
      )
      const given = challenges.read(challenge)
      const { id, credential_json = null, registration = null } = row ?? {}
      if (id === undefined || given === null || credential_json === null || registration === null)
        throw unknownPasskey()
      const jwk = publicJwk(parseJson(credential_json))
      assertGesture(ctx, { challenge, jwk, registration, gesture })
      if (!challenges.use(id, given)) throw unknownPasskey()
      await registry.store.query((db) => findInForce({ db, now }, id))
      previewers.signIn(c, id, registration)
      return c.json({ preview: id }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/preview/sign-out',
      summary: 'End the session',
      middleware: anyone(),
      responses: answers('Out', ok),
    }),
    (c) => {
      previewers.signOut(c)
      return c.json({ ok: true as const }, 200)
    },
  )
}

function unknownPasskey(): RegistryError {
  return new RegistryError('GESTURE_INVALID', 'this passkey is not registered here, or the page is too old')
}
