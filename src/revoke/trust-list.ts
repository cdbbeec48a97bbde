/**
 * Trust lists: whom a point trusts, signed by the frame key that it pinned. spec/keys.md (KEY-6).
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { foreignIssuerSchema, issuerRecordSchema } from '../core/issuer.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'

export const TRUST_TAG = 'countersign-trust-v1'
/** Other issuers that a control plane trusts: each costs a point one more stream. */
export const FOREIGN_ISSUERS_MAX = 16

export const trustListSchema = z.strictObject({
  v: z.literal(1),
  /** The control plane's own issuer. */
  iss: z.string().min(1).max(256),
  seq: z.int().positive(),
  /** Milliseconds since 1970: when it was signed. */
  t: z.int().nonnegative(),
  /** The own issuer first, then the others. */
  issuers: z
    .tuple([issuerRecordSchema], foreignIssuerSchema)
    .refine(
      (issuers) =>
        issuers.length <= FOREIGN_ISSUERS_MAX + 1 &&
        new Set(issuers.map(({ iss }) => iss)).size === issuers.length,
    ),
})
export const signedTrustListSchema = z.strictObject({ list: trustListSchema, sig: z.string().max(128) })

export type TrustList = z.infer<typeof trustListSchema>
export type SignedTrustList = z.infer<typeof signedTrustListSchema>

export function signTrustList(signer: Signer, list: TrustList): SignedTrustList {
  return { list, sig: signTagged(signer, TRUST_TAG, list) }
}

export function verifyTrustList(crypto: Crypto, key: PublicJwk, { list, sig }: SignedTrustList): boolean {
  return verifyTagged(crypto, key, TRUST_TAG, list, sig)
}
