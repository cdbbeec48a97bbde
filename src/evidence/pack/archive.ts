/**
 * The ZIP of a pack, as bytes: deterministic to write, suspicious to read. spec/pack.md.
 * Reading never touches a file system: names are compared, not used.
 * @module
 */
import { unzipSync, zipSync, type Zippable } from 'fflate'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'

/** Files by name. */
export type PackFiles = ReadonlyMap<string, Uint8Array>

/** Uncompressed bytes of all files together. */
const TOTAL_BYTES_MAX = 2 * 1024 * 1024 * 1024
const FILES_MAX = 200_000
const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/
/** The earliest time that ZIP can hold: packs over the same log and period have the same bytes. */
const EPOCH = new Date(1980, 0, 1)

export function writeArchive(files: PackFiles): Uint8Array {
  const entries: Zippable = {}
  for (const name of [...files.keys()].sort()) {
    const bytes = files.get(name)
    if (bytes !== undefined) entries[name] = [bytes, { mtime: EPOCH, level: 6 }]
  }
  return zipSync(entries)
}

/** @throws {PackError} `PACK_ARCHIVE_INVALID`: not a ZIP, an unsafe or repeated name. `PACK_TOO_LARGE`. */
export function readArchive(bytes: Uint8Array): PackFiles {
  const names = new Set<string>()
  let total = 0
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        total += originalSize
        if (total > TOTAL_BYTES_MAX || names.size >= FILES_MAX) {
          throw new PackError('PACK_TOO_LARGE', 'the archive unpacks to more than a pack may hold')
        }
        if (!NAME.test(name))
          throw new PackError('PACK_ARCHIVE_INVALID', 'the archive has a file with an unsafe name')
        if (names.has(name)) throw new PackError('PACK_ARCHIVE_INVALID', `the archive holds ${name} twice`)
        names.add(name)
        return true
      },
    })
  } catch (cause) {
    if (cause instanceof PackError) throw cause
    throw new PackError('PACK_ARCHIVE_INVALID', 'not a readable ZIP archive', { cause })
  }
  return new Map(Object.entries(files))
}

/** The files of a pack as a tile store to read from. */
export function packTiles(files: ReadonlyMap<string, Uint8Array>): TileStore {
  return {
    read: (path) => Promise.resolve(files.get(path) ?? null),
    write: () => Promise.reject(new PackError('PACK_ARCHIVE_INVALID', 'a pack is not written to')),
  }
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
