/** Erasures, legal holds, and openings for an auditor. spec/erasure.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { ERASURE_BASES } from '../../src/log/erasure-bodies.ts'
import { erasureOf, eraseSubject } from '../../src/registry/erasure.ts'
import { liftHold, liftingOf, listHolds, placeHold } from '../../src/registry/holds.ts'
import { openField } from '../../src/registry/openings.ts'
import { addNote } from '../../src/registry/notes.ts'
import { listErasures } from '../../src/registry/tombstones.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { gestureRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'

const index = z.int().nonnegative()
const basis = z.enum(ERASURE_BASES)
const pack = z.object({
  entry: index,
  person: z.string(),
  from: z.string(),
  to: z.string(),
  size: z.int(),
  sha256: z.string(),
})
/** `openedFieldSchema` of src/log/commitment.ts: a value is any JSON, which OpenAPI has no recursive word for. */
const openedField = z.object({
  entry: index,
  field: z.string(),
  commitment: z.string(),
  opening: z.union([
    z.object({ salt: z.string(), value: z.unknown() }),
    z.object({ disclosure: z.string() }),
  ]),
})
/** Free text: it goes to the erasable store. */
const words = z.string().min(1).max(2048)

export function erasureRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  const act = z.object({
    act: z.literal('subject.erase'),
    subject: z.string(),
    basis,
    approver: z.string(),
  })
  const found = { fields_n: z.int(), holds: z.array(z.string()).readonly(), packs: z.array(pack).readonly() }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/subjects/{id}/erasure',
      summary: 'What the caller signs to erase a subject, and what would be erased or is in the way',
      middleware: operator,
      request: { params: idParam, query: z.strictObject({ basis }) },
      responses: answers(
        'The act and its challenge; values, holds, packs',
        z.object({ act, challenge: z.string(), ...found }),
      ),
    }),
    async (c) => {
      const asked = {
        subject: c.req.valid('param').id,
        basis: c.req.valid('query').basis,
        approver: callerId(c, 'person'),
      }
      return c.json(await store.query((db) => erasureOf(ctx.registry, db, asked, ctx.clock.now())), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/subjects/{id}/erase',
      summary: 'Erase a subject with a gesture; what a hold is in the way of is deferred',
      middleware: operator,
      request: { params: idParam, body: body(gestureParts.extend({ basis })) },
      responses: answers(
        'Erased or deferred, and the packs that were handed out with entries about the subject',
        z.object({ state: z.enum(['erased', 'deferred']), entry: index, acted_alone: z.boolean(), ...found }),
      ),
    }),
    async (c) => {
      const { basis: why, ...gesture } = c.req.valid('json')
      const asked = { subject: c.req.valid('param').id, basis: why, approver: callerId(c, 'person') }
      return c.json(await eraseSubject(ctx.registry, asked, gesture), 200)
    },
  )

  const erasure = z.object({
    subject: z.string(),
    state: z.enum(['deferred', 'erased']),
    basis: z.string(),
    approver: z.string(),
    requested: z.string(),
    deferred: index.nullable(),
    erased: index.nullable(),
    /** Entries of the packs that hold entries about the subject. */
    packs: z.array(index),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/erasures',
      summary: 'Erasures that were asked for, newest first',
      middleware: operator,
      responses: answers('Erasures', z.object({ erasures: z.array(erasure) })),
    }),
    async (c) => c.json({ erasures: await store.query(listErasures) }, 200),
  )
  holdRoutes(app, ctx)
  openingRoutes(app, ctx)
}

function holdRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry
  const hold = z.object({
    id: z.string(),
    target: z.string(),
    reason: z.string().nullable(),
    placed: index,
    lifted: index.nullable(),
  })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/holds',
      summary: 'Place a legal hold on a subject, or on everything (`*`)',
      middleware: operator,
      request: { body: body(z.strictObject({ target: z.string().min(1).max(64), reason: words })) },
      responses: answers('Placed', z.object({ hold: z.string(), entry: index })),
    }),
    async (c) => c.json(await placeHold(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/holds',
      summary: 'Legal holds, open and lifted',
      middleware: operator,
      responses: answers('Holds', z.object({ holds: z.array(hold) })),
    }),
    async (c) => c.json({ holds: await store.query((db) => listHolds(ctx.registry, db)) }, 200),
  )

  const act = z.object({ act: z.literal('hold.lift'), hold: z.string(), approver: z.string() })
  gestureRoutes(app, ctx, {
    path: '/v1/holds/{id}',
    params: idParam,
    ends: { show: 'lifting', take: 'lift' },
    act,
    show: 'What the caller signs to lift a hold',
    take: 'Lift a hold with a gesture: erasures that it alone deferred are carried out',
    answer: {
      description: 'Lifted',
      schema: z.object({ entry: index, erased: z.array(z.string()).readonly() }),
    },
    shown: (person, { id }) => store.query((db) => liftingOf(ctx.registry, db, id, person)),
    taken: (person, { id }, parts) => liftHold(ctx.registry, person, id, parts),
  })
}

function openingRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/openings',
      summary: 'One field of one entry, opened for an auditor; that it was opened is logged',
      middleware: operator,
      request: { body: body(z.strictObject({ entry: index, field: z.string().min(1).max(64) })) },
      responses: answers('The field with what opens its commitment', openedField),
    }),
    async (c) => {
      const opened = await openField(ctx.registry, callerId(c, 'person'), c.req.valid('json'))
      return c.json(opened as z.infer<typeof openedField>, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/notes',
      summary: 'Say in words, outside the log, what an entry has a code for; the log commits to them',
      middleware: operator,
      request: { body: body(z.strictObject({ entry: index, text: words })) },
      responses: answers('Noted', z.object({ entry: index })),
    }),
    async (c) =>
      c.json({ entry: await addNote(ctx.registry, callerId(c, 'person'), c.req.valid('json')) }, 200),
  )
}
