/**
 * Commitments: what an entry says of a value that it does not hold. spec/erasure.md (ERA-1, ERA-11).
 * Pure: registers make them, an auditor checks one that was opened.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../core/crypto.ts'
import { hmacText, sha256Text } from '../core/digest.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { canonicalize, type JsonValue } from '../core/json.ts'

/** Bytes of a salt: with as many as the digest has, guessing the value is guessing the salt. */
export const SALT_BYTES = 32

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/** What opens a commitment: salt and value, or an SD-JWT disclosure, which holds both. */
export const openingSchema = z.union([
  z.strictObject({ salt: digest, value: z.json() }),
  z.strictObject({ disclosure: z.string().max(64 * 1024) }),
])
export type Opening = { readonly salt: string; readonly value: JsonValue } | { readonly disclosure: string }

/** One field of one entry, opened. */
export const openedFieldSchema = z.strictObject({
  entry: z.int().nonnegative(),
  field: z.string().min(1).max(64),
  commitment: digest,
  opening: openingSchema,
})
export type OpenedField = Omit<z.infer<typeof openedFieldSchema>, 'opening'> & { readonly opening: Opening }

/** A commitment with what opens it. */
export interface Committed {
  readonly commitment: string
  readonly opening: Opening
}

/** Commits to a value under a fresh salt. */
export function commitTo(crypto: Crypto, value: JsonValue): Committed {
  const salt = base64url(crypto.randomBytes(SALT_BYTES))
  return { commitment: commitmentOf(crypto, { salt, value }), opening: { salt, value } }
}

/** The commitment that an opening gives. @throws {CoreError} `BASE64URL_INVALID`: of the salt */
export function commitmentOf(crypto: Crypto, opening: Opening): string {
  if ('disclosure' in opening) return sha256Text(crypto, opening.disclosure)
  return hmacText(crypto, fromBase64url(opening.salt), canonicalize(opening.value))
}
