/**
 * A software authenticator for tests, demos and command lines: true WebAuthn registrations and assertions by a key in a
 * file. It proves possession of that key, not that a human was there; its AAGUID says so, and its credentials are marked
 * `swk` everywhere (spec/people.md, PPL-3).
 * @module
 */
import type { Crypto, PrivateJwk, PublicJwk } from '../../core/crypto.ts'
import { base64url, concat, fromBase64url, utf8 } from '../../core/encoding.ts'
import { rawToDer } from '../../core/der.ts'
import { thumbprint } from '../../core/jwk.ts'
import { encodeCbor, type Cbor } from './cbor.ts'

/** The model that software authenticators of this project say they are (PPL-3). */
export const SOFTWARE_AAGUID = 'a717186e-ee2c-4833-8e82-4e76d089a357'

/** authenticatorData flags: user present, user verified, attested credential data (WebAuthn Level 3 section 6.1). */
const PRESENT_AND_VERIFIED = 0x05
const ATTESTED = 0x40

/** An answer to `navigator.credentials.get`. All members base64url. */
export interface Assertion {
  readonly client_data: string
  readonly authenticator_data: string
  readonly signature: string
}

/** An answer to `navigator.credentials.create`. All members base64url. */
export interface Attestation {
  readonly id: string
  readonly client_data: string
  readonly attestation_object: string
}

export interface SoftwareAuthenticator {
  readonly jwk: PublicJwk
  /** @param challenge base64url. @returns a registration with attestation `none` */
  register(challenge: string): Attestation
  /** @param challenge base64url */
  assert(challenge: string): Assertion
}

export interface SoftwareOptions {
  readonly rp_id: string
  /** What the client data names. */
  readonly origin: string
  /** {@link SOFTWARE_AAGUID} unless a test plays a passkey. */
  readonly aaguid?: string
}

export function softwareAuthenticator(
  crypto: Crypto,
  key: PrivateJwk,
  options: SoftwareOptions,
): SoftwareAuthenticator {
  const { rp_id, origin, aaguid = SOFTWARE_AAGUID } = options
  const signer = crypto.signer(key)
  const jwk = signer.publicJwk
  const id = thumbprint(crypto, jwk)
  const clientData = (type: string, challenge: string): Uint8Array =>
    utf8(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  // The signature counter is not kept: four zeros.
  const authenticatorData = (flags: number, ...rest: Uint8Array[]): Uint8Array =>
    concat(crypto.sha256(utf8(rp_id)), Uint8Array.of(flags), new Uint8Array(4), ...rest)
  return {
    jwk,
    register: (challenge) => {
      const idBytes = fromBase64url(id)
      const credential = [uuidBytes(aaguid), Uint8Array.of(0, idBytes.length), idBytes, coseKey(jwk)]
      const authData = authenticatorData(PRESENT_AND_VERIFIED | ATTESTED, ...credential)
      const attestation = new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ])
      return {
        id,
        client_data: base64url(clientData('webauthn.create', challenge)),
        attestation_object: base64url(encodeCbor(attestation)),
      }
    },
    assert: (challenge) => {
      const client = clientData('webauthn.get', challenge)
      const authData = authenticatorData(PRESENT_AND_VERIFIED)
      const raw = signer.sign(concat(authData, crypto.sha256(client)))
      return {
        client_data: base64url(client),
        authenticator_data: base64url(authData),
        signature: base64url(signer.alg === 'ES256' ? rawToDer(raw) : raw),
      }
    },
  }
}

function uuidBytes(uuid: string): Uint8Array {
  return Uint8Array.from(uuid.replaceAll('-', '').match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))
}

/** COSE_Key (RFC 9053 section 7): kty, alg, crv and the coordinates, in the order of CTAP2. */
function coseKey(jwk: PublicJwk): Uint8Array {
  const x = fromBase64url(jwk.x)
  const members: [number, Cbor][] =
    jwk.kty === 'OKP'
      ? [
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, x],
        ]
      : [
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, x],
          [-3, fromBase64url(jwk.y)],
        ]
  return encodeCbor(new Map(members))
}
