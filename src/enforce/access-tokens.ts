/**
 * Access tokens of the control plane's authorization server, as the gateway takes them: RFC 9068, for this resource
 * alone, and with a proof (RFC 9449) when they are bound to a key. spec/gateway.md (GWR-2 to GWR-4).
 * Not checked here: whether the delegation behind a token is good and in force; that is decided at each call.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { CountersignError } from '../core/errors.ts'
import { publicJwk } from '../core/jwk.ts'
import { parseJws, verifyJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../core/time.ts'
import type { Clock } from '../ports/clock.ts'
import { ACCESS_TOKEN_LIFE_MAX_S } from '../token/access-token.ts'
import { ACCESS_TOKEN_TYP } from '../token/constants.ts'
import { verifyAccessProof } from '../token/dpop.ts'

/** A token, in characters: one with 64 grants has about 30,000. */
export const TOKEN_LENGTH_MAX = 48 * 1024
/** Tokens that were verified and are remembered until they end. */
const TOKENS_MAX = 4096
/** Proofs of which it is remembered that they were used. Forgetting one that is still good is not an option. */
const PROOFS_MAX = 65_536
/** Keys of a set. */
const KEYS_MAX = 32
/** A key that is not known is asked for at most this often. */
const REFETCH_MS = 5000
/** A key that was withdrawn is not used for longer. */
const KEYS_AGE_MS = 300_000

const id = z.string().min(1).max(256)
/** Claims that it does not know are another's business (RFC 7519, section 4). */
const claimsSchema = z.looseObject({
  iss: id,
  aud: z.union([z.string().max(2048), z.array(z.string().max(2048)).max(16)]),
  exp: z.int(),
  iat: z.int(),
  client_id: z.string().min(1).max(2048),
  delegation: z.string().min(1).max(64),
  cnf: z.looseObject({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }).exactOptional(),
})
const keySchema = z.looseObject({ kty: z.string(), kid: z.string().max(256) })
const keySetSchema = z.object({ keys: z.array(z.unknown()).max(KEYS_MAX) })

export interface AuthorizationServer {
  readonly issuer: string
  /** A JWK set (RFC 7517). Not verified. */
  keys(): Promise<unknown>
}

export interface Granted {
  readonly client: string
  /** `jti` of the root that the consent made. */
  readonly delegation: string
  readonly jkt: string | null
  /** Seconds. */
  readonly exp: number
}

/** The `error` of RFC 6750 and RFC 9449, and what is wrong in words that quote nothing. */
export type TokenFault = {
  readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'temporarily_unavailable'
  readonly text: string
}

export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly token: string
  readonly proof: string | undefined
  readonly method: string
  /** The resource: what the token has to be for, and the address that the proof is for. */
  readonly url: string
}

export class AccessTokens {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #server: AuthorizationServer
  readonly #known = new Map<string, Granted>()
  readonly #proofs = new Map<string, number>()
  #keys: ReadonlyMap<string, PublicJwk> = new Map()
  #asked = Number.NEGATIVE_INFINITY
  #loaded = Number.NEGATIVE_INFINITY
  #loading: Promise<void> | null = null

  constructor(options: { crypto: Crypto; clock: Clock; server: AuthorizationServer }) {
    this.#crypto = options.crypto
    this.#clock = options.clock
    this.#server = options.server
  }

  async verify(presented: PresentedToken): Promise<Granted | TokenFault> {
    const { token, url } = presented
    if (token.length > TOKEN_LENGTH_MAX) return invalid('the token is too long')
    const name = `${url}\n${sha256Text(this.#crypto, token)}`
    let granted = this.#known.get(name)
    if (granted === undefined || granted.exp <= seconds(this.#clock.now())) {
      this.#known.delete(name)
      const found = await this.#granted(token, url)
      if ('error' in found) return found
      granted = found
      for (const oldest of this.#known.keys()) {
        if (this.#known.size < TOKENS_MAX) break
        this.#known.delete(oldest)
      }
      this.#known.set(name, granted)
    }
    return this.#proofFault(presented, granted) ?? granted
  }

  async #granted(token: string, url: string): Promise<Granted | TokenFault> {
    try {
      const jws = parseJws(token, TOKEN_LENGTH_MAX)
      const claims = claimsSchema.safeParse(jws.payload)
      const { typ, kid } = jws.header
      const isTyped = typ === ACCESS_TOKEN_TYP || typ === `application/${ACCESS_TOKEN_TYP}`
      if (!claims.success || !isTyped || typeof kid !== 'string')
        return invalid('not an access token as it has to be')
      const { iss, aud, exp, iat, client_id, delegation, cnf } = claims.data
      const now = seconds(this.#clock.now())
      if (iss !== this.#server.issuer) return invalid('the token is of another issuer')
      if (!(typeof aud === 'string' ? aud === url : aud.length === 1 && aud[0] === url))
        return invalid('the token is for another resource')
      if (exp <= now) return invalid('the token has expired')
      if (iat > now + CLOCK_SKEW_MAX_S || exp - iat > ACCESS_TOKEN_LIFE_MAX_S)
        return invalid('the times of the token are not as they have to be')
      const key = await this.#key(kid)
      if (key === 'away')
        return { error: 'temporarily_unavailable', text: 'the authorization server is away' }
      if (key === null || !verifyJws(this.#crypto, jws, key)) return invalid('the signature does not hold')
      return { client: client_id, delegation, jkt: cnf?.jkt ?? null, exp }
    } catch (error) {
      if (error instanceof CountersignError) return invalid('not an access token as it has to be')
      throw error
    }
  }

  #proofFault({ scheme, token, proof, method, url }: PresentedToken, { jkt }: Granted): TokenFault | null {
    // A bound token without its proof was stolen; a proof for an unbound one proves nothing.
    if (jkt === null) return scheme === 'bearer' ? null : invalid('the token is bound to no key')
    if (scheme !== 'dpop') return invalid('the token is bound to a key: it comes with the scheme DPoP')
    const context = { crypto: this.#crypto, method, url, jkt, chain: token, now_ms: this.#clock.now() }
    const jti = proof === undefined ? null : verifyAccessProof(context, proof)
    if (jti === null) return { error: 'invalid_dpop_proof', text: 'the proof does not hold' }
    return this.#isFirstUse(`${jkt} ${jti}`)
      ? null
      : { error: 'invalid_dpop_proof', text: 'the proof was used before, or too many were' }
  }

  #isFirstUse(name: string): boolean {
    const now = this.#clock.monotonic()
    for (const [proof, until] of this.#proofs) {
      // In the order in which they end.
      if (until > now) break
      this.#proofs.delete(proof)
    }
    if (this.#proofs.has(name) || this.#proofs.size >= PROOFS_MAX) return false
    this.#proofs.set(name, now + 2 * (CLOCK_SKEW_MAX_S + 1) * 1000)
    return true
  }

  async #key(kid: string): Promise<PublicJwk | null | 'away'> {
    const now = this.#clock.monotonic()
    const isOld = now - this.#loaded > KEYS_AGE_MS
    if ((isOld || !this.#keys.has(kid)) && now - this.#asked >= REFETCH_MS) {
      this.#asked = now
      this.#loading = this.#load().finally(() => (this.#loading = null))
    }
    if (this.#loading !== null) await this.#loading
    if (this.#clock.monotonic() - this.#loaded > KEYS_AGE_MS) return 'away'
    return this.#keys.get(kid) ?? null
  }

  /** A set that cannot be had leaves the last one in use, for as long as that is not too old. */
  async #load(): Promise<void> {
    let found: unknown
    try {
      found = await this.#server.keys()
    } catch {
      return
    }
    const set = keySetSchema.safeParse(found)
    if (!set.success) return
    const keys = new Map<string, PublicJwk>()
    for (const each of set.data.keys) {
      const jwk = keySchema.safeParse(each)
      if (!jwk.success || (jwk.data.use !== undefined && jwk.data.use !== 'sig')) continue
      const { kty, crv, x, y, kid } = jwk.data
      try {
        keys.set(kid, publicJwk(y === undefined ? { kty, crv, x } : { kty, crv, x, y }))
      } catch (error) {
        if (!(error instanceof CountersignError)) throw error // of another kind than we verify with
      }
    }
    this.#keys = keys
    this.#loaded = this.#clock.monotonic()
  }
}

function invalid(text: string): TokenFault {
  return { error: 'invalid_token', text }
}
