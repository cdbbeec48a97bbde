/**
 * What stands before the routes: host check, body limits, authentication, strict JSON.
 * Order: nothing is parsed before its size is bounded, and no body is parsed for a stranger.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'
import { CoreError, CountersignError } from '../../src/core/errors.ts'
import { parseJson } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { OTLP_BYTES_MAX } from '../../src/observe/otlp/seen.ts'
import { findCaller, type Caller } from '../../src/registry/callers.ts'
import { findStanding } from '../../src/registry/managers.ts'
import { findEnrolled } from '../../src/registry/people.ts'
import type { VerifiedProof } from './auth.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import { VIEWER_COOKIE } from './viewers.ts'

/** The largest body, in bytes. A draft with 64 grants takes about 200 KiB. */
export const BODY_BYTES_MAX = 256 * 1024
/** The largest batch of receipts, in bytes: 1,000 with their openings. */
export const RECEIPTS_BYTES_MAX = 4 * 1024 * 1024
export const RECEIPTS_PATH = '/v1/points/self/receipts'
/** Where OTLP/HTTP exporters send spans that are given `/v1/otlp` as their endpoint. */
export const OTLP_PATH = '/v1/otlp/v1/traces'
export const RECONCILIATIONS_PATH = '/v1/reconciliations'
export const ACKS_PATH = '/v1/acks'
export const REVOKE_PATH = '/oauth/revoke'
export const INTROSPECT_PATH = '/oauth/introspect'
/** Stopping something, and asking, work for as long as the database does, even when the log cannot be published. */
const ALWAYS_PATHS = new Set([
  '/v1/revocations',
  ACKS_PATH,
  '/v1/kills',
  '/v1/kills/draft',
  '/v1/statements',
  REVOKE_PATH,
  INTROSPECT_PATH,
])
const COMPROMISE_PATH = /^\/v1\/keys\/issuer\/[^/]+\/compromise$/

type Middleware = MiddlewareHandler<AppEnv>

/** A page of another origin that resolves its name to us (DNS rebinding) sends its own name. */
export function hostCheck(ctx: ServerContext): Middleware {
  return async (c, next) => {
    if (!ctx.hosts().has(c.req.header('host') ?? '')) {
      throw new ApiError('HOST_REFUSED', 'the Host header does not name this server')
    }
    await next()
  }
}

function limit(bytes_max: number): Middleware {
  return bodyLimit({
    maxSize: bytes_max,
    onError: () => {
      throw new ApiError('BODY_TOO_LARGE', `the body is over ${bytes_max} bytes`)
    },
  })
}

export function bodyLimits(): Middleware {
  const usual = limit(BODY_BYTES_MAX)
  const receipts = limit(RECEIPTS_BYTES_MAX)
  const spans = limit(OTLP_BYTES_MAX)
  const limits = new Map([
    [RECEIPTS_PATH, receipts],
    [RECONCILIATIONS_PATH, receipts],
    [OTLP_PATH, spans],
  ])
  return (c, next) => (limits.get(c.req.path) ?? usual)(c, next)
}

function isAlways(path: string): boolean {
  return ALWAYS_PATHS.has(path) || COMPROMISE_PATH.test(path)
}

/** No new state while the log cannot be published: it would be state that nobody outside can see. */
export function writable(ctx: ServerContext): Middleware {
  return async (c, next) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    const fault = isRead || isAlways(c.req.path) ? null : ctx.fault()
    if (fault !== null) {
      const why = fault instanceof CountersignError ? ` (${fault.code})` : ''
      throw new ApiError(
        'LOG_NOT_PUBLISHED',
        `the log cannot be published now${why}: see the log of the server`,
      )
    }
    await next()
  }
}

/** The route wants a key of one of these kinds. */
export function who(ctx: ServerContext, ...kinds: readonly Caller['kind'][]): Middleware {
  return async (c, next) => {
    const caller = await authenticate(ctx, c, kinds)
    c.set('caller', caller)
    await strictJson(c)
    return ctx.idempotency.run(c, caller, next)
  }
}

/**
 * As {@link who}, and the caller's word counts: a person is endorsed (PPL-5), a consent manager was not removed (CNS-13).
 * @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_MANAGER`
 */
export function standing(ctx: ServerContext, ...kinds: readonly Caller['kind'][]): Middleware {
  const keyed = who(ctx, ...kinds)
  const { store } = ctx.registry
  return (c, next) =>
    keyed(c, async () => {
      const { kind, id } = c.get('caller')
      if (kind === 'person') await store.query((db) => findEnrolled(db, id))
      if (kind === 'manager') await store.query((db) => findStanding(db, id))
      await next()
    })
}

/** The route takes any key that signs: the one that is being enrolled. */
export function anyKey(ctx: ServerContext): Middleware {
  return async (c, next) => {
    c.set('signedBy', (await verifiedProof(ctx, c)).jwk)
    await strictJson(c)
    await next()
  }
}

/** The route takes no key, because its body says enough: a secret of a ceremony (API-4), a signed acknowledgement (REV-18). */
export function anyone(): Middleware {
  return async (c, next) => {
    await strictJson(c)
    await next()
  }
}

/** A person's key, or a browser with a viewer's session. Reading only. */
export function viewer(ctx: ServerContext): Middleware {
  return async (c, next) => {
    const secret = getCookie(c, VIEWER_COOKIE)
    const hasSession = async (): Promise<boolean> => {
      const person = ctx.viewers.sessionOf(secret)
      return person !== null && isEnrolled(ctx, person)
    }
    if (await hasSession()) c.set('mayRead', hasSession)
    else {
      const caller = await authenticate(ctx, c, ['person'])
      c.set('caller', caller)
      c.set('mayRead', () => isEnrolled(ctx, caller.id))
    }
    await next()
  }
}

/**
 * A person's key, or a browser with a session of theirs: at the review desk, where a session opens, looks and refuses, and
 * nothing leaves without a gesture (OUT-10). That the request is of our own page was seen before (API-10).
 */
export function desk(ctx: ServerContext): Middleware {
  const keyed = who(ctx, 'person')
  return async (c, next) => {
    const person = ctx.viewers.sessionOf(getCookie(c, VIEWER_COOKIE))
    if (person === null || !(await isEnrolled(ctx, person))) return keyed(c, next)
    c.set('caller', { kind: 'person', id: person, jkt: '' })
    await strictJson(c)
    await next()
  }
}

/** Another node of this log: it has the log's key, and no database is asked. It may call us by an address of our own. */
export function node(ctx: ServerContext): Middleware {
  return async (c, next) => {
    const proof = await verifiedProof(ctx, c, nodeOrigin(ctx, c))
    if (proof.jkt !== thumbprint(ctx.registry.crypto, ctx.log.publicJwk))
      throw new ApiError('FORBIDDEN', 'this needs the key of the log')
    await next()
  }
}

/** By the name that it called, which is ours: behind a balancer nodes have one public address. */
function nodeOrigin(ctx: ServerContext, c: Context<AppEnv>): string {
  const { host, protocol } = new URL(ctx.publicUrl())
  const called = c.req.header('host') ?? ''
  return called === host ? `${protocol}//${host}` : `http://${called}`
}

export async function isEnrolled(ctx: ServerContext, person: string): Promise<boolean> {
  const row = await ctx.registry.store.query((db) =>
    db.selectFrom('people').select('status').where('id', '=', person).executeTakeFirst(),
  )
  return row?.status === 'enrolled'
}

async function authenticate(
  ctx: ServerContext,
  c: Context<AppEnv>,
  kinds: readonly Caller['kind'][],
): Promise<Caller> {
  const proof = await verifiedProof(ctx, c)
  const caller = await ctx.registry.store.query((db) => findCaller(db, proof.jkt))
  if (!caller) throw new ApiError('AUTH_KEY_UNKNOWN', 'this key is not registered, or no longer')
  await ctx.dpop.use(proof)
  if (!kinds.includes(caller.kind)) {
    throw new ApiError('FORBIDDEN', `this needs the key of a ${kinds.join(' or a ')}`)
  }
  return caller
}

async function verifiedProof(
  ctx: ServerContext,
  c: Context<AppEnv>,
  origin = ctx.publicUrl(),
): Promise<VerifiedProof> {
  return ctx.dpop.verify({
    proof: c.req.header('dpop'),
    method: c.req.method,
    url: origin + c.req.path,
    body: new Uint8Array(await c.req.arrayBuffer()),
  })
}

/** Refuses what `JSON.parse` would let through. The validators parse the same bytes again. */
async function strictJson(c: Context<AppEnv>): Promise<void> {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length === 0) return
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw new ApiError('BODY_NOT_JSON', 'the body is not application/json')
  }
  try {
    parseJson(bytes, { bytes_max: RECEIPTS_BYTES_MAX, depth_max: 32 })
  } catch (cause) {
    const plain =
      cause instanceof CoreError && (cause.code === 'JSON_INVALID' || cause.code === 'TEXT_INVALID')
    throw plain ? new ApiError('BODY_NOT_JSON', 'the body is not valid JSON') : cause
  }
}
