/**
 * Logout tokens: the provider says that somebody's session is over. spec/identity.md (IDN-12), OpenID Connect
 * Back-Channel Logout 1.0 section 2.6.
 * Checked: everything but whether the token was used before, which the caller does with what is returned.
 * @module
 */
import { jwtVerify } from 'jose'
import { z } from 'zod'
import { ApiError } from '../errors.ts'
import type { OidcProvider } from './provider.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** A token of ours has about 900 characters. */
export const LOGOUT_TOKEN_CHARS_MAX = 16_384
/** How old a token may be, and how far ahead of our clock, in seconds. */
export const LOGOUT_AGE_MAX_S = 300
const AHEAD_MAX_S = 60
/** Absent: providers from before types were recommended. */
const TYPES = new Set([undefined, 'logout+jwt', 'application/logout+jwt', 'jwt'])

const text = z.string().min(1).max(256)
const claimsSchema = z
  .looseObject({
    iat: z.number(),
    jti: text,
    sub: text.optional(),
    sid: text.optional(),
    events: z.looseObject({ [EVENT]: z.looseObject({}) }),
  })
  .refine((claims) => claims.sub !== undefined || claims.sid !== undefined)
  .refine((claims) => !('nonce' in claims))

export interface LoggedOut {
  readonly jti: string
  readonly sub: string | null
  readonly sid: string | null
}

/**
 * @param now milliseconds since 1970
 * @throws {ApiError} `SIGN_IN_REFUSED`: it does not hold. `PROVIDER_AWAY`: its keys cannot be had
 */
export async function readLogoutToken(
  provider: OidcProvider,
  token: string,
  now: number,
): Promise<LoggedOut> {
  const { keys, algorithms } = await provider.verification()
  const { issuer, clientId } = provider.settings
  let verified: Awaited<ReturnType<typeof jwtVerify>>
  try {
    verified = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      algorithms,
      clockTolerance: AHEAD_MAX_S,
      maxTokenAge: LOGOUT_AGE_MAX_S,
      currentDate: new Date(now),
    })
  } catch {
    throw refused()
  }
  const claims = claimsSchema.safeParse(verified.payload)
  if (!TYPES.has(verified.protectedHeader.typ?.toLowerCase()) || !claims.success) throw refused()
  const { jti, sub = null, sid = null } = claims.data
  return { jti, sub, sid }
}

function refused(): ApiError {
  return new ApiError('SIGN_IN_REFUSED', 'the logout token does not hold')
}
