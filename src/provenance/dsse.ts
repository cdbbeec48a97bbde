/**
 * DSSE envelopes with one payload type. spec/attestation.md (ATT-5); github.com/secure-systems-lab/dsse, v1.
 * Not checked here: whose key it is, and what the payload says.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { base64, concat, fromBase64, utf8 } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { thumbprint } from '../core/jwk.ts'
import { ProvenanceError } from './errors.ts'

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
/** Characters of a payload in base64: 256 calls and a gesture take some 60 KiB. */
const PAYLOAD_CHARS_MAX = 256 * 1024
const SIGNATURES_MAX = 4

export const envelopeSchema = z.strictObject({
  payload: z.string().min(1).max(PAYLOAD_CHARS_MAX),
  payloadType: z.literal(PAYLOAD_TYPE),
  signatures: z
    .array(z.strictObject({ keyid: z.string().min(1).max(64), sig: z.string().min(1).max(128) }))
    .min(1)
    .max(SIGNATURES_MAX),
})
export type Envelope = z.infer<typeof envelopeSchema>

/** What is signed: the pre-authentication encoding. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

export function signEnvelope(crypto: Crypto, signer: Signer, payload: Uint8Array): Envelope {
  return {
    payload: base64(payload),
    payloadType: PAYLOAD_TYPE,
    signatures: [
      {
        keyid: thumbprint(crypto, signer.publicJwk),
        sig: base64(signer.sign(preAuthEncoding(PAYLOAD_TYPE, payload))),
      },
    ],
  }
}

/**
 * @param keys trusted ones, by thumbprint
 * @returns the payload, and the thumbprint of the key whose signature is good
 * @throws {ProvenanceError} `ENVELOPE_INVALID`, `ISSUER_UNKNOWN`; `SIGNATURE_INVALID`: of a key that is trusted
 */
export function openEnvelope(
  crypto: Crypto,
  keys: ReadonlyMap<string, PublicJwk>,
  value: unknown,
): { readonly payload: Uint8Array; readonly kid: string } {
  const read = envelopeSchema.safeParse(value)
  if (!read.success) throw new ProvenanceError('ENVELOPE_INVALID', 'not a DSSE envelope of a statement')
  const { payload: text, payloadType, signatures } = read.data
  const payload = bytesOf(text)
  const signed = preAuthEncoding(payloadType, payload)
  const known = signatures.map(({ keyid, sig }) => ({ kid: keyid, key: keys.get(keyid), sig: bytesOf(sig) }))
  const trusted = known.filter(({ key }) => key !== undefined)
  if (trusted.length === 0)
    throw new ProvenanceError('ISSUER_UNKNOWN', 'no signature is by a key that is trusted here')
  const good = trusted.find(({ key, sig }) => key !== undefined && crypto.verify(key, signed, sig))
  if (good === undefined) throw new ProvenanceError('SIGNATURE_INVALID', 'the signature does not verify')
  return { payload, kid: good.kid }
}

/** One byte string has one spelling here. */
function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw new ProvenanceError('ENVELOPE_INVALID', 'the envelope has text that is no padded base64', { cause })
  }
}
