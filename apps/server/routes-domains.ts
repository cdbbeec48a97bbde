/** Memory domains: points lease them, renew them and hand them over. spec/flow.md (FLW-13 to FLW-17). @module */
import { createRoute, z } from '@hono/zod-openapi'
import {
  CHAIN_AGENTS_MAX,
  domainLeaseSchema,
  DOMAINS_MAX,
  signedDomainSchema,
} from '../../src/core/domain.ts'
import type { Store } from '../../src/ports/store.ts'
import {
  handOver,
  isWorthAsking,
  leaseDomains,
  renewDomains,
  wantedDomains,
} from '../../src/registry/domains.ts'
import { ApprovalWaits } from './approval-waits.ts'
import { callerId, type App, type ServerContext } from './context.ts'
import { who } from './middleware.ts'
import { answers, body, ok } from './schemas.ts'

/** How long a call waits for others to hand over, in milliseconds: longer, and an agent had better be told. */
const LEASE_WAIT_MS = 2_000
/** Between two looks of one who waits, in milliseconds: a call waits behind two of them. */
const LOOK_EVERY_MS = 20

const { agent, turn } = domainLeaseSchema.shape
const holder = { epoch: z.int().positive(), run: z.string().min(1).max(64) }
const lease = z.object({ ...domainLeaseSchema.shape, ttl_ms: z.int() })

export function domainRoutes(app: App, ctx: ServerContext): void {
  const waits = new ApprovalWaits(ctx.registry.store, LOOK_EVERY_MS)
  leaseRoutes(app, ctx, waits)
  handOverRoutes(app, ctx, waits)
}

function leaseRoutes(app: App, ctx: ServerContext, waits: ApprovalWaits): void {
  const { registry } = ctx

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/domains',
      summary: 'Hold these memory domains, all or none; waits up to 2 s for other points (FLW-13)',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({
            ...holder,
            domains: z
              .array(z.strictObject({ agent, turn: turn.exactOptional() }))
              .min(1)
              .max(CHAIN_AGENTS_MAX),
          }),
        ),
      },
      responses: answers(
        'Held, or null: another point holds one',
        z.object({ leases: z.array(lease).nullable() }),
      ),
    }),
    async (c) => {
      const point = callerId(c, 'point')
      const { domains, ...asking } = c.req.valid('json')
      const ask = () => leaseDomains(registry, point, asking, domains)
      const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(LEASE_WAIT_MS)])
      const again = async () => {
        const now = await registry.store.now()
        const isWorth = await registry.store.query((db) => isWorthAsking(db, point, asking, domains, now))
        return isWorth ? ask() : null
      }
      return c.json({ leases: (await ask()) ?? (await waits.wait(again, signal)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/domains/renewals',
      summary: 'Go on holding these; answers with those that are still the point’s (FLW-13)',
      middleware: who(ctx, 'point'),
      request: {
        body: body(
          z.strictObject({
            ...holder,
            domains: z.array(z.strictObject({ agent, turn })).min(1).max(DOMAINS_MAX),
          }),
        ),
      },
      responses: answers('Renewed', z.object({ leases: z.array(lease) })),
    }),
    async (c) => {
      const { domains, ...asking } = c.req.valid('json')
      const leases = await renewDomains(registry, callerId(c, 'point'), asking, domains)
      return c.json({ leases }, 200)
    },
  )
}

function handOverRoutes(app: App, ctx: ServerContext, waits: ApprovalWaits): void {
  const wanted = wantedLook(ctx.registry.store)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/points/self/domains/hand-overs',
      summary: 'Hold these no more, with what was read in each, signed; idempotent (FLW-16)',
      middleware: who(ctx, 'point'),
      request: {
        body: body(z.strictObject({ domains: z.array(signedDomainSchema).min(1).max(DOMAINS_MAX) })),
      },
      responses: answers('Taken', ok),
    }),
    async (c) => {
      await handOver(ctx.registry, callerId(c, 'point'), c.req.valid('json').domains)
      return c.json({ ok: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/points/self/domains/wanted',
      summary: 'Agents whose domains another point asks this one for; waits up to 20 s (FLW-16)',
      middleware: who(ctx, 'point'),
      responses: answers('By their agents', z.object({ agents: z.array(agent) })),
    }),
    async (c) => {
      const point = callerId(c, 'point')
      const look = async () => (await wanted()).get(point) ?? null
      const agents = (await waits.wait(look, c.req.raw.signal)) ?? []
      return c.json({ agents: [...agents] }, 200)
    },
  )
}

type Wanted = Awaited<ReturnType<typeof wantedDomains>>

/** One question for all points that wait, after each commit. */
function wantedLook(store: Store): () => Promise<Wanted> {
  let answer: Promise<Wanted> | null = null
  store.onCommit(() => {
    answer = null
  })
  const ask = async (): Promise<Wanted> => {
    const now = await store.now()
    return store.query((db) => wantedDomains(db, now))
  }
  return () => {
    answer ??= ask()
    void answer.catch(() => {
      answer = null
    })
    return answer
  }
}
