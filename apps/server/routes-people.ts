/** People, systems and tools, as operators keep them. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { DEFINITION_LENGTH_MAX, measuresSchema } from '../../src/log/entries.ts'
import { personActor } from '../../src/registry/context.ts'
import { endorsementOf, endorsePerson } from '../../src/registry/endorsements.ts'
import { addPerson, leave, listPeople } from '../../src/registry/people.ts'
import { settleRolesOf } from '../../src/registry/scim-roles.ts'
import { addSystem, listSystems } from '../../src/registry/systems.ts'
import { listTools, registerTool } from '../../src/registry/tools.ts'
import { callerActor, callerId, type App, type ServerContext } from './context.ts'
import { gestureRoutes } from './gesture-routes.ts'
import { who } from './middleware.ts'
import { acknowledged } from './routes-revocations.ts'
import { answers, body, digest, framesAnswer, idParam, name, reasonBody } from './schemas.ts'

const system = z.object({ id: z.string(), name: z.string() })
const toolInput = z.strictObject({
  system: z.string().max(64),
  server: name,
  tool: name,
  definition_hash: digest,
  measures: measuresSchema,
  resources: z.array(z.string().max(256)).min(1).max(16).exactOptional(),
  /** JCS of what `definition_hash` is the hash of. */
  definition: z.string().max(DEFINITION_LENGTH_MAX).exactOptional(),
})
export const toolAnswer = z.object({ id: z.string(), ...toolInput.shape })

export function peopleRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/people',
      summary: 'Invite a person',
      middleware: operator,
      request: { body: body(z.strictObject({ name })) },
      responses: answers(
        'Invited: the secret is shown once',
        z.object({ person: z.string(), invitation: z.string() }),
      ),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      return c.json(await addPerson(ctx.registry, actor, c.req.valid('json').name), 200)
    },
  )

  const person = z.object({
    id: z.string(),
    /** Null: erased. */
    name: z.string().nullable(),
    rev: z.string().nullable(),
    status: z.enum(['added', 'enrolled', 'left']),
    endorsed: z.boolean(),
    /** How many of their passkeys count. */
    passkeys: z.int(),
    /** How far their recovery is, and who invited them: null is the control plane's machine. */
    recovery: z
      .object({ state: z.enum(['invited', 'registered']), inviter: z.string().nullable() })
      .nullable(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/people',
      summary: 'People',
      middleware: operator,
      responses: answers('People', z.object({ people: z.array(person) })),
    }),
    async (c) => c.json({ people: await store.query((db) => listPeople(ctx.registry, db)) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/people/{id}/leave',
      summary: 'A person leaves: every delegation behind which they stand is revoked',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Left', framesAnswer),
    }),
    async (c) => {
      const actor = personActor(callerId(c, 'person'))
      const frames = await leave(ctx.registry, actor, c.req.valid('param').id, c.req.valid('json').reason)
      return c.json(await acknowledged(ctx, frames), 200)
    },
  )
  endorsementRoutes(app, ctx)
  inventoryRoutes(app, ctx)
}

export const endorseAct = z.object({
  act: z.literal('person.endorse'),
  person: z.string(),
  registration: z.int(),
  credential: z.string(),
  endorser: z.string(),
})

function endorsementRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx

  gestureRoutes(app, ctx, {
    path: '/v1/people/{id}',
    params: idParam,
    ends: { show: 'endorsement', take: 'endorse' },
    act: endorseAct,
    show: "What the caller signs to endorse the person's registration",
    take: "Endorse a person's registration with a gesture; before that none of theirs counts",
    answer: { description: 'Endorsed', schema: z.object({ acted_alone: z.boolean() }) },
    shown: (person, { id }) => registry.store.query((db) => endorsementOf(registry, db, id, person)),
    taken: async (person, { id }, parts) => {
      const { acted_alone, recovered } = await endorsePerson(registry, person, id, parts)
      if (recovered) ctx.sessions.endWhere((session) => session.person === id)
      await settleRolesOf(registry, id, ctx.identity.scimRoles) // of groups that they were in before (IDN-23)
      return { acted_alone }
    },
  })
}

function inventoryRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { store } = ctx.registry

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/systems',
      summary: 'Register a system',
      middleware: operator,
      request: { body: body(z.strictObject({ name })) },
      responses: answers('Registered', system),
    }),
    async (c) => {
      const actor = callerActor(c)
      return c.json(await addSystem(ctx.registry, actor, c.req.valid('json').name), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/systems',
      summary: 'Systems',
      middleware: operator,
      responses: answers('Systems', z.object({ systems: z.array(system) })),
    }),
    async (c) => c.json({ systems: await store.query(listSystems) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tools',
      summary: 'Register a tool, or propose another definition of it: `waiting` names the change (MCP-14)',
      middleware: operator,
      request: { body: body(toolInput) },
      responses: answers('Registered', toolAnswer.extend({ waiting: z.string().exactOptional() })),
    }),
    async (c) => {
      const actor = callerActor(c)
      return c.json(await registerTool(ctx.registry, actor, c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tools',
      summary: 'Tools',
      middleware: operator,
      request: { query: z.strictObject({ server: name.optional() }) },
      responses: answers('Tools', z.object({ tools: z.array(toolAnswer) })),
    }),
    async (c) => {
      const { server } = c.req.valid('query')
      return c.json(
        { tools: await store.query((db) => listTools(db, server === undefined ? undefined : [server])) },
        200,
      )
    },
  )
}
