/**
 * The resources of a relay: those of a control plane that points follow, without who is asking, because nothing here is
 * secret and nobody is believed; and the push of statements. spec/revocation.md (REV-14 to REV-16), spec/kill.md (KIL-11).
 * @module
 */
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { parseJson } from '../../src/core/json.ts'
import { SourceLimit, sourceOf } from '../../src/core/source-limit.ts'
import { STATEMENT_BYTES_MAX } from '../../src/enforce/kill-desk.ts'
import { digestSchema } from '../../src/revoke/snapshot.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { saysByBreakGlass, statementSchema } from '../../src/revoke/statement.ts'
import { ApiError, onError } from '../server/errors.ts'
import type { Asked } from '../server/revocation-hub.ts'
import type { Relay } from './relay.ts'
import type { Upstream } from './upstream.ts'

/** Statements that anybody may push. One that proves to be by the break-glass key does not count (KIL-24). */
const RATES = { each: { burst: 48, per_s: 4 }, all: { burst: 96, per_s: 8 } }

const nonce = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/)
const counter = z.coerce.number().int().nonnegative()
const askedSchema = z.strictObject({
  epoch: counter.optional(),
  after: counter.default(0),
  nonce: nonce.optional(),
})

type Env = { Bindings: HttpBindings }
type App = Hono<Env>
type AppContext = Context<Env>

/** @param report hears of faults that are ours */
export function relayApp(relay: Relay, upstream: Upstream, report: (error: unknown) => void): App {
  const app: App = new Hono()
  const pushes = new SourceLimit(RATES)
  app.onError(onError(report))
  app.notFound(() => {
    throw new ApiError('NOT_FOUND', 'a relay has no such resource')
  })
  app.get('/v1/revocations/stream', (c) => relay.subscribe(askedOf(c), sourceIn(c)))
  app.get('/v1/revocations/poll', async (c) => c.json(await orAway(relay.poll(askedOf(c), sourceIn(c)))))
  app.get('/v1/revocations/snapshot', async (c) => {
    const { signed } = await orAway(relay.snapshot())
    return c.json({ snapshot: signed, body: `/v1/revocations/snapshots/${signed.snapshot.digest}` })
  })
  app.get('/v1/revocations/snapshots/:digest', (c) => {
    const digest = fitting(digestSchema, c.req.param('digest'))
    const body = relay.snapshotBody(digest)
    if (body === null) throw new ApiError('NOT_FOUND', 'no such snapshot, or no longer: ask for the latest')
    return c.body(new Uint8Array(body), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })
  app.get('/v1/time', async (c) =>
    c.json(await orAway(upstream.time(fitting(nonce, c.req.query('nonce')), sourceIn(c)))),
  )
  const limit = bodyLimit({
    maxSize: STATEMENT_BYTES_MAX,
    onError: () => {
      throw new ApiError('BODY_TOO_LARGE', `the body is over ${STATEMENT_BYTES_MAX} bytes`)
    },
  })
  app.post('/statements', limit, async (c) => {
    const json = parseJson(new Uint8Array(await c.req.arrayBuffer()), {
      bytes_max: STATEMENT_BYTES_MAX,
      depth_max: 32,
    })
    const statement = fitting(statementSchema, json)
    const source = sourceIn(c)
    const isFree = relay.judges && saysByBreakGlass(statement)
    if (!isFree && !pushes.take(source, performance.now()))
      throw new ApiError('TOO_MANY', 'too many statements: try again in a second')
    const added = relay.pass(statement, source)
    if (added === 'refused') throw new RegistryError('STATEMENT_REFUSED', 'the statement does not hold')
    return c.json({ passed_on: added === 'new', subscribers: relay.subscribers })
  })
  return app
}

function sourceIn(c: AppContext): string {
  return sourceOf(c.env.incoming.socket.remoteAddress)
}

function askedOf(c: AppContext): Asked {
  return fitting(askedSchema, c.req.query())
}

function fitting<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ApiError('REQUEST_INVALID', 'the request does not fit: see the specification of revocation')
}

/** What only the upstream knows cannot be had while it is away. */
async function orAway<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError('UPSTREAM_AWAY', 'what this relay follows cannot be reached', { cause })
  }
}
