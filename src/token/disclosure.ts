/**
 * SD-JWT disclosures (RFC 9901 section 4.2), as our profile allows them: grants as array elements, `instruction`
 * and `sub` as object members, nothing else (DLG-2).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { base64url, fromBase64url, utf8 } from '../core/encoding.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import { TokenError } from './errors.ts'
import { isGrant, type Grant } from './grant.ts'

/** Salts are 128 bits (RFC 9901 section 9.3). */
const SALT_BYTES = 16
const SALT_CHARS_MIN = 22

/** A claim of a root that may be hidden because hiding it can only reduce what the holder may do. */
export type DisclosableClaim = 'instruction' | 'sub'

export function discloseGrant(crypto: Crypto, grant: Grant): string {
  return encode([base64url(crypto.randomBytes(SALT_BYTES)), grant])
}

export function discloseClaim(crypto: Crypto, name: DisclosableClaim, value: string): string {
  return encode([base64url(crypto.randomBytes(SALT_BYTES)), name, value])
}

function encode(parts: readonly JsonValue[]): string {
  return base64url(utf8(JSON.stringify(parts)))
}

/** RFC 9901 section 4.2.3: over the ASCII of the encoded disclosure. */
export function disclosureDigest(crypto: Crypto, disclosure: string): string {
  return sha256Text(crypto, disclosure)
}

/** Whether a disclosure is a grant, without checking that it is a good one. Claims about people are the others. */
export function isGrantDisclosure(disclosure: string): boolean {
  const parts = parseJson(fromBase64url(disclosure))
  return Array.isArray(parts) && parts.length === 2
}

/** The claim about a person that a disclosure of ours holds; null for a grant. */
export function claimOf(disclosure: string): string | null {
  const parts = parseJson(fromBase64url(disclosure))
  return Array.isArray(parts) && typeof parts[1] === 'string' ? parts[1] : null
}

/**
 * One disclosure that one holds, taken apart: a grant or a claim.
 * @throws {TokenError} `DISCLOSURE_INVALID`, `GRANT_INVALID`
 */
export function readDisclosed(
  disclosure: string,
):
  | { readonly grant: Grant; readonly claim: null }
  | { readonly grant: null; readonly claim: DisclosableClaim } {
  const parts = readDisclosure(disclosure)
  if (parts.length === 2) return { grant: readGrant(parts[1]), claim: null }
  const claims: Partial<Record<DisclosableClaim, string>> = {}
  addClaim(claims, parts[1], parts[2])
  return { grant: null, claim: claims.sub === undefined ? 'instruction' : 'sub' }
}

export interface Disclosed {
  /** By digest, in the order of presentation. */
  readonly grants: ReadonlyMap<string, Grant>
  readonly claims: Readonly<Partial<Record<DisclosableClaim, string>>>
  /** The disclosures that are grants: what a log may keep (SEG-1). */
  readonly grantDisclosures: readonly string[]
}

/**
 * Matches disclosures with the digests of the token that they belong to.
 * @param grantDigests of `authorization_details`; @param claimDigests of `_sd`
 * @throws {TokenError} `DISCLOSURE_INVALID`, `GRANT_INVALID`
 */
export function resolveDisclosures(
  crypto: Crypto,
  disclosures: readonly string[],
  grantDigests: readonly string[],
  claimDigests: readonly string[],
): Disclosed {
  const all = [...grantDigests, ...claimDigests]
  if (new Set(all).size !== all.length) throw new TokenError('DISCLOSURE_INVALID', 'a digest occurs twice')
  const grants = new Map<string, Grant>()
  const claims: Partial<Record<DisclosableClaim, string>> = {}
  const grantDisclosures: string[] = []
  const seen = new Set<string>()
  for (const disclosure of disclosures) {
    const digest = disclosureDigest(crypto, disclosure)
    if (seen.has(digest)) throw new TokenError('DISCLOSURE_INVALID', 'a disclosure occurs twice')
    seen.add(digest)
    const parts = readDisclosure(disclosure)
    if (parts.length === 2 && grantDigests.includes(digest)) {
      grants.set(digest, readGrant(parts[1]))
      grantDisclosures.push(disclosure)
    } else if (parts.length === 3 && claimDigests.includes(digest)) addClaim(claims, parts[1], parts[2])
    else throw new TokenError('DISCLOSURE_INVALID', 'a disclosure has no digest in its token')
  }
  return { grants, claims, grantDisclosures }
}

function readDisclosure(disclosure: string): readonly (JsonValue | undefined)[] {
  let parts: JsonValue
  try {
    parts = parseJson(fromBase64url(disclosure))
  } catch (cause) {
    throw new TokenError('DISCLOSURE_INVALID', 'a disclosure does not parse', { cause })
  }
  if (!Array.isArray(parts)) throw new TokenError('DISCLOSURE_INVALID', 'a disclosure is not an array')
  const salt: unknown = parts[0]
  if (typeof salt !== 'string' || salt.length < SALT_CHARS_MIN) {
    throw new TokenError('DISCLOSURE_INVALID', 'a disclosure has no salt of 128 bits')
  }
  return parts
}

function readGrant(value: unknown): Grant {
  if (!isGrant(value)) throw new TokenError('GRANT_INVALID', 'a disclosed grant does not fit its schema')
  return value
}

function addClaim(
  claims: Partial<Record<DisclosableClaim, string>>,
  name: JsonValue | undefined,
  value: JsonValue | undefined,
): void {
  if ((name !== 'instruction' && name !== 'sub') || typeof value !== 'string' || claims[name] !== undefined) {
    throw new TokenError('DISCLOSURE_INVALID', 'a claim is disclosed that must not be')
  }
  claims[name] = value
}
