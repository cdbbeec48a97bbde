/**
 * The data subject's own side, in a browser: comes in by a link or a passkey, and then sees, gives, withdraws, asks.
 * spec/consent.md (CNS-11, CNS-15, CNS-29, CNS-30).
 * Invariant: withdrawing takes less than giving: a session, and no gesture.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { getCookie, setCookie } from 'hono/cookie'
import type { Context } from 'hono'
import { consentExportSchema } from '../../src/core/consent-export.ts'
import { enrolSubject, enrolSubjectAct, findSubject, subjectActor } from '../../src/registry/data-subjects.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { listNotices } from '../../src/registry/notices.ts'
import { reaches } from '../../src/core/jurisdiction.ts'
import { takeLink } from '../../src/registry/subject-links.ts'
import { openRequest } from '../../src/registry/subject-requests.ts'
import { consentsThrough, exportOf, viewSubject, viewThrough } from '../../src/registry/subject-view.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { requestKind, subjectShown, words } from './consent-schemas.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { pageFile } from './ceremony-page.ts'
import { anyone } from './middleware.ts'
import { ALGORITHMS, readRegistration } from './registration.ts'
import { pinnedOrigin } from './links.ts'
import { ownConsentRoutes } from './routes-subject-consents.ts'
import { answers, attestation, body, gestureParts } from './schemas.ts'
import { assertGesture, SubjectChallenges } from './subject-challenges.ts'
import {
  subjectOf,
  SubjectSessions,
  SUBJECT_COOKIE,
  SUBJECT_SESSION_MS,
  whoIsIn,
} from './subject-sessions.ts'

const secret = z.string().min(1).max(128)
/** What the page needs before anybody is in. */
const place = z.object({
  rp_id: z.string(),
  origins: z.array(z.string()),
  algorithms: z.array(z.int()),
  simulated: z.boolean(),
  origin: z.string(),
})
const own = z.object({
  place,
  subject: subjectShown,
  notices: z.array(z.unknown()),
  credential_id: z.string().nullable(),
  /** The manager whose link it was opened by: of the rest nothing is shown. */
  through: z.string().nullable(),
})

export function subjectRoutes(app: App, ctx: ServerContext): void {
  const sessions = new SubjectSessions(ctx.registry.crypto, ctx.clock)
  app.get('/subject', () => pageFile('subject.html'))
  app.get('/subject/:file', (c) => pageFile(c.req.param('file')))
  comeIn(app, ctx, sessions)
  signInRoutes(app, ctx, sessions)
  passkeyRoutes(app, ctx, sessions)
  ownRoutes(app, ctx, sessions)
  ownConsentRoutes(app, ctx, sessions)
}

function placeOf(ctx: ServerContext): z.infer<typeof place> {
  const { rp_id, origins, origin, simulated } = ctx.settings
  return { rp_id, origins, algorithms: [...ALGORITHMS], simulated, origin }
}

function signIn(ctx: ServerContext, c: Context<AppEnv>, session: string): void {
  setCookie(c, SUBJECT_COOKIE, session, {
    httpOnly: true,
    sameSite: 'Strict',
    secure: new URL(ctx.publicUrl()).protocol === 'https:',
    path: '/v1/subject',
    maxAge: SUBJECT_SESSION_MS / 1000,
  })
}

function comeIn(app: App, ctx: ServerContext, sessions: SubjectSessions): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/open',
      summary: 'Come in by a link, which is used up',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret })) },
      responses: answers('In', z.object({ place })),
    }),
    async (c) => {
      const { subject, by } = await takeLink(registry, c.req.valid('json').secret)
      signIn(ctx, c, sessions.open(subject, by))
      return c.json({ place: placeOf(ctx) }, 200)
    },
  )
}

/** CNS-42. */
function signInRoutes(app: App, ctx: ServerContext, sessions: SubjectSessions): void {
  const { registry } = ctx
  const challenges = new SubjectChallenges(registry.crypto, ctx.clock)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/challenge',
      summary: 'What a passkey signs to come in',
      middleware: anyone(),
      responses: answers('The challenge, good for 5 minutes', z.object({ place, challenge: z.string() })),
    }),
    (c) => c.json({ place: placeOf(ctx), challenge: challenges.give() }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/sign-in',
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
      responses: answers('In', z.object({ place })),
    }),
    async (c) => {
      const { challenge, credential_id, gesture } = c.req.valid('json')
      const row = await registry.store.query((db) =>
        db
          .selectFrom('data_subjects')
          .select('id')
          .where('credential_id', '=', credential_id)
          .executeTakeFirst(),
      )
      const given = challenges.read(challenge)
      if (row === undefined || given === null) throw unknownPasskey()
      const { credential, registration } = await registry.store.query((db) => findSubject(db, row.id))
      assertGesture(ctx, { challenge, jwk: credential, registration, gesture })
      if (!challenges.use(row.id, given)) throw unknownPasskey()
      signIn(ctx, c, sessions.open(row.id, row.id))
      return c.json({ place: placeOf(ctx) }, 200)
    },
  )
}

function unknownPasskey(): RegistryError {
  return new RegistryError('GESTURE_INVALID', 'this passkey is not registered here, or the page is too old')
}

/** CNS-11: a passkey is registered in a session that a link opened. */
function passkeyRoutes(app: App, ctx: ServerContext, sessions: SubjectSessions): void {
  const { registry } = ctx
  const challengeFor = (subject: string, session: string): string =>
    challengeOf(registry.crypto, ACT_TAG, enrolSubjectAct(subject, secretHash(registry.crypto, session)))

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/passkey/challenge',
      summary: 'What a new passkey of theirs is registered over',
      middleware: anyone(),
      responses: answers('The challenge', z.object({ challenge: z.string(), subject: z.string() })),
    }),
    (c) => {
      const subject = subjectOf(c, sessions)
      return c.json({ challenge: challengeFor(subject, getCookie(c, SUBJECT_COOKIE) ?? ''), subject }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/passkey',
      summary: 'Register a passkey, in place of one before',
      middleware: anyone(),
      request: { body: body(z.strictObject({ credential: attestation })) },
      responses: answers('Registered', z.object({ registration: z.int() })),
    }),
    async (c) => {
      const subject = subjectOf(c, sessions)
      const session = getCookie(c, SUBJECT_COOKIE) ?? ''
      const by = sessions.sessionOf(session)?.by ?? subject
      const challenge = challengeFor(subject, session)
      const credential = await readRegistration(registry.rp, challenge, c.req.valid('json').credential)
      const registration = await enrolSubject(registry, { subject, by }, credential)
      sessions.endOthers(subject, session)
      return c.json({ registration }, 200)
    },
  )
}

function ownRoutes(app: App, ctx: ServerContext, sessions: SubjectSessions): void {
  const { registry } = ctx
  const now = (): number => ctx.clock.now()

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/subject',
      summary: 'What they consented to, who used it when for what, what they asked for',
      middleware: anyone(),
      responses: answers('The data subject, and the notices that they can consent to', own),
    }),
    async (c) => {
      const { subject, through } = whoIsIn(c, sessions)
      const answer = await registry.store.query(async (db) => {
        if (through !== null) {
          const view = await viewThrough(db, subject, through, now())
          return { place: placeOf(ctx), subject: view, notices: [], credential_id: null, through }
        }
        const view = await viewSubject(registry, db, subject, now())
        const notices = (await listNotices(db)).filter(
          ({ status, notice }) => status === 'approved' && reaches(notice.jurisdiction, view.jurisdiction),
        )
        const { credential_id } = await findSubject(db, subject)
        return { place: placeOf(ctx), subject: view, notices, credential_id, through }
      })
      c.header('cache-control', 'no-store')
      return c.json(answer, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/subject/export',
      summary: 'All of it, consents as ISO/IEC TS 27560 arranges them',
      middleware: anyone(),
      responses: answers(
        'The export',
        z.object({ subject: subjectShown, consents: z.array(consentExportSchema) }),
      ),
    }),
    async (c) => {
      const { subject, through } = whoIsIn(c, sessions)
      const answer = await registry.store.query(async (db) => {
        const all = await consentsThrough(db, subject, through)
        const where = `${pinnedOrigin(ctx)}/subject`
        const consents = await Promise.all(all.map((one) => exportOf(db, one, now(), where)))
        const view =
          through === null
            ? await viewSubject(registry, db, subject, now())
            : await viewThrough(db, subject, through, now())
        return { subject: view, consents }
      })
      c.header('cache-control', 'no-store')
      return c.json(answer, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subject/requests',
      summary: 'Ask for access, export, correction, erasure, restriction, object or complain',
      middleware: anyone(),
      request: { body: body(z.strictObject({ kind: requestKind, text: words })) },
      responses: answers('Opened, with its day', z.object({ request: z.string(), due: z.string() })),
    }),
    async (c) => {
      const { subject, through } = whoIsIn(c, sessions)
      if (through !== null)
        throw new RegistryError(
          'NOT_ENDORSED',
          'a request takes a link of who answers for the data: ask for one',
        )
      const asked = { ...c.req.valid('json'), subject }
      return c.json(await openRequest(registry, subjectActor(subject), asked), 200)
    },
  )
}
