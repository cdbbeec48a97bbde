/**
 * A software authenticator for tests, demos and command lines: true WebAuthn assertions by a key in a file.
 * It proves possession of that key, not that a human was there, so its credentials are marked `swk` everywhere.
 * @module
 */
import type { Crypto, PrivateJwk, PublicJwk } from '../../core/crypto.ts'
import { base64url, concat, utf8 } from '../../core/encoding.ts'
import { rawToDer } from '../../core/der.ts'

/** User present and user verified (WebAuthn Level 3 section 6.1). */
const FLAGS = 0x05

export interface Assertion {
  readonly client_data: string
  readonly authenticator_data: string
  readonly signature: string
}

export interface SoftwareAuthenticator {
  readonly jwk: PublicJwk
  /** @param challenge base64url */
  assert(challenge: string): Assertion
}

/** @param rp the RP ID, and the origin that the client data names */
export function softwareAuthenticator(
  crypto: Crypto,
  key: PrivateJwk,
  rp: { readonly rp_id: string; readonly origin: string },
): SoftwareAuthenticator {
  const signer = crypto.signer(key)
  return {
    jwk: signer.publicJwk,
    assert: (challenge) => {
      const clientData = utf8(
        JSON.stringify({ type: 'webauthn.get', challenge, origin: rp.origin, crossOrigin: false }),
      )
      const authenticatorData = concat(
        crypto.sha256(utf8(rp.rp_id)),
        Uint8Array.of(FLAGS),
        new Uint8Array(4), // signature counter: not kept
      )
      const raw = signer.sign(concat(authenticatorData, crypto.sha256(clientData)))
      return {
        client_data: base64url(clientData),
        authenticator_data: base64url(authenticatorData),
        signature: base64url(signer.alg === 'ES256' ? rawToDer(raw) : raw),
      }
    },
  }
}
