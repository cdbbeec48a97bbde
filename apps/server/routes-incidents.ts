/** Incidents: opened, contained, explained, closed by somebody else; what happened, from the log. spec/incidents.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { SEVERITIES } from '../../src/core/alert.ts'
import { CONTAINED_BY, INCIDENT_KINDS, NAMED_MAX, NOTE_PHASES } from '../../src/log/response-bodies.ts'
import {
  assignIncident,
  containIncident,
  incidentClosing,
  noteIncident,
  openIncident,
} from '../../src/registry/incidents.ts'
import { incidentMeasures, listIncidents, showIncident } from '../../src/respond/incident-views.ts'
import { timelineOf } from '../../src/respond/timeline.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const ms = z.int().nullable()
const view = z.object({
  id: z.string(),
  entry: z.int(),
  kind: z.enum(INCIDENT_KINDS),
  severity: z.enum(SEVERITIES),
  agent: z.string().nullable(),
  opener: z.string(),
  owner: z.string().nullable(),
  title: z.string().nullable(),
  status: z.enum(['open', 'contained', 'closed']),
  first: z.int(),
  detected: z.int(),
  opened: z.int(),
  acknowledged: ms,
  contained: ms,
  contained_by: z.enum(CONTAINED_BY).nullable(),
  closed: ms,
  containment: ms,
  cause: ms,
  lessons: ms,
  closing: ms,
})
const note = z.object({
  entry: z.int(),
  phase: z.string(),
  author: z.string(),
  time: z.int(),
  text: z.string().nullable(),
})
const detail = view.extend({ alerts: z.array(z.string()), notes: z.array(note) })
const line = z.object({
  index: z.int(),
  time: z.string(),
  type: z.string(),
  actor: z.string(),
  what: z.string(),
})
const spread = z.object({ n: z.int(), median_s: z.number().nullable(), max_s: z.number().nullable() })
const act = z.object({
  act: z.literal('incident.close'),
  incident: z.string(),
  opened: z.int(),
  contained: z.int(),
  cause: z.int(),
  lessons: z.int(),
  approver: z.string(),
})
const id = z.string().min(1).max(64)
const index = z.int().nonnegative()
/** What people say of an incident, in characters. */
const TEXT_MAX = 4_096
const YEAR_MS = 365 * 24 * 3600 * 1000

export function incidentRoutes(app: App, ctx: ServerContext): void {
  readRoutes(app, ctx)
  actRoutes(app, ctx)
  secondPersonRoutes(app, ctx, incidentClosing, {
    path: '/v1/incidents/{id}',
    params: idParam,
    act,
    ends: { show: 'closing', take: 'close' },
    done: 'Closed',
    show: 'What the caller signs to close the incident',
    take: 'Close an incident with a gesture; not by who opened it, works on it or owns its agent',
  })
}

function readRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/incidents',
      summary: 'Incidents, the latest first, and what they add up to in a year',
      middleware: operator,
      request: { query: z.strictObject({ open: z.literal('true').exactOptional() }) },
      responses: answers(
        'Incidents',
        z.object({
          incidents: z.array(view),
          year: z.object({
            incidents: z.int(),
            exercises: z.int(),
            open: z.int(),
            acknowledged: spread,
            contained: spread,
            closed: spread,
          }),
        }),
      ),
    }),
    async (c) => {
      const now = await store.now()
      const found = await store.query(async (db) => ({
        incidents: await listIncidents(registry, db, c.req.valid('query').open === 'true'),
        year: await incidentMeasures(db, now - YEAR_MS),
      }))
      return c.json(found, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/incidents/{id}',
      summary: 'An incident with what people said of it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The incident', detail),
    }),
    async (c) => {
      const found = await store.query((db) => showIncident(registry, db, c.req.valid('param').id))
      return c.json(detail.parse(found), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/incidents/{id}/timeline',
      summary: 'What happened around it, from the entries of the log',
      middleware: operator,
      request: { params: idParam },
      responses: answers(
        'Entries in the order of the log, at most 2,000 of `lines_n`',
        z.object({ lines: z.array(line), lines_n: z.int(), from: z.int(), to: z.int() }),
      ),
    }),
    async (c) => {
      const { lines, ...rest } = await timelineOf(store, c.req.valid('param').id)
      return c.json({ lines: [...lines], ...rest }, 200)
    },
  )
}

function actRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const entry = z.object({ entry: z.int() })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/incidents',
      summary: 'Open an incident, or an exercise (`tabletop`)',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            kind: z.enum(['alert', 'manual', 'tabletop']),
            severity: z.enum(SEVERITIES),
            title: z.string().min(1).max(256),
            agent: id.nullable(),
            alerts: z.array(id).max(NAMED_MAX),
            entries: z.array(index).max(NAMED_MAX),
          }),
        ),
      },
      responses: answers('Opened', z.object({ incident: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await openIncident(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/incidents/{id}/contain',
      summary: 'Say what stopped it, and name the entries that did',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ how: z.enum(CONTAINED_BY), entries: z.array(index).max(NAMED_MAX) })),
      },
      responses: answers('Contained', entry),
    }),
    async (c) => {
      const { id: incident } = c.req.valid('param')
      return c.json(
        await containIncident(registry, callerId(c, 'person'), incident, c.req.valid('json')),
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/incidents/{id}/notes',
      summary: 'Say something about it, why it could happen (`cause`), or what changes (`lessons`)',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ phase: z.enum(NOTE_PHASES), text: z.string().min(1).max(TEXT_MAX) })),
      },
      responses: answers('Kept', entry),
    }),
    async (c) => {
      const { id: incident } = c.req.valid('param')
      return c.json(await noteIncident(registry, callerId(c, 'person'), incident, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/incidents/{id}/assign',
      summary: 'Say who works on it',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ owner: id })) },
      responses: answers('Assigned', entry),
    }),
    async (c) => {
      const { id: incident } = c.req.valid('param')
      const { owner } = c.req.valid('json')
      return c.json(await assignIncident(registry, callerId(c, 'person'), incident, owner), 200)
    },
  )
}
