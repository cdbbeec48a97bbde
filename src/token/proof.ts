/**
 * Holder proofs: per call, and per session with a counter and an HMAC. spec/delegation.md, Holder proof.
 * Pure: the caller keeps challenges, nonces and counters (src/enforce/sessions.ts).
 * @module
 */
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { hmacText, taggedText } from '../core/digest.ts'
import { concat, equalTexts, fromBase64url, utf8 } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { canonicalize, type JsonObject } from '../core/json.ts'
import { parseJws, signJws, verifyJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../core/time.ts'
import { CALL_TAG, PROOF_TYP, SESSION_INFO } from './constants.ts'
import { hasHeader } from './header.ts'
import { isCallProof, isSessionProof, type CallProof, type SessionProof } from './payload.ts'
import { sdHashOf } from './presentation.ts'
import type { VersionReport } from './version.ts'

/** What a proof is made for. */
export interface ProofTarget {
  /** The enforcement point's identifier. */
  readonly aud: string
  readonly nonce: string
  /** Seconds. */
  readonly iat: number
}

/** What a call is, as far as a proof covers it. */
export interface ProvenCall {
  readonly server: string
  readonly tool: string
  readonly args_commit: string
}

/** PRF-3: HMAC-SHA-256 of the canonical arguments under this call's random salt. @param salt 32 bytes */
export function argsCommit(crypto: Crypto, salt: Uint8Array, args: JsonObject): string {
  return hmacText(crypto, salt, canonicalize(args))
}

/** PRF-1. @param chain ends in `~` @returns the chain with its proof */
export function signCallProof(
  crypto: Crypto,
  holder: Signer,
  chain: string,
  target: ProofTarget,
  call: ProvenCall & Partial<VersionReport>,
): string {
  return chain + signJws(holder, { typ: PROOF_TYP }, { ...target, sd_hash: sdHashOf(crypto, chain), ...call })
}

/** PRF-2. @param keys base64url X25519 keys: the client's own, and the point's @returns the chain with its proof */
export function signSessionProof(
  crypto: Crypto,
  holder: Signer,
  chain: string,
  target: ProofTarget,
  keys: { readonly x25519: string; readonly peer: string } & Partial<VersionReport>,
): string {
  return chain + signJws(holder, { typ: PROOF_TYP }, { ...target, sd_hash: sdHashOf(crypto, chain), ...keys })
}

export interface ProofContext {
  readonly crypto: Crypto
  readonly holder: PublicJwk
  readonly audience: string
  /** Of the chain that was presented with the proof. */
  readonly sd_hash: string
  readonly now_ms: number
}

/** @returns null when it does not hold. Not checked: the nonce, and whether the call is the one at hand. */
export function verifyCallProof(context: ProofContext, proof: string): CallProof | null {
  const payload = verifiedPayload(context, proof)
  return isCallProof(payload) && holds(context, payload) ? payload : null
}

/** @returns null when it does not hold. Not checked: the challenge in `nonce` and the point's key in `peer`. */
export function verifySessionProof(context: ProofContext, proof: string): SessionProof | null {
  const payload = verifiedPayload(context, proof)
  return isSessionProof(payload) && holds(context, payload) ? payload : null
}

function verifiedPayload(context: ProofContext, proof: string): unknown {
  try {
    const jws = parseJws(proof)
    if (!hasHeader(jws, PROOF_TYP)) return null
    return verifyJws(context.crypto, jws, context.holder) ? jws.payload : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

function holds(context: ProofContext, proof: { aud: string; iat: number; sd_hash: string }): boolean {
  return (
    proof.aud === context.audience &&
    proof.sd_hash === context.sd_hash &&
    Math.abs(proof.iat - seconds(context.now_ms)) <= CLOCK_SKEW_MAX_S
  )
}

/**
 * HKDF-SHA-256 (RFC 5869) of the X25519 secret: one block, 32 bytes.
 * @param parts base64url challenge, client key and point key, and the `sd_hash` text
 */
export function sessionKey(
  crypto: Crypto,
  shared: Uint8Array,
  parts: {
    readonly challenge: string
    readonly client: string
    readonly point: string
    readonly sd_hash: string
  },
): Uint8Array {
  const secret = crypto.hmacSha256(fromBase64url(parts.challenge), shared)
  const info = concat(
    utf8(SESSION_INFO),
    Uint8Array.of(0),
    fromBase64url(parts.client),
    fromBase64url(parts.point),
    utf8(parts.sd_hash),
  )
  return crypto.hmacSha256(secret, concat(info, Uint8Array.of(1)))
}

export interface SessionCall extends ProvenCall {
  readonly session: string
  /** Counts up from 1; used once. */
  readonly n: number
}

/** PRF-2: the MAC that each call of a session carries, base64url. */
export function callMac(crypto: Crypto, key: Uint8Array, call: SessionCall): string {
  const { args_commit, n, server, session, tool } = call
  return hmacText(crypto, key, taggedText(CALL_TAG, { args_commit, n, server, session, tool }))
}

/** Constant-time comparison of a call's MAC. */
export function callMacHolds(crypto: Crypto, key: Uint8Array, call: SessionCall, mac: string): boolean {
  return equalTexts(callMac(crypto, key, call), mac)
}
