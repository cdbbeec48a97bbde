/** Deflate and CRC-32 of node:zlib, beside the main thread where they are asked for so. @module */
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import {
  crc32,
  createDeflateRaw,
  deflateRaw,
  inflateRaw,
  inflateRawSync,
  type Zlib,
  type ZlibOptions,
} from 'node:zlib'
import type { Codec } from '../../ports/codec.ts'

/** As small as it gets for what a log holds: higher levels take twice as long for a hundredth. */
const LEVEL = 6
const CHUNK_BYTES = 64 * 1024
/** Below, another thread costs more than it takes over: hash tiles. */
const LATER_BYTES_MIN = 16 * 1024

/** What zlib answers when it is asked how far it read. */
interface Inflated {
  readonly buffer: Uint8Array
  readonly engine: Zlib
}

const deflated = promisify(deflateRaw)
const inflated = promisify(inflateRaw) as unknown as (
  packed: Uint8Array,
  options: ZlibOptions,
) => Promise<Inflated>

/** Of one piece, so that nothing is put together. Zlib refuses limits of 0, and pieces below 64 bytes. */
function optionsOf(size: number): ZlibOptions {
  return { maxOutputLength: Math.max(1, size), chunkSize: Math.max(64, size + 1), info: true }
}

export const nodeZlib: Codec = {
  deflate: async (parts) => {
    const [only] = Array.isArray(parts) && parts.length === 1 ? (parts as Uint8Array[]) : []
    if (only !== undefined) return [await deflated(only, { level: LEVEL })]
    const packed = Readable.from(parts).pipe(createDeflateRaw({ level: LEVEL, chunkSize: CHUNK_BYTES }))
    return (await packed.toArray()) as Uint8Array[]
  },
  inflate: async (packed, size) => {
    if (packed.length < LATER_BYTES_MIN) return nodeZlib.inflateSync(packed, size)
    try {
      return wholeOf(await inflated(packed, optionsOf(size)), packed, size)
    } catch {
      return null
    }
  },
  inflateSync: (packed, size) => {
    try {
      return wholeOf(inflateRawSync(packed, optionsOf(size)) as unknown as Inflated, packed, size)
    } catch {
      return null
    }
  },
  crc32: (bytes, seed) => crc32(bytes, seed),
}

/** Zlib passes over what stands behind the end of a stream. */
function wholeOf({ buffer, engine }: Inflated, packed: Uint8Array, size: number): Uint8Array | null {
  const isWhole = engine.bytesWritten === packed.length && buffer.length <= size
  return isWhole ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length) : null
}
