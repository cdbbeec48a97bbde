/**
 * Signing of JSON values that are ours (frames, heartbeats, spool heads) and of compact JWS (RFC 7515).
 * Each kind of statement has a tag, so that a signature made for one purpose never verifies for another.
 * @module
 */
import { algOf } from './jwk.ts'
import type { Crypto, PublicJwk, Signer } from './crypto.ts'
import { taggedText } from './digest.ts'
import { base64url, fromBase64url, utf8 } from './encoding.ts'
import { CoreError } from './errors.ts'
import {
  canonicalBytes,
  DEFAULT_JSON_LIMITS,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from './json.ts'

/** The UTF-8 bytes of {@link taggedText}. */
export function taggedBytes(tag: string, value: JsonValue): Uint8Array {
  return utf8(taggedText(tag, value))
}

/** @returns base64url of the signature over {@link taggedBytes}. */
export function signTagged(signer: Signer, tag: string, value: JsonValue): string {
  return base64url(signer.sign(taggedBytes(tag, value)))
}

/** @param signature base64url; anything malformed is simply not a valid signature. */
export function verifyTagged(
  crypto: Crypto,
  key: PublicJwk,
  tag: string,
  value: JsonValue,
  signature: string,
): boolean {
  const bytes = decodeOrNull(signature)
  return bytes !== null && crypto.verify(key, taggedBytes(tag, value), bytes)
}

function decodeOrNull(text: string): Uint8Array | null {
  try {
    return fromBase64url(text)
  } catch {
    return null
  }
}

/** A compact JWS taken apart. Nothing in it has been verified. */
export interface ParsedJws {
  readonly compact: string
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

const HEADER_MEMBERS = new Set(['alg', 'typ', 'kid', 'jwk'])

/**
 * In canonical form, which nobody has to rely on: who reads it and digests a part of it again, as for a gesture, finds
 * the names in order.
 */
export function signJws(signer: Signer, header: JsonObject, payload: JsonObject): string {
  const input = `${base64url(canonicalBytes({ alg: signer.alg, ...header }))}.${base64url(canonicalBytes(payload))}`
  return `${input}.${base64url(signer.sign(utf8(input)))}`
}

/**
 * Splits a compact JWS strictly: three canonical base64url parts, JSON objects without duplicate names, and only
 * the header members that we understand (so `crit`, `b64`, `zip`, `x5u` and their like are refused).
 * Not checked: the signature, `typ` and any claim.
 * @throws {CoreError} `JWS_INVALID`, or the code of the part that is malformed.
 */
export function parseJws(compact: string, bytesMax = 64 * 1024): ParsedJws {
  if (compact.length > bytesMax)
    throw new CoreError('JSON_TOO_LARGE', `JWS over the limit of ${bytesMax} bytes`)
  const parts = compact.split('.')
  const [head, body, tail] = parts
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) {
    throw new CoreError('JWS_INVALID', 'a compact JWS has three parts')
  }
  const header = readHeader(head)
  const payload = parseJson(fromBase64url(body), { ...DEFAULT_JSON_LIMITS, bytes_max: bytesMax })
  if (header === null || !isJsonObject(payload)) {
    throw new CoreError('JWS_INVALID', 'JWS header and payload must be objects')
  }
  for (const name of Object.keys(header)) {
    if (!HEADER_MEMBERS.has(name))
      throw new CoreError('JWS_INVALID', 'JWS header has a member we do not know')
  }
  return {
    compact,
    header,
    payload,
    signingInput: utf8(compact.slice(0, compact.lastIndexOf('.'))),
    signature: fromBase64url(tail),
  }
}

/** Headers kept as they were parsed. Most tokens have one of a few: an algorithm, a type and the name of a key. */
const HEADERS_MAX = 64
/** The longest that is kept: one with a key of its own is not met again. */
const HEADER_CHARS_MAX = 160
const headers = new Map<string, JsonObject>()

function readHeader(text: string): JsonObject | null {
  const known = headers.get(text)
  if (known !== undefined) return known
  const header = parseJson(fromBase64url(text))
  if (!isJsonObject(header)) return null
  if (text.length <= HEADER_CHARS_MAX) {
    if (headers.size >= HEADERS_MAX) headers.delete(headers.keys().next().value ?? '')
    headers.set(text, header)
  }
  return header
}

/** Whether `jws` is signed by `key` under that key's own algorithm. */
export function verifyJws(crypto: Crypto, jws: ParsedJws, key: PublicJwk): boolean {
  return jws.header.alg === algOf(key) && crypto.verify(key, jws.signingInput, jws.signature)
}
