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

/** Of one chain: a root and eight hops. */
export const CHAIN_AGENTS_MAX = 9
/** Domains that one request or entry is about: with categories of some length they fit an entry. */
export const DOMAINS_MAX = 16
/** FLW-13: how long a lease lasts, in milliseconds. */
export const DOMAIN_LEASE_MS = 60_000
/** FLW-17: how much longer a holder that says nothing is waited for, in milliseconds: the bound unless set otherwise. */
export const DOMAIN_GRACE_MS = 2_000

const agent = z.string().min(1).max(64)
const turn = z.int().positive()

/** FLW-13, as the log has it. */
export const domainLeaseSchema = z.strictObject({
  agent,
  /** Counts the holds of a domain: renewing one leaves it as it is. */
  turn,
  /** `new`: nobody held it before. `lapsed`: its last holder never said what was read in it. */
  begins: z.enum(['new', 'handed_over', 'lapsed', 'renewed']),
  /** What this turn began with. */
  taint: dataLabelSchema,
  expires: z.iso.datetime(),
})
export type DomainLeased = z.infer<typeof domainLeaseSchema>

export const domainStatementSchema = z.strictObject({
  v: z.literal(1),
  point: z.string().max(64),
  /** Of its receipts, when it was given the domain. */
  epoch: z.int().positive(),
  /** The domain's name: an agent. */
  agent,
  turn,
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
