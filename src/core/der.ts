/** ECDSA signatures between DER, as WebAuthn has them, and r || s, as JOSE does (RFC 3279, RFC 7518). @module */
import { concat } from './encoding.ts'

/** Strict DER `SEQUENCE { INTEGER r, INTEGER s }` to the 64 bytes r || s, or null. */
export function derToRaw(der: Uint8Array): Uint8Array | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null
  const r = derInteger(der, 2)
  if (r === null) return null
  const s = derInteger(der, r.end)
  return s === null || s.end !== der.length ? null : concat(r.value, s.value)
}

function derInteger(der: Uint8Array, at: number): { value: Uint8Array; end: number } | null {
  const length = der[at + 1] ?? 0
  const end = at + 2 + length
  if (der[at] !== 0x02 || length < 1 || length > 33 || end > der.length) return null
  const body = der.subarray(at + 2, end)
  const first = body[0] ?? 0
  const padded = first === 0 && length > 1
  if (first >= 0x80 || (padded && (body[1] ?? 0) < 0x80)) return null // negative, or not minimal
  const magnitude = padded ? body.subarray(1) : body
  if (magnitude.length > 32) return null
  const value = new Uint8Array(32)
  value.set(magnitude, 32 - magnitude.length)
  return { value, end }
}

/** 64 bytes r || s to DER: what an authenticator returns for ES256. */
export function rawToDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array): Uint8Array => {
    let start = 0
    while (start < bytes.length - 1 && bytes[start] === 0) start++
    const trimmed = bytes.subarray(start)
    const body = (trimmed[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), trimmed) : trimmed
    return concat(Uint8Array.of(0x02, body.length), body)
  }
  const body = concat(integer(raw.subarray(0, 32)), integer(raw.subarray(32)))
  return concat(Uint8Array.of(0x30, body.length), body)
}
