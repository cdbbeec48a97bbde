/**
 * Bytes and text: strict base64url (RFC 4648 section 5, no padding), UTF-8, hex.
 * One byte string has one spelling: a lenient decoder would give one token many names.
 * @module
 */
import { CoreError } from './errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUE_OF = new Int8Array(128).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) VALUE_OF[ALPHABET.charCodeAt(i)] = i

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text to UTF-8 bytes. Lone surrogates become U+FFFD: refuse them earlier (`parseJson` does). */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** @throws {CoreError} `TEXT_INVALID`: the bytes are not well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CoreError('TEXT_INVALID', 'not well-formed UTF-8', { cause })
  }
}

/** Bytes to base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    out += ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63)
    if (i + 1 < bytes.length) out += ALPHABET.charAt((word >> 6) & 63)
    if (i + 2 < bytes.length) out += ALPHABET.charAt(word & 63)
  }
  return out
}

/**
 * Canonical base64url to bytes.
 * @throws {CoreError} `BASE64URL_INVALID`: padding, white space, a foreign character, an impossible length,
 * or unused bits that are not zero.
 */
export function fromBase64url(text: string): Uint8Array {
  const tail = text.length % 4
  if (tail === 1) throw new CoreError('BASE64URL_INVALID', 'impossible base64url length')
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < text.length; i++) {
    const value = VALUE_OF[text.charCodeAt(i)] ?? -1
    if (value < 0) throw new CoreError('BASE64URL_INVALID', 'character outside the base64url alphabet')
    held = (held << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = (held >> bits) & 0xff
      held &= (1 << bits) - 1
    }
  }
  if (held !== 0) throw new CoreError('BASE64URL_INVALID', 'base64url has trailing bits that are not zero')
  return out
}

/** Standard base64 with padding (RFC 4648 section 4), as signed notes and PEM use it. */
export function base64(bytes: Uint8Array): string {
  const text = base64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text + '='.repeat((4 - (text.length % 4)) % 4)
}

/** @throws {CoreError} `BASE64URL_INVALID`: not canonical, padded base64. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0 || /[-_]/.test(text)) {
    throw new CoreError('BASE64URL_INVALID', 'not padded standard base64')
  }
  return fromBase64url(
    text
      .replace(/={1,2}$/, '')
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  )
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Compares in time that depends on the lengths only: safe for MACs. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
