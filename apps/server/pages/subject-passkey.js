/** A data subject's passkey: made, and asked. spec/consent.md (CNS-11, CNS-13). @module */
import { fromBase64url, toBase64url } from './shown.js'

/** How long an authenticator is waited for, in milliseconds. */
const AUTHENTICATOR_MS = 300_000

export async function createPasskey({ rp_id, algorithms, origin }, challenge, subject) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64url(challenge),
      rp: { id: rp_id, name: `Countersign (${origin})` },
      user: { id: new TextEncoder().encode(subject), name: 'Your data', displayName: 'Your data' },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      attestation: 'none',
      timeout: AUTHENTICATOR_MS,
    },
  })
  const { clientDataJSON, attestationObject } = made.response
  return {
    id: made.id,
    client_data: toBase64url(clientDataJSON),
    attestation_object: toBase64url(attestationObject),
  }
}

/** @param credential_id null: whichever the browser has for this place */
export async function signWith({ rp_id }, challenge, credential_id) {
  const made = await navigator.credentials.get({
    publicKey: {
      challenge: fromBase64url(challenge),
      rpId: rp_id,
      ...(credential_id === null
        ? {}
        : { allowCredentials: [{ type: 'public-key', id: fromBase64url(credential_id) }] }),
      userVerification: 'required',
      timeout: AUTHENTICATOR_MS,
    },
  })
  const { clientDataJSON, authenticatorData, signature } = made.response
  const gesture = {
    client_data: toBase64url(clientDataJSON),
    authenticator_data: toBase64url(authenticatorData),
    signature: toBase64url(signature),
  }
  return { credential_id: made.id, gesture }
}
