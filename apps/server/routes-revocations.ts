/** Revocation: asking for it, reading frames, the stream and the time of the points. spec/revocation.md. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { acknowledgedBy } from '../../src/registry/acks.ts'
import { frameKey } from '../../src/registry/frame-ring.ts'
import { framesAfter, lastFrame } from '../../src/registry/frames.ts'
import { assertMayRevoke, revoke } from '../../src/registry/revocations.ts'
import { signedFrameSchema, signedTimeSchema, type SignedFrame } from '../../src/revoke/frame.ts'
import { pollAnswerSchema } from '../../src/revoke/poll.ts'
import { snapshotAnswerSchema } from '../../src/revoke/snapshot.ts'
import { signedAckSchema } from '../../src/revoke/statement.ts'
import { callerActor, type App, type ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { ACKS_PATH, anyone, who } from './middleware.ts'
import { answers, body, digest, framesAnswer, reason } from './schemas.ts'

const PAGE_MAX = 1_000
/** Milliseconds over which the fleet spreads its acknowledgements (REV-18). */
const spread = { spread_ms: z.int().nonnegative() }
const nonce = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/)
const counter = z.coerce.number().int().nonnegative()
/** From where a point wants to go on. Without an epoch, or with 0, it knows none. */
const resumeQuery = z.strictObject({
  epoch: counter.optional(),
  after: counter.default(0),
  nonce: nonce.optional(),
})
/** Named by its digest, it never changes. Who may ask is checked each time. */
const SNAPSHOT_HEADERS = {
  'content-type': 'application/octet-stream',
  'cache-control': 'private, max-age=31536000, immutable',
}

/** The answer to whatever revoked: the frames are durable now. */
export async function acknowledged(
  ctx: ServerContext,
  frames: readonly SignedFrame[],
): Promise<{ frames: number[]; acknowledged_at: number; head: number }> {
  const acknowledged_at = ctx.clock.now()
  const last = await ctx.registry.store.query(lastFrame)
  return { frames: frames.map(({ frame }) => frame.seq), acknowledged_at, head: last?.frame.seq ?? 0 }
}

export function revocationRoutes(app: App, ctx: ServerContext): void {
  const operator = who(ctx, 'person')

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/revocations',
      summary: 'Revoke; idempotent. An agent is retired by it, a person has left',
      middleware: operator,
      request: {
        body: body(
          z.strictObject({
            kind: z.enum(['delegation', 'agent', 'key', 'person', 'point']),
            target: z.string().min(1).max(64),
            reason,
          }),
        ),
      },
      responses: answers(
        'Committed',
        framesAnswer.extend({
          /** Milliseconds since 1970: every frame stood already, since then. */
          revoked_before: z.int().nullable(),
        }),
      ),
    }),
    async (c) => {
      const actor = callerActor(c)
      await assertMayRevoke(ctx.registry, actor, c.req.valid('json'))
      const before = (await ctx.registry.store.query(lastFrame))?.frame.seq ?? 0
      const frames = await revoke(ctx.registry, actor, c.req.valid('json'))
      const isEarlier = frames.length > 0 && frames.every(({ frame }) => frame.seq <= before)
      const revoked_before = isEarlier ? Math.max(...frames.map(({ frame }) => frame.t)) : null
      return c.json({ ...(await acknowledged(ctx, frames)), revoked_before }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations',
      summary: 'Signed frames, in order',
      middleware: who(ctx, 'person', 'point'),
      request: {
        query: z.strictObject({
          after: counter.default(0),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
        }),
      },
      responses: answers(
        'Frames',
        z.object({ epoch: z.int(), head: z.int(), frames: z.array(signedFrameSchema) }),
      ),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query')
      const answer = await ctx.registry.store.query(async (db) => {
        const head = (await lastFrame(db))?.frame.seq ?? 0
        const { epoch } = await frameKey(db)
        return { epoch, head, frames: await framesAfter(db, after, limit) }
      })
      return c.json(answer, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations/{seq}/acks',
      summary: 'Which points have followed the stream up to a frame (REV-13)',
      middleware: operator,
      request: { params: z.strictObject({ seq: counter }) },
      responses: answers(
        'Points',
        z.object({
          of: z.int(),
          acknowledged: z.int(),
          missing: z.array(z.object({ point: z.string(), name: z.string(), head: z.int().nullable() })),
          ...spread,
        }),
      ),
    }),
    async (c) => {
      const { seq } = c.req.valid('param')
      await ctx.hub.acks.write()
      const { missing, ...counts } = await ctx.registry.store.query((db) => acknowledgedBy(db, seq))
      return c.json({ ...counts, missing: [...missing], spread_ms: ctx.hub.spreadMs }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: ACKS_PATH,
      summary: 'How far a point has followed the revocations, by its own signature (REV-13)',
      middleware: anyone(),
      request: { body: body(signedAckSchema) },
      responses: answers('Noted, in memory for a moment (REV-18)', z.object(spread)),
    }),
    async (c) => {
      await ctx.hub.acks.take(c.req.valid('json'), ctx.clock.now())
      return c.json({ spread_ms: ctx.hub.spreadMs }, 200)
    },
  )
  streamRoutes(app, ctx)
}

function streamRoutes(app: App, ctx: ServerContext): void {
  const listener = who(ctx, 'point', 'person')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations/stream',
      summary: 'Server-sent events: time, snapshot, frame, heartbeat',
      middleware: listener,
      request: { query: resumeQuery },
      responses: {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    (c) => ctx.hub.subscribe(c.req.valid('query')),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations/poll',
      summary: 'What a stream would have brought, for where none passes (REV-15)',
      middleware: listener,
      request: { query: resumeQuery },
      responses: answers('Frames, and the heartbeat of now', pollAnswerSchema),
    }),
    async (c) => c.json(await ctx.hub.poll(c.req.valid('query')), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/time',
      summary: 'Signed time for a nonce',
      middleware: listener,
      request: { query: z.strictObject({ nonce }) },
      responses: answers('The time', signedTimeSchema),
    }),
    async (c) => c.json(await ctx.hub.time(c.req.valid('query').nonce), 200),
  )
  snapshotRoutes(app, ctx)
}

/** REV-14. */
function snapshotRoutes(app: App, ctx: ServerContext): void {
  const listener = who(ctx, 'point', 'person')

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations/snapshot',
      summary: 'The signed header of a snapshot, and where its body is',
      middleware: listener,
      responses: answers('The header', snapshotAnswerSchema),
    }),
    async (c) => {
      const made = await ctx.hub.snapshot()
      if (made === null)
        throw new ApiError('NOT_FOUND', 'more is revoked than a snapshot holds: follow the stream')
      const { digest } = made.signed.snapshot
      return c.json({ snapshot: made.signed, body: `/v1/revocations/snapshots/${digest}` }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/revocations/snapshots/{digest}',
      summary: 'The body of a snapshot: marks of 16 bytes, in order',
      middleware: listener,
      request: { params: z.strictObject({ digest }) },
      responses: {
        200: { description: 'The body', content: { 'application/octet-stream': { schema: z.string() } } },
      },
    }),
    (c) => {
      const bytes = ctx.hub.snapshotBody(c.req.valid('param').digest)
      if (bytes === null)
        throw new ApiError('NOT_FOUND', 'no such snapshot, or no longer: ask for the latest')
      return c.body(new Uint8Array(bytes), 200, SNAPSHOT_HEADERS)
    },
  )
}
