/** Data subjects as their operator has them, their requests, and the feed for points. spec/consent.md (CNS-9, CNS-19, CNS-30). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { basisSchema } from '../../src/core/consent.ts'
import { OBJECTION_RIGHTS } from '../../src/log/consent-bodies.ts'
import { cascadesOf } from '../../src/registry/cascade.ts'
import { personActor } from '../../src/registry/context.ts'
import { addSubject, identifySubject, unidentifySubject } from '../../src/registry/data-subjects.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { object } from '../../src/registry/objections.ts'
import { subjectsAfter } from '../../src/registry/subject-feed.ts'
import { subjectNamed } from '../../src/registry/subject-index.ts'
import { makeLink } from '../../src/registry/subject-links.ts'
import { viewSubject } from '../../src/registry/subject-view.ts'
import { cascadeShown, identifier, jurisdiction, subjectShown, term } from './consent-schemas.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { pinnedOrigin } from './links.ts'
import { standing, who } from './middleware.ts'
import { managerActor } from './routes-consents.ts'
import { acknowledged } from './routes-revocations.ts'
import { subjectRequestRoutes } from './routes-subject-requests.ts'
import { answers, body, framesAnswer, idParam, ok } from './schemas.ts'

const index = z.int().nonnegative()
const identifiers = z.array(identifier).max(16)

export function dataSubjectRoutes(app: App, ctx: ServerContext): void {
  registerRoutes(app, ctx)
  viewRoutes(app, ctx)
  actRoutes(app, ctx)
  subjectRequestRoutes(app, ctx)
  feedRoute(app, ctx)
}

function registerRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects',
      summary: 'Register a data subject under a random pseudonym, with what they are known by',
      middleware: standing(ctx, 'person', 'manager'),
      request: { body: body(z.strictObject({ jurisdiction, identifiers })) },
      responses: answers('Registered', z.object({ subject: z.string() })),
    }),
    async (c) => {
      const caller = c.get('caller')
      const actor = caller.kind === 'person' ? personActor(caller.id) : managerActor(callerId(c, 'manager'))
      return c.json({ subject: await addSubject(registry, actor, c.req.valid('json')) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/find',
      summary: 'Who is known by an identifier',
      middleware: standing(ctx, 'person', 'manager'),
      request: { body: body(identifier) },
      responses: answers('The pseudonym', z.object({ subject: z.string() })),
    }),
    async (c) => {
      const named = c.req.valid('json')
      const subject = await registry.store.query((db) => subjectNamed(registry, db, named))
      if (subject === null)
        throw new RegistryError('UNKNOWN_DATA_SUBJECT', 'nobody is known by this identifier: register them')
      return c.json({ subject }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/{id}/identifiers',
      summary: 'One more thing that a data subject is known by',
      middleware: operator,
      request: { params: idParam, body: body(identifier) },
      responses: answers('Known by it', ok),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      await identifySubject(registry, actor, c.req.valid('param').id, c.req.valid('json'))
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/{id}/identifiers/remove',
      summary: 'Not known by it any more: the entry that gave the identifier says which',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ entry: index })) },
      responses: answers('Taken away', ok),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      await unidentifySubject(registry, actor, c.req.valid('param').id, c.req.valid('json').entry)
      return c.json({ ok: true as const }, 200)
    },
  )
}

function viewRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/data-subjects/{id}',
      summary: 'What they consented to, who used it when for what, what they asked for',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The data subject', subjectShown),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await registry.store.query((db) => viewSubject(registry, db, id, ctx.clock.now())), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/data-subjects/{id}/cascades',
      summary: 'What each withdrawal and objection of theirs reached, and when',
      middleware: operator,
      request: { params: idParam },
      responses: answers('Reports', z.object({ cascades: z.array(cascadeShown) })),
    }),
    async (c) => {
      const subject = c.req.valid('param').id
      await ctx.hub.acks.write()
      const cascades = await registry.store.query((db) => cascadesOf(registry, db, { subject }))
      return c.json({ cascades }, 200)
    },
  )
}

function actRoutes(app: App, ctx: ServerContext): void {
  const operator = standing(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/{id}/objections',
      summary: 'Deny purposes, or all of them, for this subject; consents that live are withdrawn as far',
      middleware: operator,
      request: {
        params: idParam,
        body: body(
          z.strictObject({
            right: z.enum(OBJECTION_RIGHTS),
            purposes: z.array(term).min(1).max(16).nullable(),
          }),
        ),
      },
      responses: answers('Committed', framesAnswer.extend({ objection: z.string() })),
    }),
    async (c) => {
      const said = { ...c.req.valid('json'), subject: c.req.valid('param').id }
      const { objection, frames } = await object(registry, personActor(callerId(c, 'person')), said)
      return c.json({ objection, ...(await acknowledged(ctx, frames)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/data-subjects/{id}/links',
      summary: "A link to the data subject's own page, good once and for 15 minutes",
      middleware: operator,
      request: { params: idParam },
      responses: answers('The link', z.object({ url: z.string(), expires: z.int() })),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const { secret, expires } = await makeLink(registry, c.req.valid('param').id, person)
      return c.json({ url: `${pinnedOrigin(ctx)}/subject#${secret}`, expires }, 200)
    },
  )
}

const pointConsent = z.object({
  id: z.string(),
  rev: z.string(),
  purposes: z.array(z.string()).readonly(),
  categories: z.array(z.string()).readonly(),
  exp: z.int(),
  explicit: z.literal(true).exactOptional(),
  withdrawn: z.union([z.literal(true), z.array(z.string()).readonly()]).exactOptional(),
})
const { v: _v, expires: _expires, ...ofBasis } = basisSchema.shape
const page = z.object({
  index_key: z.string().nullable(),
  rows: z
    .array(
      z.object({
        subject: z.string(),
        jurisdiction: z.string(),
        keys: z.array(z.string()).readonly(),
        alike: z.array(z.string()).readonly().exactOptional(),
        consents: z.array(pointConsent).readonly(),
        minor: z.int().exactOptional(),
      }),
    )
    .readonly(),
  bases: z
    .array(z.object({ ...ofBasis, id: z.string(), exp: z.int() }))
    .readonly()
    .nullable(),
  next: z.int(),
  more: z.boolean(),
})

function feedRoute(app: App, ctx: ServerContext): void {
  const { registry } = ctx
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/subjects',
      summary: 'Data subjects that changed after an entry, and the bases in force if one did (CNS-19)',
      middleware: who(ctx, 'point'),
      request: { query: z.strictObject({ after: z.coerce.number().int().min(-1).default(-1) }) },
      responses: answers('A page', page),
    }),
    async (c) => {
      const { after } = c.req.valid('query')
      c.header('cache-control', 'no-store')
      return c.json(
        await registry.store.query((db) => subjectsAfter(registry, db, after, ctx.clock.now())),
        200,
      )
    },
  )
}
