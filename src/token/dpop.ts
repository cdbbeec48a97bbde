/**
 * Holder proofs over HTTP: DPoP (RFC 9449) with the chain as the access token. spec/delegation.md, PRF-5.
 * Pure: the caller keeps nonces.
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { base64url } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { parseJws, signJws, verifyJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../core/time.ts'
import { DPOP_TYP } from './constants.ts'
import { hasHeader } from './header.ts'
import { isDpopProof, type DpopProof } from './payload.ts'
import type { VersionReport } from './version.ts'

/** Random bytes of a `jti`. */
const JTI_BYTES = 16

/** The request that a proof is for. */
export interface HttpTarget {
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
}

export interface DpopInput extends HttpTarget {
  /** Seconds. */
  readonly iat: number
  /** The point's current challenge. */
  readonly nonce: string
  readonly args_commit: string
  /** What the holder says it runs (VER-3). */
  readonly report?: VersionReport
}

/** `ath` of RFC 9449. @param chain ends in `~` */
export function accessTokenHash(crypto: Crypto, chain: string): string {
  return sha256Text(crypto, chain)
}

/** @returns the value of the header `DPoP` */
export function signDpop(crypto: Crypto, holder: Signer, chain: string, input: DpopInput): string {
  const { method: htm, url: htu, iat, nonce, args_commit, report } = input
  const jti = base64url(crypto.randomBytes(JTI_BYTES))
  const header = { typ: DPOP_TYP, jwk: { ...holder.publicJwk } }
  const ath = accessTokenHash(crypto, chain)
  return signJws(holder, header, { jti, htm, htu, iat, ath, nonce, args_commit, ...report })
}

export interface DpopContext extends HttpTarget {
  readonly crypto: Crypto
  /** Thumbprint of the key that the last delegation is bound to. */
  readonly jkt: string
  readonly chain: string
  readonly now_ms: number
}

/**
 * @returns null when it does not hold. Not checked: `nonce` and `jti` (the caller uses them up) and whether
 * `args_commit` is that of the call at hand.
 */
export function verifyDpop(context: DpopContext, proof: string): DpopProof | null {
  const { crypto } = context
  try {
    const jws = parseJws(proof)
    const key = publicJwk(jws.header.jwk)
    const fields: unknown = jws.payload
    const good =
      hasHeader(jws, DPOP_TYP, ['jwk']) &&
      isDpopProof(fields) &&
      thumbprint(crypto, key) === context.jkt &&
      fields.htm === context.method &&
      fields.htu === context.url &&
      fields.ath === accessTokenHash(crypto, context.chain) &&
      Math.abs(fields.iat - seconds(context.now_ms)) <= CLOCK_SKEW_MAX_S &&
      verifyJws(crypto, jws, key)
    return good ? fields : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

/** RFC 9449: what a proof for an access token holds. Others than ours make them, with claims that we do not know. */
const accessProofSchema = z.looseObject({
  jti: z.string().min(1).max(256),
  htm: z.string().max(32),
  htu: z.string().max(2048),
  iat: z.int(),
  ath: z.string().max(64),
})

/**
 * A proof for an access token of RFC 9068 that is bound to `jkt`; it covers no arguments.
 * @param context `chain` is the token
 * @returns its `jti`, or null when it does not hold. Not checked: whether that `jti` was used before.
 */
export function verifyAccessProof(context: DpopContext, proof: string): string | null {
  const { crypto } = context
  try {
    const jws = parseJws(proof)
    const key = publicJwk(jws.header.jwk)
    const fields = accessProofSchema.safeParse(jws.payload)
    const good =
      fields.success &&
      hasHeader(jws, DPOP_TYP, ['jwk']) &&
      thumbprint(crypto, key) === context.jkt &&
      fields.data.htm === context.method &&
      fields.data.htu === context.url &&
      fields.data.ath === accessTokenHash(crypto, context.chain) &&
      Math.abs(fields.data.iat - seconds(context.now_ms)) <= CLOCK_SKEW_MAX_S &&
      verifyJws(crypto, jws, key)
    return good ? fields.data.jti : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
