/** Deflate and CRC-32 in plain JavaScript, for where the platform has none: a browser, a test. @module */
import { deflateSync, Inflate, inflateSync } from 'fflate'
import { concat } from '../../core/encoding.ts'
import type { Codec } from '../../ports/codec.ts'

/** Packed bytes up to here are unpacked in one go, several times as fast: one that lies is caught after at most 256 MiB. */
const ONCE_BYTES_MAX = 256 * 1024
/** Of larger ones, what is handed to the decoder at once: one that lies is caught after at most 16 MiB. */
const STEP_BYTES = 16 * 1024
const LEVEL = 6

export const fflateCodec: Codec = {
  deflate: (parts) => Promise.resolve(deflate(parts)),
  inflate: (packed, size) => Promise.resolve(inflate(packed, size)),
  inflateSync: inflate,
  crc32,
}

/** In one piece: the stream of fflate 0.8.3 packs some bytes, runs of zeros among them, to what nobody can unpack. */
function deflate(parts: Iterable<Uint8Array>): Uint8Array[] {
  return [deflateSync(concat(...parts), { level: LEVEL })]
}

class TooLong extends Error {}

function inflate(packed: Uint8Array, size: number): Uint8Array | null {
  return packed.length <= ONCE_BYTES_MAX ? inflateOnce(packed, size) : inflateInSteps(packed, size)
}

/** Into memory that ends one byte behind what is claimed: nothing is written beyond, and whoever reaches it lies. */
function inflateOnce(packed: Uint8Array, size: number): Uint8Array | null {
  try {
    const out = inflateSync(packed, { out: new Uint8Array(size + 1) })
    return out.length > size ? null : out
  } catch {
    return null
  }
}

function inflateInSteps(packed: Uint8Array, size: number): Uint8Array | null {
  const out = new Uint8Array(size)
  let at = 0
  const stream = new Inflate((chunk) => {
    if (at + chunk.length > size) throw new TooLong()
    out.set(chunk, at)
    at += chunk.length
  })
  try {
    for (let from = 0; from < packed.length; from += STEP_BYTES)
      stream.push(packed.subarray(from, from + STEP_BYTES), from + STEP_BYTES >= packed.length)
  } catch {
    return null
  }
  return out.subarray(0, at)
}

/** Of each byte, what it does to a sum that 0 to 7 more bytes follow: eight bytes a step. */
const T0 = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})
const T1 = followed(T0)
const T2 = followed(T1)
const T3 = followed(T2)
const T4 = followed(T3)
const T5 = followed(T4)
const T6 = followed(T5)
const T7 = followed(T6)

function followed(table: Uint32Array): Uint32Array {
  return table.map((c) => entry(T0, c) ^ (c >>> 8))
}

/** As ZIP wants it (ISO 3309). A check against mistakes, not against liars: the manifest's digests are that. */
function crc32(bytes: Uint8Array, seed: number): number {
  let c = ~seed
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = c ^ wordAt(bytes, at)
    const high = wordAt(bytes, at + 4)
    c = entry(T7, low) ^ entry(T6, low >>> 8) ^ entry(T5, low >>> 16) ^ entry(T4, low >>> 24)
    c ^= entry(T3, high) ^ entry(T2, high >>> 8) ^ entry(T1, high >>> 16) ^ entry(T0, high >>> 24)
  }
  for (; at < bytes.length; at++) c = entry(T0, c ^ (bytes[at] ?? 0)) ^ (c >>> 8)
  return ~c >>> 0
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

function entry(table: Uint32Array, byte: number): number {
  return table[byte & 0xff] ?? 0
}
