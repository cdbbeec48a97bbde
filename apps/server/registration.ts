/**
 * Reads a WebAuthn registration with SimpleWebAuthn: attestation object, CBOR, COSE. spec/people.md (PPL-2, PPL-3).
 * Used here and nowhere else: gestures are verified by `src/token/gesture.ts`.
 * Not checked: what the authenticator says of itself. Attestation is `none`, so nobody vouches for its model, and a
 * software authenticator that leaves out our AAGUID counts as a passkey (SECURITY.md).
 * @module
 */
import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { cose, decodeAttestationObject, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'
import {
  SOFTWARE_AAGUID,
  type Attestation,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, fromBase64url } from '../../src/core/encoding.ts'
import { CoreError } from '../../src/core/errors.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import type { Credential } from '../../src/registry/enrolment.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { clientDataFault, type RelyingParty } from '../../src/token/gesture.ts'

/** COSE algorithms: EdDSA with Ed25519, ES256. In the order in which we ask for them. */
export const ALGORITHMS = [-8, -7] as const
const PASSKEY_AMR = ['pop', 'user']
const SOFTWARE_AMR = ['swk']

/** @throws {RegistryError} `GESTURE_INVALID`, whatever is wrong with it */
export async function readRegistration(
  rp: RelyingParty,
  challenge: string,
  { id, client_data, attestation_object }: Attestation,
): Promise<Credential> {
  try {
    const fault =
      clientDataFault(fromBase64url(client_data), { type: 'webauthn.create', challenge }, rp) ??
      formatFault(fromBase64url(attestation_object))
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: client_data, attestationObject: attestation_object },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.rp_id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    })
    if (!verified || info.credential.id !== id) throw invalid()
    return {
      id,
      jwk: jwkOf(info.credential.publicKey),
      amr: info.aaguid === SOFTWARE_AAGUID ? SOFTWARE_AMR : PASSKEY_AMR,
      aaguid: info.aaguid,
      backed_up: info.credentialBackedUp,
    }
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    // The library's messages repeat what it was given.
    throw invalid(cause)
  }
}

function invalid(cause?: unknown): RegistryError {
  return new RegistryError('GESTURE_INVALID', 'the registration does not hold', { cause })
}

/** Certificates of strangers are not parsed: we asked for none, and a browser strips them. */
function formatFault(bytes: Uint8Array): string | null {
  const attestation = decodeAttestationObject(Uint8Array.from(bytes))
  const format = attestation.get('fmt')
  const isSelf = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined
  return format === 'none' || isSelf ? null : 'the attestation is of a format that was not asked for'
}

/** @throws {CoreError} `KEY_INVALID` */
function jwkOf(bytes: Uint8Array): PublicJwk {
  const key = decodeCredentialPublicKey(Uint8Array.from(bytes))
  if (cose.isCOSEPublicKeyOKP(key)) {
    const isEd25519 = key.get(cose.COSEKEYS.crv) === cose.COSECRV.ED25519
    return publicJwk({ kty: 'OKP', crv: isEd25519 ? 'Ed25519' : '', x: coordinate(key.get(cose.COSEKEYS.x)) })
  }
  if (cose.isCOSEPublicKeyEC2(key)) {
    const isP256 = key.get(cose.COSEKEYS.crv) === cose.COSECRV.P256
    const [x, y] = [key.get(cose.COSEKEYS.x), key.get(cose.COSEKEYS.y)].map(coordinate)
    return publicJwk({ kty: 'EC', crv: isP256 ? 'P-256' : '', x: x ?? '', y: y ?? '' })
  }
  throw new CoreError('KEY_INVALID', 'key type is not Ed25519 or P-256')
}

function coordinate(bytes: Uint8Array | undefined): string {
  return base64url(bytes ?? new Uint8Array())
}
