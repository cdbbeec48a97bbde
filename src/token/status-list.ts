/**
 * Token Status List (draft-ietf-oauth-status-list): packed lists, and the JWT that carries one. spec/status.md
 * (STS-1 to STS-4). Pure; also runs in browsers.
 * Invariant: what cannot be read is an error, never a status.
 * @module
 */
import { Inflate, zlibSync } from 'fflate'
import { z } from 'zod'
import type { Crypto, Signer } from '../core/crypto.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws, verifyJws, type ParsedJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../core/time.ts'
import { STATUS_LIST_TYP } from './constants.ts'
import { StatusError, TokenError } from './errors.ts'
import { issuerKeyOf, type IssuerKey } from './trust.ts'

/** STS-4. The largest list that a reader inflates: 2^20 entries of 8 bits. */
export const LIST_BYTES_MAX = 1024 * 1024
/** A list of that size that does not compress, encoded twice, with room for its claims. */
const TOKEN_CHARS_MAX = 2 * 1024 * 1024
/** Input given to the inflater at once: with DEFLATE's ratio of at most 1,032 it cannot make over 1 MiB of it. */
const STEP_BYTES = 1000
const ZLIB_HEADER_BYTES = 2
const ADLER_BYTES = 4

/** How many bits a status takes. */
export type StatusBits = 1 | 2 | 4 | 8

/** A token's place in a list, as its `status.status_list` says. */
export interface StatusReference {
  readonly idx: number
  readonly uri: string
}

/** @param statuses by index; the others are 0 */
export function packStatuses(
  bits: StatusBits,
  size: number,
  statuses: Iterable<readonly [idx: number, status: number]>,
): Uint8Array {
  const list = new Uint8Array(Math.ceil((size * bits) / 8))
  for (const [idx, status] of statuses) {
    if (!Number.isInteger(idx) || idx < 0 || idx >= size || status < 0 || status >= 2 ** bits)
      throw new StatusError('STATUS_INVALID', 'a status does not fit its list')
    const { byte, shift } = placeOf(bits, idx)
    const mask = (2 ** bits - 1) << shift
    list[byte] = ((list[byte] ?? 0) & ~mask) | (status << shift)
  }
  return list
}

/** @throws {StatusError} `STATUS_INVALID`: no such index in the list */
export function statusAt(bits: StatusBits, list: Uint8Array, idx: number): number {
  const { byte, shift } = placeOf(bits, idx)
  const held = Number.isInteger(idx) && idx >= 0 ? list[byte] : undefined
  if (held === undefined) throw invalid('the index is past the end of the list')
  return (held >> shift) & (2 ** bits - 1)
}

/** Entry `i` has its bits at `i * bits`, counted from the least significant bit of the first byte. */
function placeOf(bits: StatusBits, idx: number): { byte: number; shift: number } {
  return { byte: Math.floor((idx * bits) / 8), shift: (idx * bits) % 8 }
}

/** `lst`: base64url of the ZLIB stream. */
export function encodeList(list: Uint8Array): string {
  return base64url(zlibSync(list, { level: 9 }))
}

/**
 * @returns the packed list, at most {@link LIST_BYTES_MAX}
 * @throws {StatusError} `STATUS_INVALID`: not canonical base64url, not one whole ZLIB stream, or too large
 */
export function decodeList(lst: string): Uint8Array {
  try {
    return unzlib(fromBase64url(lst))
  } catch (cause) {
    if (cause instanceof StatusError) throw cause
    throw invalid('the list is not base64url of a ZLIB stream', cause)
  }
}

/** RFC 1950: no preset dictionary, the checksum holds, and nothing stands behind the stream. */
function unzlib(bytes: Uint8Array): Uint8Array {
  const [cmf = 0, flg = 0] = bytes
  const good = (cmf & 15) === 8 && cmf >> 4 <= 7 && ((cmf << 8) | flg) % 31 === 0 && (flg & 32) === 0
  const deflated = bytes.subarray(ZLIB_HEADER_BYTES, -ADLER_BYTES)
  if (!good || deflated.length === 0) throw invalid('the list has no ZLIB header')
  const list = inflate(deflated)
  const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - ADLER_BYTES)
  if (view.getUint32(0) !== adler32(list)) throw invalid('the checksum of the list is wrong')
  if (endsBefore(deflated)) throw invalid('something stands behind the list')
  return list
}

/** The inflater does not say where the stream ended, but without its last byte a stream is cut short. */
function endsBefore(deflated: Uint8Array): boolean {
  try {
    inflate(deflated.subarray(0, -1))
    return deflated.length > 1
  } catch {
    return false
  }
}

/** @throws whatever the inflater throws; {StatusError} once there is more than a list may hold */
function inflate(deflated: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let length = 0
  const stream = new Inflate((part) => {
    length += part.length
    if (length > LIST_BYTES_MAX) throw invalid(`the list inflates to more than ${LIST_BYTES_MAX} bytes`)
    parts.push(part)
  })
  for (let from = 0; from < deflated.length; from += STEP_BYTES) {
    stream.push(deflated.subarray(from, from + STEP_BYTES), from + STEP_BYTES >= deflated.length)
  }
  const list = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    list.set(part, at)
    at += part.length
  }
  return list
}

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return ((b << 16) | a) >>> 0
}

export const statusListSchema = z.strictObject({
  sub: z.string().min(1).max(512),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  ttl: z.int().positive(),
  status_list: z.strictObject({
    bits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    lst: z.string().min(1),
  }),
})

/** What a list says besides its statuses. Times in seconds. */
export interface StatusListInput {
  readonly uri: string
  readonly iat: number
  readonly exp: number
  /** How long a reader may keep it before it asks again. */
  readonly ttl: number
  readonly bits: StatusBits
  readonly list: Uint8Array
}

/** @returns the status list token: a JWT */
export function signStatusList(crypto: Crypto, issuer: Signer, input: StatusListInput): string {
  const { uri, iat, exp, ttl, bits, list } = input
  const header = { typ: STATUS_LIST_TYP, kid: thumbprint(crypto, issuer.publicJwk) }
  return signJws(issuer, header, { sub: uri, iat, exp, ttl, status_list: { bits, lst: encodeList(list) } })
}

export interface StatusContext {
  readonly crypto: Crypto
  /** Of the issuer of the token whose status is asked, by thumbprint. */
  readonly keys: ReadonlyMap<string, IssuerKey>
  /** Milliseconds since 1970. */
  readonly now_ms: number
}

/**
 * The status of the token that names `reference`: 0 is valid, 1 is revoked, others are the application's.
 * Not checked: that the token itself is good, and whether the list is older than its `ttl`.
 * @param token the status list token, as fetched from `reference.uri`
 * @throws {StatusError} `STATUS_INVALID`: anything that does not hold
 */
export function readStatus(context: StatusContext, token: string, reference: StatusReference): number {
  const { payload, jws } = readClaims(token)
  const { sub, iat, exp, status_list } = payload
  if (!isSigned(context, jws, iat)) throw invalid('the list is not signed by a key that is trusted for it')
  if (sub !== reference.uri) throw invalid('the list is not the one that the token names')
  const now = seconds(context.now_ms)
  if (exp <= now) throw invalid('the list is over: fetch it again')
  if (iat > now + CLOCK_SKEW_MAX_S) throw invalid('the list is of the future')
  return statusAt(status_list.bits, decodeList(status_list.lst), reference.idx)
}

function isSigned(context: StatusContext, jws: ParsedJws, iat: number): boolean {
  try {
    return verifyJws(context.crypto, jws, issuerKeyOf(context, jws, iat).jwk)
  } catch (error) {
    if (error instanceof TokenError) return false
    throw error
  }
}

function readClaims(token: string): { payload: z.infer<typeof statusListSchema>; jws: ParsedJws } {
  let jws: ParsedJws
  try {
    jws = parseJws(token, TOKEN_CHARS_MAX)
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw invalid('the list is not a JWT', cause)
  }
  const payload = statusListSchema.safeParse(jws.payload)
  if (jws.header.typ !== STATUS_LIST_TYP || jws.header.jwk !== undefined || !payload.success)
    throw invalid('the list does not fit its schema')
  return { payload: payload.data, jws }
}

function invalid(message: string, cause?: unknown): StatusError {
  return new StatusError('STATUS_INVALID', message, cause === undefined ? undefined : { cause })
}
