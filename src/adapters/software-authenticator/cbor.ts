/** CBOR (RFC 8949), as much of it as an attestation object and a COSE key need: deterministic encoding only. @module */
import { concat, utf8 } from '../../core/encoding.ts'

export type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>

/** Major types (RFC 8949 section 3.1). */
const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const MAP = 5

/** Entries of a map keep their order: the caller has them in the one that CTAP2 wants. */
export function encodeCbor(value: Cbor): Uint8Array {
  if (typeof value === 'number') return value >= 0 ? head(UNSIGNED, value) : head(NEGATIVE, -1 - value)
  if (typeof value === 'string') return concat(head(TEXT, utf8(value).length), utf8(value))
  if (value instanceof Uint8Array) return concat(head(BYTES, value.length), value)
  return concat(
    head(MAP, value.size),
    ...[...value].flatMap(([name, member]) => [encodeCbor(name), encodeCbor(member)]),
  )
}

/** @param n below 65,536: nothing here is longer */
function head(major: number, n: number): Uint8Array {
  if (n < 24) return Uint8Array.of((major << 5) | n)
  return n < 256 ? Uint8Array.of((major << 5) | 24, n) : Uint8Array.of((major << 5) | 25, n >> 8, n & 0xff)
}
