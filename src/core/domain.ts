/**
 * What a point says of the memory domain that it hands over. spec/flow.md (FLW-16). Pure: points sign it, the control
 * plane and the verifier check it.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from './crypto.ts'
import { dataLabelSchema } from './label.ts'
import { signTagged, verifyTagged } from './sign.ts'

export const DOMAIN_TAG = 'countersign-domain-v1'

/** Of one delegation: a root and eight hops. */
export const CHAIN_AGENTS_MAX = 9
/** Domains that one request or entry is about. */
export const DOMAINS_MAX = 64

export const domainStatementSchema = z.strictObject({
  v: z.literal(1),
  point: z.string().max(64),
  /** Of its receipts, when it was given the domain. */
  epoch: z.int().positive(),
  /** The domain's name: an agent. */
  agent: z.string().min(1).max(64),
  /** Which of its holds this one was. */
  turn: z.int().positive(),
  /** The join of all that was read in it, so far. */
  taint: dataLabelSchema,
  time: z.iso.datetime(),
})
export type DomainStatement = z.infer<typeof domainStatementSchema>

export const signedDomainSchema = z.strictObject({
  statement: domainStatementSchema,
  sig: z.string().max(128),
})
export type SignedDomain = z.infer<typeof signedDomainSchema>

export function signDomain(signer: Signer, statement: DomainStatement): SignedDomain {
  return { statement, sig: signTagged(signer, DOMAIN_TAG, statement) }
}

export function verifyDomain(crypto: Crypto, key: PublicJwk, { statement, sig }: SignedDomain): boolean {
  return verifyTagged(crypto, key, DOMAIN_TAG, statement, sig)
}
