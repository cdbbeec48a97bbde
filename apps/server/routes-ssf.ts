/**
 * OpenID Shared Signals, as a transmitter: discovery, and what a receiver does with its stream by its bearer token.
 * spec/signals.md (SIG-5 to SIG-7). Errors are those of RFC 6750 and RFC 8936.
 * @module
 */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { CoreError } from '../../src/core/errors.ts'
import { parseJson } from '../../src/core/json.ts'
import { listenerOfToken, removeListener, type ListenerRow } from '../../src/registry/listeners.ts'
import {
  acknowledgeEvents,
  askVerification,
  deliveryOf,
  EVENTS_MAX,
  pendingEvents,
  setStreamStatus,
} from '../../src/registry/signals.ts'
import { SESSION_REVOKED, VERIFICATION } from '../../src/revoke/signal.ts'
import type { App, AppEnv, ServerContext } from './context.ts'

const PUSH = 'urn:ietf:rfc:8935'
const POLL = 'urn:ietf:rfc:8936'
/** How long a poll that may wait is held, in milliseconds. */
const HOLD_MS = 20_000
const LOOK_EVERY_MS = 100
/** Polls that are held at once, for all receivers together, and of one stream: none keeps the others out. */
const HELD_MAX = 64
const HELD_EACH_MAX = 2

const TOKEN = /^Bearer ([A-Za-z0-9_-]{16,128})$/i
const jti = z.string().min(1).max(256)
const streamSchema = z.object({ stream_id: z.string().max(64) })
const statusSchema = streamSchema.extend({
  status: z.enum(['enabled', 'paused', 'disabled']),
  reason: z.string().max(1024).optional(),
})
const verifySchema = streamSchema.extend({ state: z.string().max(1024).exactOptional() })
const pollSchema = z.object({
  maxEvents: z.int().nonnegative().optional(),
  returnImmediately: z.boolean().optional(),
  ack: z
    .array(jti)
    .max(EVENTS_MAX * 5)
    .optional(),
  setErrs: z
    .record(jti, z.object({ err: z.string().max(64), description: z.string().max(1024).optional() }))
    .optional(),
})

type C = Context<AppEnv>

/** Answered as `{error}` with that status. */
class SsfError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 429
  readonly code: string

  constructor(status: SsfError['status'], code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

export function ssfRoutes(app: App, ctx: ServerContext): void {
  app.get('/.well-known/ssf-configuration', (c) =>
    c.json(configurationOf(ctx), 200, { 'cache-control': 'public, max-age=3600' }),
  )
  const route = (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    answer: (c: C, stream: ListenerRow) => Promise<Response>,
  ): void => {
    app.on(method, path, async (c) => {
      try {
        return await answer(c, await receiver(ctx, c))
      } catch (cause) {
        return refusalOf(c, cause)
      }
    })
  }
  route('POST', '/ssf/streams', () => Promise.reject(new SsfError(403, 'access_denied')))
  route('GET', '/ssf/streams', async (c, stream) => {
    const asked = c.req.query('stream_id')
    if (asked !== undefined) assertIs(stream, asked)
    const configuration = streamOf(ctx, stream)
    return c.json(asked === undefined ? [configuration] : configuration)
  })
  route('PATCH', '/ssf/streams', async (c, stream) => {
    assertIs(stream, (await read(c, streamSchema)).stream_id)
    return c.json(streamOf(ctx, stream)) // nothing of it is the receiver's to change
  })
  route('DELETE', '/ssf/streams', async (c, stream) => {
    assertIs(stream, c.req.query('stream_id'))
    await removeListener(ctx.registry, { listener: true }, stream.id)
    return c.body(null, 204)
  })
  route('GET', '/ssf/status', async (c, stream) => {
    assertIs(stream, c.req.query('stream_id'))
    const { status } = await ctx.registry.store.query((db) => deliveryOf(db, stream.id))
    return c.json({ stream_id: stream.id, status })
  })
  route('POST', '/ssf/status', async (c, stream) => {
    const { stream_id, status } = await read(c, statusSchema)
    assertIs(stream, stream_id)
    await setStreamStatus(ctx.registry, stream, status)
    return c.json({ stream_id, status })
  })
  route('POST', '/ssf/verify', async (c, stream) => {
    const { stream_id, state } = await read(c, verifySchema)
    assertIs(stream, stream_id)
    await askVerification(ctx.registry, stream, state)
    return c.body(null, 204)
  })
  pollRoute(ctx, route)
}

function pollRoute(
  ctx: ServerContext,
  route: (method: 'POST', path: string, answer: (c: C, stream: ListenerRow) => Promise<Response>) => void,
): void {
  const held: string[] = []
  route('POST', '/ssf/poll/:stream', async (c, stream) => {
    assertIs(stream, c.req.param('stream'))
    if (stream.kind !== 'ssf_poll') throw new SsfError(404, 'not_found')
    const {
      ack = [],
      setErrs = {},
      maxEvents = EVENTS_MAX,
      returnImmediately = false,
    } = await read(c, pollSchema)
    const refused = Object.keys(setErrs)
    if (ack.length + refused.length > 0) {
      const codes = Object.values(setErrs).map(({ err }) => err)
      await acknowledgeEvents(ctx.registry, stream, [...ack, ...refused], codes)
    }
    const max = Math.min(maxEvents, EVENTS_MAX)
    const until = ctx.clock.monotonic() + (returnImmediately || max === 0 ? 0 : HOLD_MS)
    const own = held.filter((id) => id === stream.id).length
    if (held.length >= HELD_MAX || own >= HELD_EACH_MAX) throw new SsfError(429, 'slow_down')
    held.push(stream.id)
    try {
      for (;;) {
        const answer = await pendingEvents(ctx.registry, stream, max)
        const isOver = ctx.clock.monotonic() >= until || c.req.raw.signal.aborted
        if (isOver || Object.keys(answer.sets).length > 0) return c.json(answer)
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      }
    } finally {
      held.splice(held.indexOf(stream.id), 1)
    }
  })
}

function configurationOf(ctx: ServerContext): object {
  const url = ctx.publicUrl()
  return {
    spec_version: '1_0',
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    delivery_methods_supported: [PUSH, POLL],
    configuration_endpoint: `${url}/ssf/streams`,
    status_endpoint: `${url}/ssf/status`,
    verification_endpoint: `${url}/ssf/verify`,
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
    default_subjects: 'ALL',
  }
}

function streamOf(ctx: ServerContext, { id, kind, url }: ListenerRow): object {
  const poll = `${ctx.publicUrl()}/ssf/poll/${id}`
  return {
    stream_id: id,
    iss: ctx.publicUrl(),
    aud: id,
    delivery:
      kind === 'ssf_poll' ? { method: POLL, endpoint_url: poll } : { method: PUSH, endpoint_url: url },
    events_supported: [SESSION_REVOKED, VERIFICATION],
    events_requested: [SESSION_REVOKED],
    events_delivered: [SESSION_REVOKED],
  }
}

async function receiver(ctx: ServerContext, c: C): Promise<ListenerRow> {
  const token = TOKEN.exec(c.req.header('authorization') ?? '')?.[1]
  const { registry } = ctx
  const stream =
    token === undefined ? null : await registry.store.query((db) => listenerOfToken(registry, db, token))
  if (stream === null) throw new SsfError(401, 'invalid_token')
  return stream
}

/** A receiver has one stream: another is not there for it. */
function assertIs({ id }: ListenerRow, stream_id: string | undefined): void {
  if (stream_id !== id) throw new SsfError(404, 'not_found')
}

async function read<T>(c: C, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(parseJson(new Uint8Array(await c.req.arrayBuffer())))
  } catch (cause) {
    if (cause instanceof z.ZodError || cause instanceof CoreError) throw new SsfError(400, 'invalid_request')
    throw cause
  }
}

function refusalOf(c: C, cause: unknown): Response {
  if (!(cause instanceof SsfError)) throw cause
  const headers = cause.status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {}
  return c.json({ error: cause.code }, cause.status, headers)
}
