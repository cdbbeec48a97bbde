/**
 * What stands before the routes: host check, body limits, authentication, strict JSON.
 * Order: nothing is parsed before its size is bounded, and no body is parsed for a stranger.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import { CoreError } from '../../src/core/errors.ts'
import { parseJson } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { permissionFor } from '../../src/core/permitted.ts'
import { OTLP_BYTES_MAX } from '../../src/observe/otlp/seen.ts'
import { accessOf, mayAsk, type Asking } from '../../src/registry/access.ts'
import { findCaller, type Caller } from '../../src/registry/callers.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { findStanding } from '../../src/registry/managers.ts'
import { findEnrolled } from '../../src/registry/people.ts'
import { addressOf } from './address.ts'
import type { VerifiedProof } from './auth.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import type { ServiceRequest } from './service-door.ts'
import { isHere, sessionIn } from './session-cookie.ts'

/** The largest body, in bytes. A draft with 64 grants takes about 200 KiB. */
export const BODY_BYTES_MAX = 256 * 1024
/** The largest batch of receipts, in bytes: 1,000 with their openings. */
export const RECEIPTS_BYTES_MAX = 4 * 1024 * 1024
export const RECEIPTS_PATH = '/v1/points/self/receipts'
/** Where OTLP/HTTP exporters send spans that are given `/v1/otlp` as their endpoint. */
export const OTLP_PATH = '/v1/otlp/v1/traces'
export const RECONCILIATIONS_PATH = '/v1/reconciliations'
/** What a company gives for a pack: its description, and narratives of an earlier one. */
export const PACKS_PATH = '/v1/evidence/packs'
export const ACKS_PATH = '/v1/acks'
export const REVOKE_PATH = '/oauth/revoke'
export const INTROSPECT_PATH = '/oauth/introspect'
/** Where the identity provider says that a session there is over (IDN-12). */
export const BACKCHANNEL_PATH = '/auth/oidc/backchannel-logout'
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
    [PACKS_PATH, receipts],
    [OTLP_PATH, spans],
  ])
  return (c, next) => (limits.get(c.req.path) ?? usual)(c, next)
}

/**
 * The route wants a key of one of these kinds, or for a person a browser with their session. What is for people is for
 * programs too where their own matrix says so (SVC-9), whose handlers take one as the caller. That such a request is of our
 * own page was seen before (API-10). What a person asks for takes one of their roles (ROL-13).
 */
export function who(ctx: ServerContext, ...kinds: readonly Caller['kind'][]): Middleware {
  return async (c, next) => {
    const caller = (await sessionCaller(ctx, c, kinds)) ?? (await authenticate(ctx, c, kinds))
    c.set('caller', caller)
    if (caller.kind === 'person') await assertPermitted(ctx, c, caller.id)
    if (caller.kind === 'service') await ctx.services.admit(serviceRequest(c, caller.id, kinds))
    assertNoMoreThanProvider(c)
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

/**
 * The route takes any key that signs: the one that is being enrolled. A program has one already, and enrols nobody else.
 * @throws {ApiError} `SERVICE_ACCOUNT_REFUSED`
 */
export function anyKey(ctx: ServerContext): Middleware {
  return async (c, next) => {
    const { jwk, jkt } = await verifiedProof(ctx, c)
    const caller = await ctx.registry.store.query((db) => findCaller(db, jkt))
    if (caller?.kind === 'service')
      throw new ApiError('SERVICE_ACCOUNT_REFUSED', 'this key is the key of a program already')
    c.set('signedBy', jwk)
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

/**
 * As {@link who} of a person, for what is read for longer than a request: the `reader` says whether they still may, and
 * whether the session stands in which they asked (SES-3).
 */
export function viewer(ctx: ServerContext): Middleware {
  const person = who(ctx, 'person')
  return (c, next) =>
    person(c, async () => {
      const { id, kind, jkt } = c.get('caller')
      if (kind === 'service') {
        const request = serviceRequest(c, id, ['person'])
        const key = JSON.stringify([id, jkt, request])
        c.set('reader', { key, mayRead: () => ctx.services.stillMay(request, jkt) })
        return next()
      }
      const asked = askingOf(c)
      const session = c.get('session')
      const stands = async (): Promise<boolean> => {
        const { store } = ctx.registry
        if (session === undefined) return (await store.query((db) => findCaller(db, jkt)))?.id === id
        const isOpen = ctx.sessions.has(({ person: whose, began }) => whose === id && began === session.began)
        return isOpen && (await store.query((db) => isHere(db, session)))
      }
      c.set('reader', {
        // Of the session no more than names it: what changes with each request would share nothing.
        key: JSON.stringify([asked.operation, id, jkt, session && [session.began, session.how]]),
        mayRead: async () =>
          (await stands()) && (await ctx.registry.store.query((db) => mayAsk(db, id, asked))),
      })
      await next()
    })
}

/** @returns null: it is signed, or there is no session, or the route is not for people */
async function sessionCaller(
  ctx: ServerContext,
  c: Context<AppEnv>,
  kinds: readonly Caller['kind'][],
): Promise<Caller | null> {
  if (c.req.header('dpop') !== undefined || !kinds.includes('person')) return null
  const session = await sessionIn(ctx, c)
  if (session === null) return null
  c.set('session', session)
  return { kind: 'person', id: session.person, jkt: '' }
}

/** Keeps nothing, and without it no kill could be pulled. */
const KILL_DRAFT = 'POST /v1/kills/draft'

/**
 * SES-9: a session that a provider opened looks, stops, and hands in gestures. Whoever holds the provider holds all of its
 * sessions, and is to authorize nothing by that. Which operations take a gesture their own schemas say, and no body does.
 * @throws {ApiError} `PASSKEY_NEEDED`
 */
function assertNoMoreThanProvider(c: Context<AppEnv>): void {
  if (c.get('session')?.how.by !== 'oidc') return
  const operation = operationOf(c)
  const isStop = operation === KILL_DRAFT || permissionFor(operation)?.name === 'stop'
  if (operation.startsWith('GET ') || isStop || c.get('takesGesture')(operation)) return
  throw new ApiError('PASSKEY_NEEDED', 'you came in by your provider: sign in with your passkey to do this')
}

/** As `/openapi.json` names it: `GET /v1/agents/{id}`, also of a `HEAD`, which is what `GET` has without the body. */
function operationOf(c: Context<AppEnv>): string {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
  return `${method} ${routePath(c).replaceAll(/:(\w+)/g, '{$1}')}`
}

function askingOf(c: Context<AppEnv>): Asking {
  return { operation: operationOf(c), of: c.req.param('id') }
}

/** @throws {ApiError} `ROLE_MISSING`: says which would do. {RegistryError} `NOT_ENDORSED` */
async function assertPermitted(ctx: ServerContext, c: Context<AppEnv>, person: string): Promise<void> {
  const asking = askingOf(c)
  if (await ctx.registry.store.query((db) => mayAsk(db, person, asking))) return
  if (!(await ctx.registry.store.query((db) => accessOf(db, person))).endorsed)
    throw new RegistryError(
      'NOT_ENDORSED',
      'nobody endorsed your registration yet: ask somebody who is endorsed to do that first',
    )
  const permission = permissionFor(asking.operation)
  const roles = permission === null || permission.roles === 'anybody' ? [] : permission.roles
  const needed = roles.length === 0 ? 'nobody may' : `it takes the role ${roles.join(' or ')}`
  throw new ApiError('ROLE_MISSING', `you hold no role for this: ${needed}`)
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

async function authenticate(
  ctx: ServerContext,
  c: Context<AppEnv>,
  kinds: readonly Caller['kind'][],
): Promise<Caller> {
  const proof = await verifiedProof(ctx, c)
  const caller = await ctx.registry.store.query((db) => findCaller(db, proof.jkt))
  if (!caller) throw new ApiError('AUTH_KEY_UNKNOWN', 'this key is not registered, or no longer')
  await ctx.dpop.use(proof)
  if (caller.kind === 'service') {
    c.set('signedBy', proof.jwk)
    return caller
  }
  if (!kinds.includes(caller.kind)) {
    throw new ApiError('FORBIDDEN', `this needs the key of a ${kinds.join(' or a ')}`)
  }
  return caller
}

/** A route that is not for people either has no row for a program, so it is refused there. */
function serviceRequest(
  c: Context<AppEnv>,
  account: string,
  kinds: readonly Caller['kind'][],
): ServiceRequest {
  return { account, operation: operationOf(c), address: addressOf(c), isOwn: kinds.includes('service') }
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
