/**
 * Requests of a provisioning client: whose token it is, how fast it asks, and what its body says. spec/identity.md
 * (IDN-14, IDN-16). Invariant: nothing is read of a body before the token was looked at.
 * @module
 */
import type { Context } from 'hono'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { parseJson } from '../../../src/core/json.ts'
import { scimClientOf } from '../../../src/registry/scim-clients.ts'
import { ScimError } from '../../../src/registry/scim-errors.ts'
import type { Provisioning } from '../../../src/registry/scim-users.ts'
import type { AppEnv, ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { DEFAULT_MATCH } from '../identity/settings.ts'
import { Pace } from '../pace.ts'
import { SCIM_PATH } from './bodies.ts'
import { SCIM_TYPE } from './errors.ts'

const TOKEN = /^Bearer ([\w-]{16,128})$/i
/** Of one client, in a minute: a first sync of a company makes some. */
const REQUESTS_A_MINUTE_MAX = 600
/** Without a token that counts, of all together. */
const FAILURES_A_MINUTE_MAX = 60
export const PAGE_MAX = 200
const START_MAX = 1_000_000
const BODY_LIMITS = { bytes_max: 256 * 1024, depth_max: 16 }

export class ScimDoor {
  readonly #ctx: ServerContext
  readonly #pace: Pace
  readonly #failures: Pace

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
    this.#pace = new Pace(ctx.clock, REQUESTS_A_MINUTE_MAX, 'requests of a client')
    this.#failures = new Pace(ctx.clock, FAILURES_A_MINUTE_MAX, 'requests without a token')
  }

  /** @throws {ApiError} `AUTH_MISSING`, `TOO_MANY` */
  async enter(c: Context<AppEnv>): Promise<Provisioning> {
    const { registry, clock, identity } = this.#ctx
    const [, token = ''] = TOKEN.exec(c.req.header('authorization') ?? '') ?? []
    const client = token === '' ? null : await scimClientOf(registry, token, clock.now())
    if (client === null) {
      this.#failures.take('')
      throw new ApiError(
        'AUTH_MISSING',
        'this wants the token of a client that provisions, which is not over',
      )
    }
    this.#pace.take(client)
    const settings = identity.signIn?.provider.settings
    const { claim, attribute } = settings?.match ?? DEFAULT_MATCH
    const namesSub = claim === 'sub' && attribute === 'externalId'
    return { client, roles: identity.scimRoles, iss: namesSub ? (settings?.issuer ?? null) : null }
  }
}

/** @throws {ScimError} `invalidSyntax`; {CoreError}: no strict JSON */
export async function bodyOf(c: Context<AppEnv>): Promise<JsonValue> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/(scim\+)?json\s*(;|$)/i.test(type))
    throw new ScimError('invalidSyntax', `the body is not ${SCIM_TYPE}`)
  return parseJson(new Uint8Array(await c.req.arrayBuffer()), BODY_LIMITS)
}

/** `startIndex` counts from 1; less is 1 (RFC 7644 section 3.4.2.4). @throws {ScimError} `invalidValue` */
export function pageOf(c: Context<AppEnv>): {
  readonly start: number
  readonly offset: number
  readonly limit: number
} {
  const number = (name: string, otherwise: number, max: number): number => {
    const text = c.req.query(name)
    if (text === undefined) return otherwise
    if (!/^-?\d{1,9}$/.test(text)) throw new ScimError('invalidValue', `${name} is a number`)
    return Math.min(Number(text), max)
  }
  const start = Math.max(1, number('startIndex', 1, START_MAX))
  return { start, offset: start - 1, limit: Math.max(0, number('count', 100, PAGE_MAX)) }
}

export function baseOf(ctx: ServerContext): string {
  return ctx.publicUrl() + SCIM_PATH
}

export function answer(c: Context<AppEnv>, body: JsonObject, status: 200 | 201 = 200): Response {
  const { meta } = body
  const location = typeof meta === 'object' && meta !== null && 'location' in meta ? meta.location : undefined
  const headers = typeof location === 'string' ? { location } : {}
  return c.body(JSON.stringify(body), status, {
    'content-type': SCIM_TYPE,
    'cache-control': 'no-store',
    ...headers,
  })
}

/** No new state while nobody outside could see it; what stops somebody is taken (IDN-19). @throws {ApiError} `LOG_NOT_PUBLISHED` */
export function assertPublished(ctx: ServerContext): void {
  if (ctx.fault() !== null)
    throw new ApiError(
      'LOG_NOT_PUBLISHED',
      'the log cannot be published now: whoever leaves is taken, and nobody else',
    )
}
