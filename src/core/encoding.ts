/**
 * Bytes and text: strict base64url (RFC 4648 section 5, no padding), UTF-8, hex.
 * One byte string has one spelling: a lenient decoder would give one token many names.
 * @module
 */
import { CoreError } from './errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** By value, the character's code. */
const CODE_OF = new Uint8Array(64)
/** By byte, the value of the character; 255 for one that is not in the alphabet. */
const VALUE_OF = new Uint8Array(256).fill(255)
for (let i = 0; i < 64; i++) {
  const code = ALPHABET.charCodeAt(i)
  CODE_OF[i] = code
  VALUE_OF[code] = i
}

/** Up to here characters are put together one by one, which a decoder's call costs more than. */
const SHORT_CHARS = 128
/** Reused for the characters of a text that fits, so that decoding allocates its result alone. */
const scratch = new Uint8Array(64 * 1024)

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const asciiDecoder = new TextDecoder('latin1')

/** Text to UTF-8 bytes. Lone surrogates become U+FFFD: refuse them earlier (`parseJson` does). */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** As {@link utf8}, into memory that is there. @returns how many bytes it wrote: all, if there is room */
export function writeUtf8(text: string, into: Uint8Array): number {
  return encoder.encodeInto(text, into).written
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
  const chars = Math.ceil((bytes.length * 4) / 3)
  // One more group than there is, so that the last one can be written whole.
  const out = chars + 4 > scratch.length ? new Uint8Array(chars + 4) : scratch
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    out[at] = CODE_OF[word >> 18] ?? 0
    out[at + 1] = CODE_OF[(word >> 12) & 63] ?? 0
    out[at + 2] = CODE_OF[(word >> 6) & 63] ?? 0
    out[at + 3] = CODE_OF[word & 63] ?? 0
  }
  const written = out.subarray(0, chars)
  return chars <= SHORT_CHARS
    ? String.fromCharCode.apply(null, written as unknown as number[])
    : asciiDecoder.decode(written)
}

/**
 * Canonical base64url to bytes.
 * @throws {CoreError} `BASE64URL_INVALID`: padding, white space, a foreign character, an impossible length,
 * or unused bits that are not zero.
 */
export function fromBase64url(text: string): Uint8Array {
  const tail = text.length % 4
  if (tail === 1) throw new CoreError('BASE64URL_INVALID', 'impossible base64url length')
  const chars = charsOf(text)
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  const whole = text.length - tail
  let at = 0
  let seen = 0
  for (let i = 0; i < whole; i += 4) {
    const a = valueAt(chars, i)
    const b = valueAt(chars, i + 1)
    const c = valueAt(chars, i + 2)
    const d = valueAt(chars, i + 3)
    seen |= a | b | c | d
    out[at] = (a << 2) | (b >> 4)
    out[at + 1] = (b << 4) | (c >> 2)
    out[at + 2] = (c << 6) | d
    at += 3
  }
  let unused = 0
  if (tail > 0) {
    const a = valueAt(chars, whole)
    const b = valueAt(chars, whole + 1)
    const c = tail === 3 ? valueAt(chars, whole + 2) : 0
    seen |= a | b | c
    out[at] = (a << 2) | (b >> 4)
    if (tail === 3) out[at + 1] = (b << 4) | (c >> 2)
    unused = tail === 3 ? c & 3 : b & 15
  }
  if (seen > 63) throw new CoreError('BASE64URL_INVALID', 'character outside the base64url alphabet')
  if (unused !== 0) throw new CoreError('BASE64URL_INVALID', 'base64url has trailing bits that are not zero')
  return out
}

/**
 * Reads 32 bytes of canonical base64url that stand in a text, 43 characters from `at` on, into memory that is there.
 * @returns false: they are not there
 */
export function readDigest(text: string, at: number, into: Uint8Array): boolean {
  let seen = 0
  let to = 0
  for (let i = at; i < at + 40; i += 4) {
    const a = valueOf(text.charCodeAt(i))
    const b = valueOf(text.charCodeAt(i + 1))
    const c = valueOf(text.charCodeAt(i + 2))
    const d = valueOf(text.charCodeAt(i + 3))
    seen |= a | b | c | d
    into[to] = (a << 2) | (b >> 4)
    into[to + 1] = (b << 4) | (c >> 2)
    into[to + 2] = (c << 6) | d
    to += 3
  }
  const a = valueOf(text.charCodeAt(at + 40))
  const b = valueOf(text.charCodeAt(at + 41))
  const c = valueOf(text.charCodeAt(at + 42))
  into[30] = (a << 2) | (b >> 4)
  into[31] = (b << 4) | (c >> 2)
  return (seen | a | b | c) <= 63 && (c & 3) === 0
}

/** 255 of what is no character of the alphabet, and of none at all. */
function valueOf(code: number): number {
  return VALUE_OF[code] ?? 255
}

/** One byte a character, as long as all are ASCII: the first that is not has a byte that no alphabet has. */
function charsOf(text: string): Uint8Array {
  if (text.length > scratch.length) return encoder.encode(text)
  // What is not ASCII takes more than one byte, and at the very end may not be written at all.
  if (encoder.encodeInto(text, scratch).written !== text.length)
    throw new CoreError('BASE64URL_INVALID', 'character outside the base64url alphabet')
  return scratch
}

function valueAt(chars: Uint8Array, i: number): number {
  return VALUE_OF[chars[i] ?? 0] ?? 255
}

/** Lower case. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
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

/** {@link equalBytes} for text. */
export function equalTexts(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
