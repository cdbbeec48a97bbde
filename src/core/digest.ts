/** Digests of text, as tokens, receipts and thumbprints name things. @module */
import type { Crypto } from './crypto.ts'
import { base64url, utf8 } from './encoding.ts'
import { canonicalize, type JsonValue } from './json.ts'

/** base64url SHA-256 of the UTF-8 bytes of `text`. */
export function sha256Text(crypto: Crypto, text: string): string {
  return crypto.sha256Text?.(text) ?? base64url(crypto.sha256(utf8(text)))
}

/** base64url SHA-256 of what a tagged signature would cover: `tag || 0x00 || JCS(value)`. */
export function taggedDigest(crypto: Crypto, tag: string, value: JsonValue): string {
  return sha256Text(crypto, `${tag}\0${canonicalize(value)}`)
}
