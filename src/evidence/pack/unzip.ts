/**
 * Reads a ZIP archive strictly, from bytes that anyone may have made. spec/pack.md, PCK-3.
 * Invariant: what is returned is exactly what the archive says, by size and CRC, and no more memory is taken than its
 * compressed bytes can fill. {@link openZip} unpacks one file at a time. Refused: ZIP64, comments, encryption, other
 * methods than stored and deflate, and whatever lets two readers see two packs: files that overlap or leave a gap, a
 * local header that differs from the directory, extra fields (they may hold another name), links.
 * @module
 */
import { equalBytes, fromUtf8 } from '../../core/encoding.ts'
import type { Codec } from '../../ports/codec.ts'
import { PackError } from '../errors.ts'
import { fflateCodec } from './codec.ts'

/** What a deflate stream can grow to at most: 258 bytes from 2 bits (RFC 1951). */
const DEFLATE_RATIO_MAX = 1032
const DEFLATE_SLACK_BYTES = 64
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
/** More than any name that a pack may hold, in UTF-8. */
const HEADER_NAME_BYTES_MAX = 1024
const SIGNATURE = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 }
const STORED = 0
const DEFLATED = 8
/** Bit 0 encrypted, bit 3 sizes behind the file, bit 6 strongly encrypted, bit 13 headers masked. */
const FLAGS_REFUSED = 0x2049
/** What a local header and the directory both say: from the version to the length of the extra field. */
const SHARED = { local: 4, central: 6, bytes: 26 }
/** Of the upper half of what UNIX keeps as attributes: the type of a file, and that it is a plain one. */
const TYPE_MASK = 0o170000
const PLAIN_FILE = 0o100000

export interface ArchiveLimits {
  readonly files_max: number
  /** Unpacked, all files together. */
  readonly bytes_max: number
  /** Whether a name is one that a pack may hold. */
  readonly isName: (name: string) => boolean
}

/** What an archive says of a file, and by what it is unpacked. */
interface Claim {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly size: number
}

/** A file as an archive holds it. */
export interface PackedFile extends Claim {
  readonly packed: Uint8Array
}

interface Member extends Claim {
  readonly packed: number
  readonly offset: number
  /** {@link SHARED} */
  readonly shared: Uint8Array
}

/** The bytes of an archive: in memory, or in a file that is read as it is needed. */
export interface ByteSource {
  readonly length: number
  /** Bytes `begin` to `end`, fewer at the end of the source. */
  read(begin: number, end: number): Uint8Array
}

/** An archive whose directory is sound. */
export interface Archive {
  readonly names: readonly string[]
  /** @returns null if there is no such file. @throws {PackError} `PACK_ARCHIVE_INVALID` */
  read(name: string): Promise<Uint8Array | null>
  /** As {@link read}, at once. */
  readSync(name: string): Uint8Array | null
  /** Not unpacked yet. @returns null if there is no such file */
  packed(name: string): PackedFile | null
}

/** @throws {PackError} `PACK_ARCHIVE_INVALID` */
export async function unpack(file: PackedFile, codec: Codec): Promise<Uint8Array> {
  const { method, packed, size } = file
  return checked(method === STORED ? packed.slice() : await codec.inflate(packed, size), file, codec)
}

/** As {@link unpack}, at once. @throws {PackError} `PACK_ARCHIVE_INVALID` */
function unpackSync(file: PackedFile, codec: Codec): Uint8Array {
  const { method, packed, size } = file
  return checked(method === STORED ? packed.slice() : codec.inflateSync(packed, size), file, codec)
}

/** @throws {PackError} `PACK_ARCHIVE_INVALID`, `PACK_TOO_LARGE` */
export function unzip(bytes: Uint8Array, limits: ArchiveLimits): Map<string, Uint8Array> {
  const archive = openZip(bytesInMemory(bytes), limits)
  return new Map(archive.names.map((name) => [name, archive.readSync(name) ?? new Uint8Array(0)]))
}

export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { length: bytes.length, read: (begin, end) => bytes.subarray(begin, end) }
}

/** @throws {PackError} `PACK_ARCHIVE_INVALID`, `PACK_TOO_LARGE` */
export function openZip(source: ByteSource, limits: ArchiveLimits, codec: Codec = fflateCodec): Archive {
  const { members, start } = readDirectory(source, limits)
  const places = new Map<string, { member: Member; begin: number; end: number }>()
  let free = 0
  for (const member of members.toSorted((a, b) => a.offset - b.offset)) {
    const data = dataOf(source, member)
    if (member.offset < free || data.end > start) throw invalid('files of the archive overlap')
    if (member.offset > free) throw hidden()
    free = data.end
    places.set(member.name, { member, ...data })
  }
  if (free !== start) throw hidden()
  const packed = (name: string): PackedFile | null => {
    const place = places.get(name)
    if (place === undefined) return null
    const { method, crc, size } = place.member
    return { name, method, crc, size, packed: source.read(place.begin, place.end) }
  }
  return {
    names: [...places.keys()],
    packed,
    read: async (name) => {
      const file = packed(name)
      return file === null ? null : unpack(file, codec)
    },
    readSync: (name) => {
      const file = packed(name)
      return file === null ? null : unpackSync(file, codec)
    },
  }
}

function readDirectory(source: ByteSource, limits: ArchiveLimits): { members: Member[]; start: number } {
  const end = source.length - END_BYTES
  if (end < 0) throw invalid('not a whole ZIP archive')
  const last = viewOf(source.read(end, source.length))
  if (last.byteLength !== END_BYTES || last.getUint32(0, true) !== SIGNATURE.end)
    throw invalid('not a whole ZIP archive')
  const count = last.getUint16(10, true)
  const start = last.getUint32(16, true)
  const disks = last.getUint32(4, true)
  if (disks !== 0 || last.getUint16(8, true) !== count || last.getUint16(20, true) !== 0)
    throw invalid('an archive of several parts, or with a comment')
  if (count > limits.files_max) throw tooLarge()
  if (start > end) throw invalid('the directory of the archive is cut short')
  return { members: readMembers(source.read(start, end), count, limits), start }
}

function readMembers(bytes: Uint8Array, count: number, limits: ArchiveLimits): Member[] {
  const view = viewOf(bytes)
  const members: Member[] = []
  const names = new Set<string>()
  let at = 0
  let total = 0
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== SIGNATURE.central)
      throw invalid('the directory of the archive is cut short')
    const { member, next } = readMember(bytes, view, at)
    if (!limits.isName(member.name)) throw invalid('the archive has a file with an unsafe name')
    if (names.has(member.name)) throw invalid(`the archive holds ${member.name} twice`)
    names.add(member.name)
    total += member.size
    if (total > limits.bytes_max) throw tooLarge()
    members.push(member)
    at = next
  }
  if (at !== bytes.length) throw invalid('the directory of the archive does not end where it should')
  return members
}

function readMember(bytes: Uint8Array, view: DataView, at: number): { member: Member; next: number } {
  const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true)
  const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  if (next > bytes.length) throw invalid('the directory of the archive is cut short')
  if (next !== nameEnd)
    throw invalid('the archive says more of its files than their names: hand on a pack as it was built')
  const type = view.getUint16(at + 40, true) & TYPE_MASK
  if (type !== 0 && type !== PLAIN_FILE) throw invalid('the archive has a link or a folder')
  const flags = view.getUint16(at + 8, true)
  const method = view.getUint16(at + 10, true)
  if ((flags & FLAGS_REFUSED) !== 0 || (method !== STORED && method !== DEFLATED))
    throw invalid('the archive is encrypted or compressed in a way that packs are not')
  const member: Member = {
    name: nameAt(bytes, at + CENTRAL_BYTES, nameEnd),
    method,
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
    shared: bytes.subarray(at + SHARED.central, at + SHARED.central + SHARED.bytes),
  }
  const reach = method === STORED ? member.packed : member.packed * DEFLATE_RATIO_MAX + DEFLATE_SLACK_BYTES
  if (member.size > reach) throw invalid(`${member.name} claims more bytes than it can unpack to`)
  return { member, next }
}

/** Where a file's compressed bytes are, by its local header, which must say what the directory says. */
function dataOf(source: ByteSource, member: Member): { begin: number; end: number } {
  const at = member.offset
  // Names are as long as the limits allow: what a local header says beyond that is not what the directory says.
  const bytes = source.read(at, at + LOCAL_BYTES + HEADER_NAME_BYTES_MAX)
  const view = viewOf(bytes)
  if (bytes.length < LOCAL_BYTES || view.getUint32(0, true) !== SIGNATURE.local)
    throw invalid(`${member.name} is not where the directory says`)
  const nameEnd = LOCAL_BYTES + view.getUint16(26, true)
  const begin = at + nameEnd
  const end = begin + member.packed
  const same =
    end <= source.length &&
    nameEnd <= bytes.length &&
    equalBytes(bytes.subarray(SHARED.local, SHARED.local + SHARED.bytes), member.shared) &&
    nameAt(bytes, LOCAL_BYTES, nameEnd) === member.name
  if (!same) throw invalid(`${member.name} differs from the directory`)
  return { begin, end }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function nameAt(bytes: Uint8Array, start: number, end: number): string {
  try {
    return fromUtf8(bytes.subarray(start, end))
  } catch (cause) {
    throw new PackError('PACK_ARCHIVE_INVALID', 'the archive has a file with an unsafe name', { cause })
  }
}

function checked(out: Uint8Array | null, { name, size, crc }: Claim, codec: Codec): Uint8Array {
  if (out === null) throw invalid(`${name} does not unpack, or unpacks to more than it claims`)
  if (out.length !== size || codec.crc32(out, 0) !== crc)
    throw invalid(`${name} does not unpack to what the archive says`)
  return out
}

function hidden(): PackError {
  return invalid('the archive has bytes that are of none of its files')
}

function invalid(message: string): PackError {
  return new PackError('PACK_ARCHIVE_INVALID', message)
}

function tooLarge(): PackError {
  return new PackError('PACK_TOO_LARGE', 'the archive unpacks to more than a pack may hold')
}
