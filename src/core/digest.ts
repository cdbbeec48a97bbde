/** Digests of text, as tokens, receipts and thumbprints name things. @module */
import type { Crypto, PartsDigest } from './crypto.ts'
import { base64url, concat, utf8 } from './encoding.ts'
import { canonicalize, type JsonValue } from './json.ts'

/** `tag || 0x00 || JCS(value)`: what a tagged signature, MAC or digest covers. */
export function taggedText(tag: string, value: JsonValue): string {
  return `${tag}\0${canonicalize(value)}`
}

/** base64url SHA-256 of the UTF-8 bytes of `text`. */
export function sha256Text(crypto: Crypto, text: string): string {
  return crypto.sha256Text?.(text) ?? base64url(crypto.sha256(utf8(text)))
}

/** SHA-256 of what comes in parts; where the platform cannot, of all of them kept. */
export function sha256Parts(crypto: Crypto): PartsDigest {
  if (crypto.sha256Parts !== undefined) return crypto.sha256Parts()
  const parts: Uint8Array[] = []
  return {
    update: (part) => void parts.push(part),
    digest: () => crypto.sha256(concat(...parts)),
  }
}

/** SHA-256 of what is large, from whoever can wait. */
export async function sha256Later(crypto: Crypto, data: Uint8Array): Promise<Uint8Array> {
  return crypto.sha256Later?.(data) ?? crypto.sha256(data)
}

/** base64url HMAC-SHA-256 of the UTF-8 bytes of `text`. */
export function hmacText(crypto: Crypto, key: Uint8Array, text: string): string {
  return crypto.hmacSha256Text?.(key, text) ?? base64url(crypto.hmacSha256(key, utf8(text)))
}

/** base64url SHA-256 of what a tagged signature would cover: `tag || 0x00 || JCS(value)`. */
export function taggedDigest(crypto: Crypto, tag: string, value: JsonValue): string {
  return sha256Text(crypto, taggedText(tag, value))
}
