/**
 * What a passkey is asked for in this browser: to come in, to register, to stand behind an act. The challenge of an act is
 * computed here from what is shown (spec/people.md, CER-3); one that differs is not offered.
 * @module
 */
import { challengeOf, fromBase64url, toBase64url } from '../../../server/pages/shown.js'

/** How long an authenticator is waited for, in milliseconds. */
const AUTHENTICATOR_MS = 300_000
const ACT_TAG = 'countersign-act-v1'

export interface GestureParts {
  readonly client_data: string
  readonly authenticator_data: string
  readonly signature: string
}

export type PasskeyFault = 'mismatch' | 'unsupported' | 'origin' | 'cancelled'

export class PasskeyError extends Error {
  readonly kind: PasskeyFault
  constructor(kind: PasskeyFault) {
    super(kind)
    this.kind = kind
  }
}

interface Place {
  readonly rp_id: string
  readonly origins: readonly string[]
}

function assertHere({ origins }: Place): void {
  if (!origins.includes(location.origin)) throw new PasskeyError('origin')
  if (window.PublicKeyCredential === undefined) throw new PasskeyError('unsupported')
}

/** The authenticator's answer to a challenge. @param ids of the passkeys that may answer; none: whichever the person picks */
export async function assertion(
  place: Place,
  challenge: string,
  ids: readonly string[],
): Promise<{ credential_id: string; gesture: GestureParts }> {
  assertHere(place)
  const credential = await asked(
    navigator.credentials.get({
      publicKey: {
        rpId: place.rp_id,
        challenge: fromBase64url(challenge),
        userVerification: 'required',
        timeout: AUTHENTICATOR_MS,
        allowCredentials: ids.map(known),
      },
    }),
  )
  const response = credential.response as AuthenticatorAssertionResponse
  return {
    credential_id: credential.id,
    gesture: {
      client_data: toBase64url(response.clientDataJSON),
      authenticator_data: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
    },
  }
}

/** A gesture over an act, whose digest is computed from the act that the person was shown. */
export async function gestureOver(
  place: Place,
  credential_ids: readonly string[],
  { act, challenge }: { act: unknown; challenge: string },
): Promise<GestureParts> {
  if ((await challengeOf(ACT_TAG, act)) !== challenge) throw new PasskeyError('mismatch')
  return (await assertion(place, challenge, credential_ids)).gesture
}

/** As `createCredential` of the API takes it. */
export interface Attestation {
  readonly id: string
  readonly client_data: string
  readonly attestation_object: string
}

function known(id: string): PublicKeyCredentialDescriptor {
  return { type: 'public-key', id: fromBase64url(id) }
}

/**
 * A new passkey.
 * @param user the name that the authenticator shows
 * @param others that the person has: an authenticator with one of them makes no second
 */
export async function registration(
  place: Place & { algorithms: readonly number[]; origin: string },
  challenge: string,
  user: { id: string; name: string },
  others: readonly string[] = [],
): Promise<Attestation> {
  assertHere(place)
  const credential = await asked(
    navigator.credentials.create({
      publicKey: {
        rp: { id: place.rp_id, name: `Countersign ${place.origin}` },
        user: { id: new TextEncoder().encode(user.id), name: user.name, displayName: user.name },
        challenge: fromBase64url(challenge),
        pubKeyCredParams: place.algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        attestation: 'none',
        excludeCredentials: others.map(known),
        timeout: AUTHENTICATOR_MS,
      },
    }),
  )
  const response = credential.response as AuthenticatorAttestationResponse
  return {
    id: credential.id,
    client_data: toBase64url(response.clientDataJSON),
    attestation_object: toBase64url(response.attestationObject),
  }
}

async function asked(answer: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await answer
    if (credential instanceof PublicKeyCredential) return credential
  } catch (cause) {
    if (cause instanceof DOMException) throw new PasskeyError('cancelled')
    throw cause
  }
  throw new PasskeyError('cancelled')
}
