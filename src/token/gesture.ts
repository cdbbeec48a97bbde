/**
 * Human gestures: WebAuthn assertions over the digest of what was shown. spec/delegation.md (DLG-4 to DLG-6).
 * Checked: type, challenge, pinned origin and RP ID, user presence and verification, signature.
 * Not checked here: that the key was registered (a pack's verifier checks the registration entry) and that the page
 * showed what it digested (SECURITY.md).
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { derToRaw } from '../core/der.ts'
import { taggedDigest } from '../core/digest.ts'
import { base64url, concat, equalBytes, fromBase64url, utf8 } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import type { Gesture } from '../core/gesture.ts'
import { isJsonObject, parseJson, type JsonValue } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { TokenError } from './errors.ts'

/** What a gesture is pinned to. */
export interface RelyingParty {
  readonly rp_id: string
  readonly origins: readonly string[]
}

/** M of N people, by revocation handle (DLG-6). */
export interface Quorum {
  readonly m: number
  readonly of: readonly string[]
}

/** authenticatorData flags (WebAuthn Level 3 section 6.1). */
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
/** rpIdHash, flags, signCount. */
const AUTHENTICATOR_DATA_BYTES_MIN = 37

/** base64url SHA-256 of `tag || 0x00 || JCS(value)`: the WebAuthn challenge. */
export function challengeOf(crypto: Crypto, tag: string, value: JsonValue): string {
  return taggedDigest(crypto, tag, value)
}

/** @returns what does not hold, or null when the gesture is good. */
export function gestureFault(
  crypto: Crypto,
  rp: RelyingParty,
  challenge: string,
  gesture: Gesture,
): string | null {
  try {
    const clientData = fromBase64url(gesture.client_data)
    const authenticatorData = fromBase64url(gesture.authenticator_data)
    return (
      clientDataFault(clientData, { type: 'webauthn.get', challenge }, rp) ??
      authenticatorDataFault(crypto, authenticatorData, rp) ??
      signatureFault(crypto, gesture, concat(authenticatorData, crypto.sha256(clientData)))
    )
  } catch (error) {
    if (error instanceof CountersignError) return 'the gesture does not parse'
    throw error
  }
}

/**
 * What a browser says of a ceremony (WebAuthn Level 3 section 5.8.1), of an assertion or of a registration.
 * @returns what does not hold, or null
 */
export function clientDataFault(
  bytes: Uint8Array,
  expected: { readonly type: 'webauthn.get' | 'webauthn.create'; readonly challenge: string },
  rp: RelyingParty,
): string | null {
  const data = parseJson(bytes)
  if (!isJsonObject(data)) return 'client data is not an object'
  if (data.type !== expected.type) return `client data is not of ${expected.type}`
  if (data.challenge !== expected.challenge) return 'the gesture is over another challenge'
  if (typeof data.origin !== 'string' || !rp.origins.includes(data.origin)) return 'the origin is not pinned'
  return data.crossOrigin === true ? 'the gesture was made in a foreign frame' : null
}

function authenticatorDataFault(crypto: Crypto, bytes: Uint8Array, rp: RelyingParty): string | null {
  if (bytes.length < AUTHENTICATOR_DATA_BYTES_MIN) return 'authenticator data is too short'
  if (!equalBytes(bytes.subarray(0, 32), crypto.sha256(utf8(rp.rp_id)))) return 'the RP ID is not pinned'
  const flags = bytes[32] ?? 0
  if ((flags & USER_PRESENT) === 0) return 'the user was not present'
  return (flags & USER_VERIFIED) === 0 ? 'the user was not verified' : null
}

function signatureFault(crypto: Crypto, gesture: Gesture, signed: Uint8Array): string | null {
  const key = publicJwk(gesture.jwk)
  const raw = fromBase64url(gesture.signature)
  const signature = key.kty === 'EC' ? derToRaw(raw) : raw
  return signature !== null && crypto.verify(key, signed, signature) ? null : 'the signature does not verify'
}

/** DLG-6. @throws {TokenError} `GESTURE_INVALID` */
export function assertGesturesCover(payload: {
  readonly rev: readonly string[]
  readonly quorum?: Quorum
  readonly gestures: readonly Gesture[]
}): void {
  const { rev, quorum, gestures } = payload
  const needed = new Set(rev)
  const eligible = new Set(quorum?.of)
  const made = new Set(gestures.map((gesture) => gesture.rev))
  const keys = new Set(gestures.map(({ jwk }) => secretOf(jwk)))
  const others = gestures.filter((gesture) => !needed.has(gesture.rev))
  const good =
    made.size === gestures.length &&
    keys.size === gestures.length &&
    needed.size === rev.length &&
    rev.every((handle) => made.has(handle) && !eligible.has(handle)) &&
    gestures.some((gesture) => gesture.role === 'principal' && needed.has(gesture.rev)) &&
    eligible.size === (quorum?.of.length ?? 0) &&
    others.every((gesture) => gesture.role === 'approver' && eligible.has(gesture.rev)) &&
    others.length >= (quorum?.m ?? 0)
  if (!good)
    throw new TokenError('GESTURE_INVALID', 'the gestures are not those of the people that the root names')
}

/** Who has the secret of a key has that of its mirror image too: they differ in the sign alone. */
export function secretOf(key: PublicJwk): string {
  if (key.kty === 'EC') return `EC ${key.x}`
  const point = fromBase64url(key.x)
  point[31] = (point[31] ?? 0) & 0x7f
  return `OKP ${base64url(point)}`
}
