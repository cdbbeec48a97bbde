/** Who provisions: added, renewed and removed by people. spec/identity.md (IDN-14). @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import {
  addScimClient,
  listScimClients,
  removeScimClient,
  renewScimClient,
  SCIM_DAYS_MAX,
} from '../../../src/registry/scim-clients.ts'
import { callerId, type App, type AppEnv, type ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { who } from '../middleware.ts'
import { answers, body, idParam, name, ok } from '../schemas.ts'
import { sessionIn } from '../session-cookie.ts'

const days = z.int().min(1).max(SCIM_DAYS_MAX)
const given = z.object({ client: z.string(), token: z.string(), expires: z.int() })

export function scimClientRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/scim/clients',
      summary: 'Let somebody provision people and groups; the token is shown this once',
      middleware: operator,
      request: { body: body(z.strictObject({ name, days })) },
      responses: answers('Added', given),
    }),
    async (c) => {
      await assertOwnKey(ctx, c)
      return c.json(await addScimClient(registry, callerId(c, 'person'), c.req.valid('json')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/scim/clients',
      summary: 'Who provisions',
      middleware: operator,
      responses: answers(
        'Clients',
        z.object({
          clients: z.array(
            z.object({ id: z.string(), name: z.string(), person: z.string(), expires: z.int() }),
          ),
        }),
      ),
    }),
    async (c) => {
      const rows = await registry.store.query(listScimClients)
      const clients = rows.map(({ id, name: called, person, expires }) => ({
        id,
        name: called,
        person,
        expires,
      }))
      return c.json({ clients }, 200)
    },
  )
  changeRoutes(app, ctx)
}

function changeRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/scim/clients/{id}/renew',
      summary: 'Another token in place of the one before, for the same users; shown this once',
      middleware: operator,
      request: { params: idParam, body: body(z.strictObject({ days })) },
      responses: answers('Renewed', given),
    }),
    async (c) => {
      await assertOwnKey(ctx, c)
      const { id } = c.req.valid('param')
      return c.json(await renewScimClient(registry, callerId(c, 'person'), id, c.req.valid('json').days), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/scim/clients/{id}/remove',
      summary: 'Its token is good for nothing any more; the people that it added stay',
      middleware: operator,
      request: { params: idParam, body: { ...body(z.strictObject({})), required: false } },
      responses: answers('Removed', ok),
    }),
    async (c) => {
      await removeScimClient(registry, callerId(c, 'person'), c.req.valid('param').id)
      return c.json({ ok: true as const }, 200)
    },
  )
}

/** Whoever holds the provider makes no secrets that outlast a session there (IDN-14). */
async function assertOwnKey(ctx: ServerContext, c: Context<AppEnv>): Promise<void> {
  if (c.req.header('dpop') !== undefined) return
  if ((await sessionIn(ctx, c))?.how.by === 'oidc')
    throw new ApiError('FORBIDDEN', 'sign in with your passkey for this: a provider’s word is not enough')
}
