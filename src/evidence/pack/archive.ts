/**
 * The ZIP of a pack, as bytes: deterministic to write, suspicious to read. spec/pack.md.
 * Reading never touches a file system: names are compared, not used.
 * @module
 */
import { zipSync, type Zippable } from 'fflate'
import type { Codec } from '../../ports/codec.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'
import type { PackFiles } from './files.ts'
import { bytesInMemory, openZip, unzip, type Archive, type ArchiveLimits, type ByteSource } from './unzip.ts'

/** Uncompressed bytes of all files together. */
const TOTAL_BYTES_MAX = 2 * 1024 * 1024 * 1024
/** What a ZIP without the ZIP64 extension can count: a log of about 8 million entries. */
const FILES_MAX = 65_534
const NAME_LENGTH_MAX = 256
const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/
/** The earliest time that ZIP can hold: packs over the same log and period have the same bytes. */
const EPOCH = new Date(1980, 0, 1)

const LIMITS: ArchiveLimits = {
  files_max: FILES_MAX,
  bytes_max: TOTAL_BYTES_MAX,
  isName: (name) => name.length <= NAME_LENGTH_MAX && NAME.test(name),
}

/** @throws {PackError} `PACK_TOO_LARGE`: more than {@link readArchive} would take. */
export function writeArchive(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const total = files.values().reduce((sum, bytes) => sum + bytes.length, 0)
  if (files.size > FILES_MAX || total > TOTAL_BYTES_MAX)
    throw new PackError('PACK_TOO_LARGE', 'the log is larger than one pack can hold')
  const entries: Zippable = {}
  for (const name of [...files.keys()].sort()) {
    const bytes = files.get(name)
    if (bytes !== undefined) entries[name] = [bytes, { mtime: EPOCH, level: 6 }]
  }
  return zipSync(entries)
}

/** @throws {PackError} `PACK_ARCHIVE_INVALID`: not a ZIP that {@link unzip} takes. `PACK_TOO_LARGE`. */
export function readArchive(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return unzip(bytes, LIMITS)
}

/** A pack from which one file at a time is unpacked. @throws {PackError} as {@link readArchive} */
export function openArchive(source: ByteSource, codec?: Codec): Archive {
  return openZip(source, LIMITS, codec)
}

/** As {@link openArchive}, of a pack in memory. @throws {PackError} as {@link readArchive} */
export function openPack(bytes: Uint8Array, codec?: Codec): Archive {
  return openZip(bytesInMemory(bytes), LIMITS, codec)
}

/** The files of a pack as a tile store to read from. */
export function packTiles(files: Pick<PackFiles, 'get'>): TileStore {
  return {
    read: (path) => Promise.resolve(files.get(path) ?? null),
    write: () => Promise.reject(new PackError('PACK_ARCHIVE_INVALID', 'a pack is not written to')),
  }
}
