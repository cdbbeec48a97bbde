/**
 * Writes a ZIP archive file by file, so that no more than one of them is in memory. spec/pack.md.
 * Invariant: what openZip of unzip.ts reads. Its directory is sorted by name; times are fixed, so that the same files have
 * the same bytes. What was written can be read while the archive grows.
 * @module
 */
import { utf8 } from '../../core/encoding.ts'
import type { Codec } from '../../ports/codec.ts'
import { PackError } from '../errors.ts'
import type { ByteSource } from './unzip.ts'

/** Where an archive goes. */
export interface ByteFile extends ByteSource {
  append(bytes: Uint8Array): void
}

const SIGNATURE = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 }
/** 2.0: deflate. */
const VERSION = 20
/** Bit 11: names are UTF-8. */
const FLAGS = 0x0800
const DEFLATED = 8
/** 1 January 1980, midnight: the earliest time that ZIP can hold. */
const DATE = (1 << 5) | 1
/** Of an archive without the ZIP64 extension. */
const OFFSET_MAX = 0xffff_ffff

interface Written {
  readonly name: string
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

/** A file that was packed and has no place yet. */
export interface Packed {
  readonly crc: number
  readonly size: number
  readonly parts: readonly Uint8Array[]
}

export class ZipWriter {
  readonly #file: ByteFile
  readonly #codec: Codec
  readonly #written = new Map<string, Written>()

  constructor(file: ByteFile, codec: Codec) {
    this.#file = file
    this.#codec = codec
  }

  /** @throws {PackError} `PACK_TOO_LARGE` */
  async add(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    this.write(name, await this.pack(parts))
  }

  /** What {@link write} takes. Any number of files may be packed at once. */
  async pack(parts: Iterable<Uint8Array>): Promise<Packed> {
    const codec = this.#codec
    let [crc, size] = [0, 0]
    const counted = function* (): Generator<Uint8Array> {
      for (const part of parts) {
        crc = codec.crc32(part, crc)
        size += part.length
        yield part
      }
    }
    const packed = await codec.deflate(Array.isArray(parts) ? [...counted()] : counted())
    return { crc, size, parts: packed }
  }

  /** @throws {PackError} `PACK_TOO_LARGE` */
  write(name: string, { crc, size, parts }: Packed): void {
    if (this.#written.has(name)) throw new TypeError(`${name} is written twice`)
    const offset = this.#file.length
    const written = { name, crc, size, offset, packed: parts.reduce((sum, { length }) => sum + length, 0) }
    if (offset + written.packed > OFFSET_MAX || size > OFFSET_MAX)
      throw new PackError('PACK_TOO_LARGE', 'the log is larger than one pack can hold')
    this.#file.append(localHeader(written))
    for (const part of parts) this.#file.append(part)
    this.#written.set(name, written)
  }

  has(name: string): boolean {
    return this.#written.has(name)
  }

  /** @returns what was added under this name, if anything was */
  read(name: string): Uint8Array | undefined {
    const written = this.#written.get(name)
    if (written === undefined) return undefined
    const begin = written.offset + localHeader(written).length
    const bytes = this.#codec.inflateSync(this.#file.read(begin, begin + written.packed), written.size)
    if (bytes === null) throw new PackError('PACK_ARCHIVE_INVALID', `${name} is not what was written`)
    return bytes
  }

  finish(): void {
    const start = this.#file.length
    const all = [...this.#written.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const written of all) this.#file.append(centralHeader(written))
    this.#file.append(endRecord(all.length, this.#file.length - start, start))
  }
}

/** Numbers of 2 and 4 bytes, little end first. */
function record(...fields: readonly (readonly [2 | 4, number])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += width
  }
  return bytes
}

function named(header: Uint8Array, name: string): Uint8Array {
  const bytes = utf8(name)
  const out = new Uint8Array(header.length + bytes.length)
  out.set(header)
  out.set(bytes, header.length)
  return out
}

function common({ crc, packed, size, name }: Written): readonly (readonly [2 | 4, number])[] {
  return [
    [2, VERSION],
    [2, FLAGS],
    [2, DEFLATED],
    [2, 0], // time
    [2, DATE],
    [4, crc],
    [4, packed],
    [4, size],
    [2, utf8(name).length],
    [2, 0], // extra field
  ]
}

function localHeader(written: Written): Uint8Array {
  return named(record([4, SIGNATURE.local], ...common(written)), written.name)
}

function centralHeader(written: Written): Uint8Array {
  const header = record(
    [4, SIGNATURE.central],
    [2, VERSION], // made by
    ...common(written),
    [2, 0], // comment
    [2, 0], // disk
    [2, 0], // attributes
    [4, 0],
    [4, written.offset],
  )
  return named(header, written.name)
}

function endRecord(count: number, length: number, start: number): Uint8Array {
  return record([4, SIGNATURE.end], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, start], [2, 0])
}

/** An archive in memory. */
export class MemoryFile implements ByteFile {
  #bytes = new Uint8Array(1024)
  length = 0

  append(bytes: Uint8Array): void {
    const end = this.length + bytes.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length))
      grown.set(this.#bytes.subarray(0, this.length))
      this.#bytes = grown
    }
    this.#bytes.set(bytes, this.length)
    this.length = end
  }

  read(begin: number, end: number): Uint8Array {
    return this.#bytes.subarray(begin, Math.min(end, this.length))
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
}
