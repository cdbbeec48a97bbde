/** Deviations as management evaluates them, and deficiencies until they are retested. spec/deviations.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import {
  criteriaSchema,
  DEFICIENCY_PHASES,
  deviationIdSchema,
  evaluationSchema,
  RETEST_RESULTS,
  SHOWN_MAX,
} from '../../src/log/deficiency-bodies.ts'
import {
  assignDeficiency,
  deficiencyClosing,
  listDeficiencies,
  noteDeficiency,
  openDeficiency,
  retestDeficiency,
  showDeficiency,
} from '../../src/registry/deficiencies.ts'
import { evaluationSigning, listEvaluations, proposeEvaluation } from '../../src/registry/evaluations.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { answers, body, idParam } from './schemas.ts'

const at = z.int().nullable()
const evaluation = z.object({
  id: z.string(),
  deviation: z.string(),
  said: evaluationSchema,
  proposer: z.string(),
  proposal: z.int(),
  signer: z.string().nullable(),
  signature: at,
  signed: at,
})
const deficiency = z.object({
  id: z.string(),
  entry: z.int(),
  criteria: z.array(z.string()),
  deviation: z.string().nullable(),
  opener: z.string(),
  owner: z.string().nullable(),
  title: z.string().nullable(),
  status: z.enum(['open', 'repaired', 'retested', 'closed']),
  opened: z.int(),
  due: z.int(),
  closed: at,
  remediation: at,
  repairer: z.string().nullable(),
  retest: at,
  closing: at,
})
const note = z.object({
  entry: z.int(),
  phase: z.string(),
  author: z.string(),
  time: z.int(),
  text: z.string().nullable(),
})
const entry = z.object({ entry: z.int() })
const id = z.string().min(1).max(64)
/** What people say of a deficiency, in characters. */
const text = z.string().min(1).max(4_096)
const entries = z.array(z.int().nonnegative()).max(SHOWN_MAX)
const due = z.iso.datetime()

export function deficiencyRoutes(app: App, ctx: ServerContext): void {
  evaluationRoutes(app, ctx)
  readRoutes(app, ctx)
  actRoutes(app, ctx)
  secondPersonRoutes(app, ctx, deficiencyClosing, {
    path: '/v1/deficiencies/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('deficiency.close'),
      deficiency: z.string(),
      opened: z.int(),
      remediation: z.int(),
      retest: z.int(),
      approver: z.string(),
    }),
    ends: { show: 'closing', take: 'close' },
    done: 'Closed',
    show: 'What the caller signs to close the deficiency',
    take: 'Close a deficiency with a gesture, once a retest passed; not by who owns it',
  })
}

function evaluationRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/evaluations',
      summary: 'Evaluations of deviations, the latest first',
      middleware: operator,
      request: { query: z.strictObject({ deviation: deviationIdSchema.exactOptional() }) },
      responses: answers('Evaluations', z.object({ evaluations: z.array(evaluation) })),
    }),
    async (c) => {
      const { deviation = null } = c.req.valid('query')
      return c.json({ evaluations: await registry.store.query((db) => listEvaluations(db, deviation)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/evaluations',
      summary: 'Draft what management says of a deviation; it stands in the log in the clear',
      middleware: operator,
      request: { body: body(evaluationSchema) },
      responses: answers('Drafted', z.object({ evaluation: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await proposeEvaluation(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )

  secondPersonRoutes(app, ctx, evaluationSigning, {
    path: '/v1/evaluations/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('evaluation.sign'),
      evaluation: z.string(),
      deviation: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    ends: { show: 'signing', take: 'sign' },
    done: 'Signed',
    show: 'What the caller signs as management’s evaluation',
    take: 'Sign management’s evaluation with a gesture; not by who drafted it',
  })
}

function readRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx
  const { store } = registry

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/deficiencies',
      summary: 'Deficiencies, what is due first comes first',
      middleware: operator,
      request: { query: z.strictObject({ open: z.literal('true').exactOptional() }) },
      responses: answers('Deficiencies', z.object({ deficiencies: z.array(deficiency) })),
    }),
    async (c) => {
      const open = c.req.valid('query').open === 'true'
      const found = await store.query((db) => listDeficiencies(registry, db, open))
      return c.json(z.object({ deficiencies: z.array(deficiency) }).parse({ deficiencies: found }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/deficiencies/{id}',
      summary: 'A deficiency with what people said of it',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The deficiency', deficiency.extend({ notes: z.array(note) })),
    }),
    async (c) => {
      const found = await store.query((db) => showDeficiency(registry, db, c.req.valid('param').id))
      return c.json(deficiency.extend({ notes: z.array(note) }).parse(found), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/deficiencies',
      summary: 'Open a deficiency, from a deviation or by hand',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            title: z.string().min(1).max(256),
            criteria: criteriaSchema,
            deviation: deviationIdSchema.nullable(),
            owner: id.nullable(),
            due,
            entries,
          }),
        ),
      },
      responses: answers('Opened', z.object({ deficiency: z.string(), entry: z.int() })),
    }),
    async (c) => c.json(await openDeficiency(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )
}

function actRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/deficiencies/{id}/assign',
      summary: 'Say who answers for it, and until when; a date that has passed stays',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ owner: id, due })) },
      responses: answers('Assigned', entry),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await assignDeficiency(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/deficiencies/{id}/notes',
      summary: 'Say what is planned, what was done (`remediation`), or something else',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ phase: z.enum(DEFICIENCY_PHASES), text, entries })),
      },
      responses: answers('Kept', entry),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await noteDeficiency(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/deficiencies/{id}/retest',
      summary: 'Say what a retest of the last remediation came to; not by who owns or repaired it',
      middleware: operator,
      request: {
        params: idParam,
        body: body(z.strictObject({ result: z.enum(RETEST_RESULTS), text, entries })),
      },
      responses: answers('Kept', entry.extend({ acted_alone: z.boolean() })),
    }),
    async (c) => {
      const { id: of } = c.req.valid('param')
      return c.json(await retestDeficiency(registry, callerId(c, 'person'), of, c.req.valid('json')), 200)
    },
  )
}
