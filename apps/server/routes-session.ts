/**
 * How a person's browser comes in, who is in, and how it goes. spec/sessions.md (SES-1 to SES-8).
 * Invariant: a session begins by a gesture of the person's own passkey, by a ticket that their own key asked for, or by a
 * provider of identities; its secret is new each time, so what a browser held before is never a session.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { permissionsOf } from '../../src/core/permitted.ts'
import { ROLE_NAMES } from '../../src/core/roles.ts'
import { accessOf } from '../../src/registry/access.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { isConnected } from '../../src/registry/identities.ts'
import { assertInvitation, secretHash } from '../../src/registry/invitations.ts'
import { namesIn } from '../../src/registry/names.ts'
import { passkeyBehind, passkeyOf, passkeysOf } from '../../src/registry/passkey-rows.ts'
import { noteSignIn } from '../../src/registry/passkey-views.ts'
import { countFailures } from './attempts.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { anyone } from './middleware.ts'
import { Pace } from './pace.ts'
import { ALGORITHMS } from './registration.ts'
import { answers, body, gestureParts, ok } from './schemas.ts'
import { clearSessionCookie, openByTicket, sessionCookie, sessionIn, beginSession } from './session-cookie.ts'
import { type Session } from './sessions.ts'
import { assertGesture, SubjectChallenges } from './subject-challenges.ts'

/** SES-6: of one address, those that came to nothing. Neither a passkey nor a secret can be guessed: this tells of noise. */
const FAILED_SIGN_INS_A_MINUTE_MAX = 30

/** What a page needs before anybody is in. */
const place = z.object({
  rp_id: z.string(),
  origins: z.array(z.string()),
  algorithms: z.array(z.int()),
  simulated: z.boolean(),
  origin: z.string(),
  /** What signed requests name as their target, whatever address the browser used. */
  url: z.string(),
})
const signedIn = z.object({
  person: z.object({
    id: z.string(),
    name: z.string().nullable(),
    endorsed: z.boolean(),
    /** Of the passkeys that a browser may ask for; none: the person has none such. */
    credential_ids: z.array(z.string()),
    /** `["swk"]`: a software authenticator, which answers in no browser. */
    amr: z.array(z.string()),
  }),
  roles: z.array(z.enum(ROLE_NAMES)),
  /** False: nobody was given a role yet, and whoever is endorsed may do everything (ROL-13). */
  roles_decide: z.boolean(),
  permissions: z.array(z.string()),
  session: z.object({ by: z.enum(['passkey', 'link', 'oidc']), began: z.int() }),
  /** Null: no identity provider is configured. */
  provider: z.object({ issuer: z.string(), connected: z.boolean() }).nullable(),
  place,
  /** The control plane's clock, milliseconds since 1970. */
  now: z.int(),
})

export function sessionRoutes(app: App, ctx: ServerContext): void {
  doorRoutes(app, ctx)
  insideRoutes(app, ctx)
}

function placeOf(ctx: ServerContext): z.infer<typeof place> {
  const { rp_id, origins, origin, simulated } = ctx.settings
  return { rp_id, origins, algorithms: [...ALGORITHMS], simulated, origin, url: ctx.publicUrl() }
}

function doorRoutes(app: App, ctx: ServerContext): void {
  const challenges = new SubjectChallenges(ctx.registry.crypto, ctx.clock)
  const failures = new Pace(ctx.clock, FAILED_SIGN_INS_A_MINUTE_MAX, 'attempts to sign in')
  invitationRoute(app, ctx, failures)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/challenge',
      summary: 'What a passkey signs to come in',
      middleware: anyone(),
      responses: answers('The challenge, good for 5 minutes', z.object({ place, challenge: z.string() })),
    }),
    (c) => c.json({ place: placeOf(ctx), challenge: challenges.give() }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/passkey',
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
      responses: answers('In', ok),
    }),
    async (c) => {
      const { challenge, credential_id, gesture } = c.req.valid('json')
      const { person, registration } = await countFailures(failures, c, () =>
        passkeyIn(ctx, challenges, { challenge, credential_id, gesture }),
      )
      endOwn(ctx, c)
      await beginSession(ctx, c, person, { by: 'passkey', passkey: registration })
      await noteSignIn(ctx.registry, registration)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/ticket',
      summary: 'Come in by a link that the person asked for with their own key',
      middleware: anyone(),
      request: { body: body(z.strictObject({ ticket: z.string().min(1).max(128) })) },
      responses: answers('In', ok),
    }),
    async (c) => {
      const { ticket } = c.req.valid('json')
      await countFailures(failures, c, () => {
        endOwn(ctx, c)
        if (!openByTicket(ctx, c, ticket))
          throw new ApiError('AUTH_MISSING', 'this link has been used or has expired: ask for a new one')
      })
      return c.json({ ok: true as const }, 200)
    },
  )
}

/** Looked at before a passkey is made: one for a secret that is not good would stay with the person's authenticator. */
function invitationRoute(app: App, ctx: ServerContext, failures: Pace): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/invitation',
      summary: 'Whether the secret of an invitation is good; does not use it up',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret: z.string().min(1).max(128) })) },
      responses: answers('Whom it enrols', z.object({ place, person: z.string() })),
    }),
    async (c) => {
      const hash = secretHash(ctx.registry.crypto, c.req.valid('json').secret)
      const now = await ctx.registry.store.now()
      const { person } = await countFailures(failures, c, () =>
        ctx.registry.store.query((db) => assertInvitation(db, hash, now)),
      )
      return c.json({ place: placeOf(ctx), person }, 200)
    },
  )
}

/** A browser has one session: the one before ends. */
function endOwn(ctx: ServerContext, c: Context<AppEnv>): void {
  const secret = getCookie(c, sessionCookie(ctx))
  if (secret !== undefined) ctx.sessions.end(secret)
}

/** @throws {RegistryError} `GESTURE_INVALID`: nobody's passkey, another challenge, or used before; not told apart more than that */
async function passkeyIn(
  ctx: ServerContext,
  challenges: SubjectChallenges,
  said: {
    readonly challenge: string
    readonly credential_id: string
    readonly gesture: z.infer<typeof gestureParts>
  },
): Promise<{ person: string; registration: number }> {
  const row = await ctx.registry.store.query((db) => passkeyBehind(db, said.credential_id))
  const n = challenges.read(said.challenge)
  if (row === null || n === null)
    throw new RegistryError(
      'GESTURE_INVALID',
      'this passkey is nobody’s here, or you took too long: try again',
    )
  const { jwk, registration } = passkeyOf(row)
  const { challenge, gesture } = said
  assertGesture(ctx, { challenge, jwk, registration, gesture })
  if (!challenges.use(row.person, n))
    throw new RegistryError('GESTURE_INVALID', 'this was used before: sign in once more')
  return { person: row.person, registration }
}

function insideRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/session',
      summary: 'Who is in, and what they may do',
      responses: answers('The person of the session', signedIn),
    }),
    async (c) => {
      c.header('cache-control', 'no-store')
      return c.json(await whoIsIn(ctx, await inside(ctx, c)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/end',
      summary: 'Sign out; with `everywhere`, in every browser of the person',
      middleware: anyone(),
      request: { body: body(z.strictObject({ everywhere: z.boolean().default(false) })) },
      responses: answers('Out', ok),
    }),
    async (c) => {
      const session = await sessionIn(ctx, c)
      if (session !== null && c.req.valid('json').everywhere)
        ctx.sessions.endWhere(({ person }) => person === session.person)
      endOwn(ctx, c)
      clearSessionCookie(c, ctx)
      return c.json({ ok: true as const }, 200)
    },
  )
}

/** @throws {ApiError} `AUTH_MISSING` */
async function inside(ctx: ServerContext, c: Context<AppEnv>): Promise<Session> {
  const session = await sessionIn(ctx, c)
  if (session === null) throw new ApiError('AUTH_MISSING', 'nobody is signed in here: sign in first')
  return session
}

async function whoIsIn(ctx: ServerContext, session: Session): Promise<z.infer<typeof signedIn>> {
  const { registry } = ctx
  const { person, how, began } = session
  const issuer = ctx.identity.signIn?.provider.settings.issuer
  return registry.store.query(async (db) => {
    const row = await db
      .selectFrom('people')
      .select('endorsed')
      .where('id', '=', person)
      .executeTakeFirstOrThrow()
    const { decided, roles } = await accessOf(db, person)
    const names = await namesIn(registry, db, person)
    const passkeys = (await passkeysOf(db, person, 'waiting', 'counts')).map(passkeyOf)
    return {
      person: {
        id: person,
        name: names[person] ?? null,
        endorsed: row.endorsed !== null,
        credential_ids: passkeys.flatMap(({ credential_id }) => credential_id ?? []),
        amr: [...(passkeys[0]?.amr ?? [])],
      },
      roles: [...roles],
      roles_decide: decided,
      permissions: permissionsOf(roles),
      session: { by: how.by, began },
      provider: issuer === undefined ? null : { issuer, connected: await isConnected(db, person, issuer) },
      place: placeOf(ctx),
      now: ctx.clock.now(),
    }
  })
}
