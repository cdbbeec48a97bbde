/**
 * Public keys from outside: exact members, canonical encodings, no small-order points; RFC 7638 thumbprints.
 * @module
 */
import { z } from 'zod'
import type { Alg, Crypto, PublicJwk } from './crypto.ts'
import { base64url, fromBase64url } from './encoding.ts'
import { CoreError } from './errors.ts'
import { canonicalBytes, isJsonObject } from './json.ts'

const P25519 = 2n ** 255n - 19n

/**
 * The y coordinates of the eight Ed25519 points of small order. A signature by such a key can verify
 * every message, so they are refused on entry (with either sign bit).
 */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P25519 - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
])

const coordinateSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const okpSchema = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinateSchema })
const ecSchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinateSchema,
  y: coordinateSchema,
})

/** The shape of a {@link PublicJwk}. A key that is to be trusted also goes through {@link publicJwk}. */
export const jwkSchema = z.discriminatedUnion('kty', [okpSchema, ecSchema])

/** The algorithm that a key can be used with: the key decides, never a token's header. */
export function algOf(key: PublicJwk): Alg {
  return key.kty === 'OKP' ? 'Ed25519' : 'ES256'
}

/**
 * Reads a public key strictly and drops members that are not part of it (`kid`, `use`, `alg`).
 * Not checked: whether an EC point lies on the curve; every verification does that.
 * @throws {CoreError} `KEY_INVALID`: wrong type, private members, wrong length, small order or not canonical.
 */
export function publicJwk(value: unknown): PublicJwk {
  if (!isJsonObject(value)) throw new CoreError('KEY_INVALID', 'key is not a JWK object')
  if ('d' in value || 'k' in value) throw new CoreError('KEY_INVALID', 'a public key was expected')
  if (value.kty === 'OKP' && value.crv === 'Ed25519') {
    const x = coordinate(value.x)
    assertGoodEdwardsPoint(fromBase64url(x))
    return { kty: 'OKP', crv: 'Ed25519', x }
  }
  if (value.kty === 'EC' && value.crv === 'P-256') {
    return { kty: 'EC', crv: 'P-256', x: coordinate(value.x), y: coordinate(value.y) }
  }
  throw new CoreError('KEY_INVALID', 'key type is not Ed25519 or P-256')
}

function coordinate(value: unknown): string {
  if (typeof value !== 'string' || value.length !== 43) {
    throw new CoreError('KEY_INVALID', 'key coordinate is not 32 bytes of base64url')
  }
  try {
    fromBase64url(value)
  } catch (cause) {
    throw new CoreError('KEY_INVALID', 'key coordinate is not canonical base64url', { cause })
  }
  return value
}

function assertGoodEdwardsPoint(encoded: Uint8Array): void {
  let y = 0n
  for (let i = 31; i >= 0; i--) y = (y << 8n) | BigInt((encoded[i] ?? 0) & (i === 31 ? 0x7f : 0xff))
  if (y >= P25519) throw new CoreError('KEY_INVALID', 'Ed25519 key is not canonically encoded')
  if (SMALL_ORDER_Y.has(y)) throw new CoreError('KEY_INVALID', 'Ed25519 key is of small order')
}

/** RFC 7638 thumbprint, SHA-256, base64url: how keys are named (`jkt`, `kid`). */
export function thumbprint(crypto: Crypto, key: PublicJwk): string {
  const members =
    key.kty === 'OKP'
      ? { crv: key.crv, kty: key.kty, x: key.x }
      : { crv: key.crv, kty: key.kty, x: key.x, y: key.y }
  return base64url(crypto.sha256(canonicalBytes(members)))
}
