/** The kill switch: pull, lift, rosters, statements from outside. spec/kill.md (KIL-13 to KIL-16). @module */
import { createRoute, z } from '@hono/zod-openapi'
import { personActor } from '../../src/registry/context.ts'
import {
  beginLift,
  currentRoster,
  openLift,
  openLifts,
  rosterOf,
  signLift,
  takeStatement,
  type OpenLift,
} from '../../src/registry/kill-lifts.ts'
import { killHistory, killProgress } from '../../src/registry/kill-progress.ts'
import { killsInForce, pullKill, pullOf } from '../../src/registry/kills.ts'
import { namesIn } from '../../src/registry/names.ts'
import { statementsFrom } from '../../src/registry/statements.ts'
import {
  killSchema,
  killScopeSchema,
  LIFTED_MAX,
  rosterSchema,
  ROSTER_MAX,
  signedKillSchema,
  signedRosterSchema,
  statementSchema,
} from '../../src/revoke/statement.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, digest, gestureParts, idParam, ok, reason } from './schemas.ts'

const id = z.string().min(1).max(64)
const actAnswer = z.object({ challenge: digest, act: z.record(z.string(), z.unknown()) })
const liftView = z.object({
  id: z.string(),
  kills: z.array(z.string()),
  made: z.array(z.string()),
  missing: z.int(),
  expires: z.int(),
})

export function killRoutes(app: App, ctx: ServerContext): void {
  pullRoutes(app, ctx)
  progressRoutes(app, ctx)
  liftRoutes(app, ctx)
  rosterRoutes(app, ctx)
  statementRoutes(app, ctx)
}

function pullRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/kills/draft',
      summary: 'What the caller signs to pull the kill switch; nothing is kept of it',
      middleware: operator,
      request: { body: body(z.strictObject({ scope: killScopeSchema, reason })) },
      responses: answers('The act and its challenge', actAnswer),
    }),
    async (c) => {
      const person = callerId(c, 'person')
      const asked = c.req.valid('json')
      const now = await store.now()
      const { act, challenge } = await store.query((db) => pullOf(ctx.registry, db, person, asked, now))
      return c.json({ challenge, act: { ...act } }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/kills',
      summary: 'Pull: the kill of a draft with a gesture over it',
      middleware: operator,
      request: { body: body(gestureParts.extend({ kill: killSchema })) },
      responses: answers(
        'Committed: every point denies within its bound',
        z.object({ kill: z.string(), acknowledged_at: z.int(), statement: signedKillSchema }),
      ),
    }),
    async (c) => {
      const { kill, ...parts } = c.req.valid('json')
      const statement = await pullKill(ctx.registry, callerId(c, 'person'), kill, parts)
      return c.json({ kill: kill.id, acknowledged_at: ctx.clock.now(), statement }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/kills',
      summary: 'Kills in force, lifts that wait for gestures, the roster',
      middleware: operator,
      responses: answers(
        'The switch',
        z.object({
          kills: z.array(signedKillSchema),
          lifts: z.array(liftView),
          roster: signedRosterSchema.nullable(),
          /** Of the roster's people, by their handles. */
          names: z.record(z.string(), z.string()),
        }),
      ),
    }),
    async (c) => {
      const now = await store.now()
      const answer = await store.query(async (db) => {
        const roster = await currentRoster(db)
        const people = (roster?.roster.people ?? []).map(({ rev }) => rev)
        return {
          kills: await killsInForce(db),
          lifts: (await openLifts(ctx.registry, db, now)).map(viewOf),
          roster,
          names: await namesIn(ctx.registry, db, people),
        }
      })
      return c.json(answer, 200)
    },
  )
}

function progressRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const past = z.object({
    statement: signedKillSchema,
    entry: z.int(),
    /** When it came into the log, milliseconds. */
    at: z.int(),
    /** Whose gesture pulled it; null: signed outside (KIL-13), or its entry was pruned. */
    by_person: z.string().nullable(),
    lift: z.object({ id: z.string(), at: z.string(), people_n: z.int() }).nullable(),
  })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/kills/history',
      summary: 'Kills, the latest first, whether lifted or not',
      middleware: operator,
      responses: answers('At most 100', z.object({ kills: z.array(past) })),
    }),
    async (c) => c.json({ kills: await registry.store.query(killHistory) }, 200),
  )

  const row = z.object({ point: z.string(), name: z.string(), denied_ms: z.int().nullable() })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/kills/{id}',
      summary:
        'A kill and the points within its scope: when each began to deny, from their receipts (KIL-18)',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'As the log stands; those that did not answer first, then the slowest, at most 500 of `points_n`',
        past.extend({ points_n: z.int(), answered_n: z.int(), points: z.array(row) }),
      ),
    }),
    async (c) => c.json(await killProgress(registry.store, c.req.valid('param').id), 200),
  )
}

function viewOf({ lift, made, missing, expires }: OpenLift): z.infer<typeof liftView> {
  return { id: lift.id, kills: lift.kills, made: [...made], missing, expires }
}

function liftRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/lifts',
      summary: 'Begin a lift: it names the kills and waits a day for the gestures that the roster wants',
      middleware: operator,
      request: { body: body(z.strictObject({ kills: z.array(id).min(1).max(LIFTED_MAX), reason })) },
      responses: answers('Begun', z.object({ lift: z.string() })),
    }),
    async (c) => c.json(await beginLift(ctx.registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/lifts/{id}',
      summary: 'What people of the roster sign, and who has',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The lift', actAnswer.extend(liftView.shape)),
    }),
    async (c) => {
      const now = await store.now()
      const open = await store.query((db) => openLift(ctx.registry, db, c.req.valid('param').id, now))
      return c.json(
        {
          challenge: open.challenge,
          act: { ...open.act },
          ...viewOf(open),
        },
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/lifts/{id}/sign',
      summary: "A gesture of one of the roster's people; the last that it takes commits the lift",
      middleware: operator,
      request: { params: idParam, body: body(gestureParts) },
      responses: answers('How many are missing still', z.object({ missing: z.int() })),
    }),
    async (c) => {
      const { id: lift } = c.req.valid('param')
      return c.json(await signLift(ctx.registry, callerId(c, 'person'), lift, c.req.valid('json')), 200)
    },
  )
}

function rosterRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/rosters/draft',
      summary: 'What the break-glass key signs to say who lifts; nothing is kept of it',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            people: z.array(id).min(1).max(ROSTER_MAX),
            m: z.int().min(1).max(ROSTER_MAX),
          }),
        ),
      },
      responses: answers('The roster', rosterSchema),
    }),
    async (c) => {
      const { people, m } = c.req.valid('json')
      const now = await store.now()
      return c.json(await store.query((db) => rosterOf(ctx.registry, db, people, m, now)), 200)
    },
  )
}

function statementRoutes(app: App, ctx: ServerContext): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/statements',
      summary:
        'Hand in a kill, a lift, a roster or a frame key that was signed elsewhere; idempotent (KIL-13)',
      middleware: who(ctx, 'point', 'person'),
      request: { body: body(statementSchema) },
      responses: answers('Committed', ok),
    }),
    async (c) => {
      const { kind, id: caller } = c.get('caller')
      const actor = kind === 'point' ? { kind, id: caller } : personActor(caller)
      await takeStatement(ctx.registry, actor, c.req.valid('json'))
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/statements',
      summary: 'Statements in the order of the log, from an index on',
      middleware: who(ctx, 'point'),
      request: { query: z.strictObject({ after: z.coerce.number().int().nonnegative().default(0) }) },
      responses: answers(
        'Some of them, and where to go on',
        z.object({ statements: z.array(statementSchema), next: z.int() }),
      ),
    }),
    async (c) => {
      const { after } = c.req.valid('query')
      return c.json(await ctx.registry.store.query((db) => statementsFrom(db, after)), 200)
    },
  )
}
