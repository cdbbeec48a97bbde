/**
 * Public keys from outside: exact members, canonical encodings, no small-order points; RFC 7638 thumbprints.
 * @module
 */
import { z } from 'zod'
import type { Alg, Crypto, PublicJwk } from './crypto.ts'
import { sha256Text } from './digest.ts'
import { base64url } from './encoding.ts'
import { CoreError } from './errors.ts'
import { isJsonObject } from './json.ts'

const P25519 = 2n ** 255n - 19n

/**
 * The y coordinates of the eight Ed25519 points of small order. A signature by such a key can verify
 * every message, so they are refused on entry (with either sign bit).
 */
const SMALL_ORDER_Y = [
  0n,
  1n,
  P25519 - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]
const SMALL_ORDER = new Set(SMALL_ORDER_Y.flatMap(encodings))
/** A coordinate that is not below 2^255 - 19 names a point that has another encoding already. */
const NOT_CANONICAL = new Set(Array.from({ length: 19 }, (_, i) => P25519 + BigInt(i)).flatMap(encodings))

/** base64url of y, little-endian, with either sign bit. */
function encodings(y: bigint): string[] {
  return [y, y + 2n ** 255n].map((value) =>
    base64url(Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))),
  )
}

/** The one spelling of 32 bytes: the last of 43 characters has two bits that are not used. */
export const COORDINATE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

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
    if (NOT_CANONICAL.has(x)) throw new CoreError('KEY_INVALID', 'Ed25519 key is not canonically encoded')
    if (SMALL_ORDER.has(x)) throw new CoreError('KEY_INVALID', 'Ed25519 key is of small order')
    return { kty: 'OKP', crv: 'Ed25519', x }
  }
  if (value.kty === 'EC' && value.crv === 'P-256') {
    return { kty: 'EC', crv: 'P-256', x: coordinate(value.x), y: coordinate(value.y) }
  }
  throw new CoreError('KEY_INVALID', 'key type is not Ed25519 or P-256')
}

function coordinate(value: unknown): string {
  if (typeof value !== 'string' || !COORDINATE.test(value)) {
    throw new CoreError('KEY_INVALID', 'key coordinate is not 32 bytes of canonical base64url')
  }
  return value
}

/** RFC 7638 thumbprint, SHA-256, base64url: how keys are named (`jkt`, `kid`). */
export function thumbprint(crypto: Crypto, key: PublicJwk): string {
  // JCS: the names are in order, and coordinates of base64url need no escape.
  const members =
    key.kty === 'OKP'
      ? `{"crv":"${key.crv}","kty":"OKP","x":"${key.x}"}`
      : `{"crv":"${key.crv}","kty":"EC","x":"${key.x}","y":"${key.y}"}`
  return sha256Text(crypto, members)
}
