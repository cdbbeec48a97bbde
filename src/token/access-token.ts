/**
 * Access tokens for resource servers that do not speak the protocol: RFC 9068, bound to the holder's key (RFC 9449).
 * spec/status.md (STS-8).
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws, verifyJws } from '../core/sign.ts'
import { seconds } from '../core/time.ts'
import { ACCESS_TOKEN_TYP, GRANTS_MAX } from './constants.ts'
import { grantSchema, type Grant } from './grant.ts'
import { hasHeader } from './header.ts'
import { lastOf } from './lineage.ts'
import { issuerKeyOf, type IssuerKey } from './trust.ts'
import type { VerifiedChain } from './verify.ts'

/** STS-8, in seconds. */
export const ACCESS_TOKEN_LIFE_MAX_S = 300

const id = z.string().min(1).max(64)

export const accessTokenSchema = z.strictObject({
  iss: z.string().min(1).max(256),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  /** An enforcement point. */
  aud: z.string().min(1).max(256),
  /** The agent; and so is `client_id`. */
  sub: id,
  client_id: id,
  jti: id,
  cnf: z.strictObject({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  authorization_details: z.array(grantSchema).min(1).max(GRANTS_MAX),
  /** `jti` of the root of the chain that it was given for. */
  delegation: id,
})

export type AccessToken = z.infer<typeof accessTokenSchema>

/**
 * When an access token for this chain ends at the latest. A grant's `bound` (GRT-9) counts too: the token stands for
 * the revocation state of the moment in which it is given.
 * @param now seconds, and so is the answer
 */
export function accessTokenEnd(chain: VerifiedChain, now: number): number {
  const bounds = [...lastOf(chain).grants.values()].map(({ bound }) => bound ?? ACCESS_TOKEN_LIFE_MAX_S)
  const life = Math.min(ACCESS_TOKEN_LIFE_MAX_S, ...bounds)
  return Math.min(now + life, ...chain.delegations.map(({ ends }) => ends))
}

/** Whether what a grant allows must be debited, which nobody does for an access token. */
export function isDebited(grant: Grant): boolean {
  return grant.limits?.some(({ per }) => per !== 'call') ?? false
}

export function signAccessToken(crypto: Crypto, issuer: Signer, token: AccessToken): string {
  const header = { typ: ACCESS_TOKEN_TYP, kid: thumbprint(crypto, issuer.publicJwk) }
  return signJws(issuer, header, { ...token })
}

export interface AccessTokenContext {
  readonly crypto: Crypto
  readonly iss: string
  /** Of the issuer, by thumbprint. */
  readonly keys: ReadonlyMap<string, IssuerKey>
  /** Milliseconds since 1970. */
  readonly now_ms: number
}

/**
 * @returns null for whatever is not an access token of this issuer, or is over.
 * Not checked: revocation, the audience, and the proof that has to come with it.
 */
export function readAccessToken(context: AccessTokenContext, text: string): AccessToken | null {
  try {
    const jws = parseJws(text)
    const token = accessTokenSchema.safeParse(jws.payload)
    const good =
      token.success &&
      hasHeader(jws, ACCESS_TOKEN_TYP, ['kid']) &&
      token.data.iss === context.iss &&
      token.data.exp > seconds(context.now_ms) &&
      verifyJws(context.crypto, jws, issuerKeyOf(context, jws, token.data.iat).jwk)
    return good ? token.data : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
