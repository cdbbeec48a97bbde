/** Service accounts: proposed, approved, invited, enrolled, rotated, disabled. spec/service-accounts.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { publicJwk } from '../../src/core/jwk.ts'
import { SERVICE_ROLE_NAMES } from '../../src/core/roles.ts'
import { ROTATION_CHARS_MAX, SERVICE_DAYS_MAX, serviceTerms } from '../../src/log/service-bodies.ts'
import {
  disableService,
  enrolService,
  invitedAccount,
  inviteService,
  proposeService,
  rotateService,
  serviceApproval,
} from '../../src/registry/services.ts'
import { listServices, showService } from '../../src/registry/service-views.ts'
import { countFailures } from './attempts.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { secondPersonRoutes } from './gesture-routes.ts'
import { anyKey, who } from './middleware.ts'
import { Pace } from './pace.ts'
import { answers, body, idParam, jwk, reasonBody } from './schemas.ts'

/** Of one address, those that came to nothing: a secret cannot be guessed, this tells of noise. */
const FAILED_ENROLMENTS_A_MINUTE_MAX = 30

const time = z.int().nullable()
const view = z.object({
  id: z.string(),
  name: z.string(),
  purpose: z.string(),
  owner: z.string(),
  roles: z.array(z.enum(SERVICE_ROLE_NAMES)),
  networks: z.array(z.string()),
  status: z.enum(['waiting', 'approved', 'active', 'expired', 'disabled', 'retired']),
  proposer: z.string(),
  proposed: z.int(),
  approver: z.string().nullable(),
  approved: time,
  expires: z.int(),
  ended: time,
  key: z.object({ jkt: z.string(), since: z.int() }).nullable(),
  used: time,
})

export function serviceAccountRoutes(app: App, ctx: ServerContext): void {
  listRoutes(app, ctx)
  ownRoutes(app, ctx)
  changeRoutes(app, ctx)
  secondPersonRoutes(app, ctx, serviceApproval, {
    path: '/v1/service-accounts/{id}',
    params: idParam,
    act: z.object({
      act: z.literal('service_account.approve'),
      account: z.string(),
      ...serviceTerms,
      expires: z.string(),
      proposal: z.int(),
      approver: z.string(),
    }),
    show: 'What the caller signs to approve the account',
    take: 'Approve a service account with a gesture; not by who proposed or owns it',
  })
}

function listRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/service-accounts',
      summary: 'Service accounts, the latest first',
      middleware: operator,
      responses: answers('Accounts', z.object({ accounts: z.array(view) })),
    }),
    async (c) => {
      const accounts = await registry.store.query((db) => listServices(db, ctx.clock.now()))
      return c.json({ accounts }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts',
      summary: 'Propose an account for a program; someone else approves it',
      middleware: operator,
      request: {
        body: body(z.strictObject({ ...serviceTerms, days: z.int().min(1).max(SERVICE_DAYS_MAX) })),
      },
      responses: answers('Proposed', z.object({ account: z.string(), entry: z.int(), expires: z.string() })),
    }),
    async (c) => c.json(await proposeService(registry, callerId(c, 'person'), c.req.valid('json')), 200),
  )
}

/** What the program itself asks for. Before those of an account by its name, which `enroll` and `self` are none of. */
function ownRoutes(app: App, ctx: ServerContext): void {
  const self = who(ctx, 'service')
  const failures = new Pace(ctx.clock, FAILED_ENROLMENTS_A_MINUTE_MAX, 'enrolments that fail')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts/enroll',
      summary: 'Enrol the key that signs this request, with an invitation',
      middleware: anyKey(ctx),
      request: { body: body(z.strictObject({ secret: z.string().max(256) })) },
      responses: answers('Enrolled', z.object({ account: z.string(), jkt: z.string() })),
    }),
    async (c) => {
      const { secret } = c.req.valid('json')
      const enrolled = await countFailures(failures, c, async () => {
        const now = await registry.store.now()
        await registry.store.query((db) => invitedAccount(registry, db, secret, now)) // a stranger begins no write
        return enrolService(registry, secret, c.get('signedBy'))
      })
      return c.json(enrolled, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/service-accounts/self',
      summary: 'What the account is that calls',
      middleware: self,
      responses: answers('The account', view),
    }),
    async (c) => {
      const id = callerId(c, 'service')
      return c.json(await registry.store.query((db) => showService(db, id, ctx.clock.now())), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts/self/rotate',
      summary: 'Take another key, by a proof with the key so far and one with the new one',
      middleware: self,
      request: {
        body: body(
          z.strictObject({
            jwk,
            old: z.string().max(ROTATION_CHARS_MAX),
            new: z.string().max(ROTATION_CHARS_MAX),
          }),
        ),
      },
      responses: answers('Rotated', z.object({ jkt: z.string() })),
    }),
    async (c) => {
      const given = c.req.valid('json')
      const proofs = { ...given, jwk: publicJwk(given.jwk) }
      return c.json(await rotateService(registry, callerId(c, 'service'), c.get('signedBy'), proofs), 200)
    },
  )
}

function changeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts/{id}/invite',
      summary: 'A secret that enrols the key of the program once, within an hour; by its owner alone',
      middleware: operator,
      request: { params: idParam },
      responses: answers('The invitation', z.object({ secret: z.string(), expires: z.int() })),
    }),
    async (c) => c.json(await inviteService(registry, callerId(c, 'person'), c.req.valid('param').id), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts/{id}/disable',
      summary: 'Stop an account at once and for ever, or take a proposal back',
      middleware: operator,
      request: { params: idParam, body: body(reasonBody) },
      responses: answers('Disabled', z.object({ entry: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { reason } = c.req.valid('json')
      return c.json(await disableService(registry, callerId(c, 'person'), id, reason), 200)
    },
  )
}
