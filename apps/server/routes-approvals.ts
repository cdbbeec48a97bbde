/** Calls that wait for a person, as people see and decide them. spec/approvals.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isJsonObject } from '../../src/core/json.ts'
import { sentencesOf } from '../../src/decide/flow/sentences.ts'
import { flowRecordSchema } from '../../src/log/receipt-flow.ts'
import { approvalLoad } from '../../src/registry/approval-load.ts'
import {
  approvalOfLink,
  LISTED_MAX,
  listApprovals,
  showApproval,
  waitingApprovals,
  type ShownApproval,
} from '../../src/registry/approval-views.ts'
import { decideApproval, personOfCredential } from '../../src/registry/approvals.ts'
import { namesIn } from '../../src/registry/names.ts'
import { credentialIdsOf } from '../../src/registry/passkey-rows.ts'
import { callerId, type App, type AppEnv, type ServerContext } from './context.ts'
import { anyone, viewer, who } from './middleware.ts'
import { answers, body, gestureParts, idParam } from './schemas.ts'
import { sessionIn } from './session-cookie.ts'

const id = z.string().min(1).max(64)
const decision = z.enum(['approve', 'refuse'])

const status = z.enum(['open', 'approved', 'refused', 'timed_out'])
const listed = z.strictObject({
  all: z.literal('true').exactOptional(),
  /** With `all`: those alone. */
  status: status.exactOptional(),
  agent: id.exactOptional(),
  /** With `all`: those asked for before it. */
  before: id.exactOptional(),
})

const view = z.object({
  id: z.string(),
  point: z.string(),
  action: z.string(),
  agent: z.string(),
  iss: z.string(),
  jti: z.string(),
  grant: z.string(),
  server: z.string(),
  tool: z.string(),
  definition_hash: z.string().nullable(),
  args_commit: z.string(),
  expires: z.int(),
  requested: z.int(),
  status,
  decided: z.int().nullable(),
  approver: z.string().nullable(),
  /** The output that it releases: it is reviewed and attested, and that lets the call go (OUT-4). */
  output: z.string().nullable(),
  behind: z.array(z.string()).readonly(),
  /** What rules on flow object to, as the point says (FLW-12). */
  flow: flowRecordSchema.exactOptional(),
})
const shown = z.object({
  approval: view.extend({
    /** Null: erased. */
    opening: z.object({ salt: z.string(), args: z.unknown() }).nullable(),
  }),
  /** The objections in sentences, with values of the arguments in them. */
  why: z.array(z.string()).readonly(),
  /** By identifier; nobody signs a name. */
  names: z.record(z.string(), z.string()),
  /** Of the viewer's passkey; null when it is not known who looks. */
  credential_ids: z.array(z.string()),
  rp_id: z.string(),
  origins: z.array(z.string()),
  log: z.object({ origin: z.string(), simulated: z.boolean() }),
  /** The control plane's clock, milliseconds since 1970. */
  now: z.int(),
})
const decided = z.object({ acted_alone: z.boolean() })

export function approvalRoutes(app: App, ctx: ServerContext): void {
  listRoutes(app, ctx)
  showRoutes(app, ctx)
  decideRoutes(app, ctx)
}

function listRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals',
      summary:
        'At most 200 calls that wait for a person, those first whose time is over first; with `all`, also those that are over, newest first',
      middleware: viewer(ctx),
      request: { query: listed },
      responses: answers(
        'Without their arguments',
        z.object({
          approvals: z.array(view),
          /** With `all`: the `before` of the page behind; null: there is none. */
          next: z.string().nullable(),
          names: z.record(z.string(), z.string()),
          log: z.object({ origin: z.string(), simulated: z.boolean() }),
          now: z.int(),
        }),
      ),
    }),
    async (c) => {
      const now = ctx.clock.now()
      const { all, ...filter } = c.req.valid('query')
      const answer = await registry.store.query(async (db) => {
        const approvals = await (all === undefined
          ? waitingApprovals(registry, db, now)
          : listApprovals(registry, db, filter, now))
        const named = approvals.map(({ agent, point, approver }) => [agent, point, approver])
        const hasMore = all !== undefined && approvals.length === LISTED_MAX
        const next = hasMore ? (approvals.at(-1)?.id ?? null) : null
        return { approvals, next, names: await namesIn(registry, db, named) }
      })
      const { origin, simulated } = ctx.settings
      return c.json({ ...answer, log: { origin, simulated }, now }, 200)
    },
  )

  const load = {
    requested: z.int(),
    approved: z.int(),
    refused: z.int(),
    timed_out: z.int(),
    open: z.int(),
    median_s: z.number().nullable(),
    longest_s: z.number().nullable(),
  }
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/load',
      summary: 'How much people were asked, and how they answered (APR-18)',
      middleware: viewer(ctx),
      request: {
        query: z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) }),
      },
      responses: answers(
        'In total, by day, by agent',
        z.object({
          total: z.object(load),
          days: z.array(z.object({ day: z.string(), ...load })).readonly(),
          agents: z.array(z.object({ agent: z.string(), ...load })).readonly(),
        }),
      ),
    }),
    async (c) => {
      const { days } = c.req.valid('query')
      return c.json(await registry.store.query((db) => approvalLoad(db, days, ctx.clock.now())), 200)
    },
  )
}

function showRoutes(app: App, ctx: ServerContext): void {
  const { registry, settings } = ctx
  const show = (find: (now: number) => Promise<string>, credential_ids: readonly string[]) => async () => {
    const now = ctx.clock.now()
    const found = await find(now)
    const answer = await registry.store.query(async (db) => {
      const approval = await showApproval(registry, db, found, now)
      const { opening: _, flow: __, ...named } = approval
      return { approval, why: whyOf(approval), names: await namesIn(registry, db, named) }
    })
    const { rp_id, origins, origin, simulated } = settings
    return { ...answer, credential_ids, rp_id, origins, log: { origin, simulated }, now }
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}',
      summary: 'The call as a person decides on it',
      middleware: viewer(ctx),
      request: { params: idParam },
      responses: answers('With its arguments', shown),
    }),
    async (c) => {
      const { id: approval } = c.req.valid('param')
      const answer = await show(() => Promise.resolve(approval), await credentialsOf(ctx, c))()
      return c.json(answer as z.infer<typeof shown>, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/open',
      summary: 'The same for a browser that has a link',
      middleware: anyone(),
      request: { body: body(z.strictObject({ secret: z.string().min(1).max(128) })) },
      responses: answers('With its arguments', shown),
    }),
    async (c) => {
      const { secret } = c.req.valid('json')
      const find = (now: number) => registry.store.query((db) => approvalOfLink(registry, db, secret, now))
      const answer = await show(find, await credentialsOf(ctx, c))()
      return c.json(answer as z.infer<typeof shown>, 200)
    },
  )
}

/** Of the person who looks, when a session or a key says who. */
async function credentialsOf(ctx: ServerContext, c: Context<AppEnv>): Promise<string[]> {
  const caller = c.get('caller') as AppEnv['Variables']['caller'] | undefined
  const person = caller?.id ?? (await sessionIn(ctx, c))?.person
  return person === undefined ? [] : ctx.registry.store.query((db) => credentialIdsOf(db, person))
}

function decideRoutes(app: App, ctx: ServerContext): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/decide',
      summary: "Approve or refuse, with the caller's gesture over it",
      middleware: who(ctx, 'person'),
      request: { params: idParam, body: body(gestureParts.extend({ decision })) },
      responses: answers('Decided', decided),
    }),
    async (c) => {
      const { decision: chosen, ...parts } = c.req.valid('json')
      const person = callerId(c, 'person')
      return c.json(await decideApproval(registry, person, c.req.valid('param').id, chosen, parts), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/answer',
      summary: 'The same from a browser: whose passkey it is says who decides',
      middleware: anyone(),
      request: {
        body: body(
          z.strictObject({
            approval: id,
            credential_id: z.string().min(1).max(1366),
            decision,
            gesture: gestureParts,
          }),
        ),
      },
      responses: answers('Decided', decided),
    }),
    async (c) => {
      const { approval, credential_id, decision: chosen, gesture } = c.req.valid('json')
      const person = await registry.store.query((db) => personOfCredential(db, credential_id))
      return c.json(await decideApproval(registry, person, approval, chosen, gesture), 200)
    },
  )
}

function whyOf({ flow, opening }: ShownApproval): readonly string[] {
  const args = opening?.args
  return flow === undefined
    ? []
    : sentencesOf(flow.basis, args !== undefined && isJsonObject(args) ? args : {})
}
