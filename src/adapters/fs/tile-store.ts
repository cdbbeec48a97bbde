/**
 * {@link PublicTiles} over a directory: the files can be served by any web server as they lie.
 * Invariant: a file is replaced whole (temporary file, fsync, rename, fsync of the directory) or not at all.
 * @module
 */
import { join, resolve } from 'node:path'
import { LogError } from '../../log/entries.ts'
import type { PublicTiles } from '../../ports/tile-store.ts'
import { readWhole, removeWithPartials, replaceFile, type FileSystem } from './files.ts'

/** The largest file there can be, in bytes: a full bundle of the largest entries with their length prefixes. */
const FILE_BYTES_MAX = 256 * (2 + 65_535)
/** No segment starts with a dot, so no path leaves the root or names a temporary file. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/
const PATH_LENGTH_MAX = 256
const MODES = { file: 0o644, dir: 0o755 }

/**
 * @param root directory that holds `checkpoint` and `tile/`; created on the first write.
 * `read` and `write` throw {LogError} `TILE_INVALID` for a path outside the root or a file over 16 MiB, and
 * `LOG_UNAVAILABLE` when the file system fails.
 */
export function fsTileStore(root: string, fs?: FileSystem): PublicTiles {
  const top = resolve(root)
  const read = async (path: string): Promise<Uint8Array | null> =>
    readWhole(join(top, checked(path)), FILE_BYTES_MAX, fs)
  const write = async (path: string, bytes: Uint8Array): Promise<void> =>
    replaceFile(join(top, checked(path)), bytes, MODES, fs)
  /** One at a time: between processes it is the signer's lock that keeps a second one out. */
  let last: Promise<unknown> = Promise.resolve()
  return {
    read,
    write,
    remove: (path) => removeWithPartials(join(top, checked(path)), fs),
    writeIf: (path, bytes, mayReplace) => {
      const done = last.then(async () => {
        if (!mayReplace(await read(path))) return false
        await write(path, bytes)
        return true
      })
      last = done.catch(() => {}) // its caller hears of the fault
      return done
    },
  }
}

function checked(path: string): string {
  if (path.length > PATH_LENGTH_MAX || !PATH.test(path)) {
    throw new LogError('TILE_INVALID', 'not a relative path inside the tile store')
  }
  return path
}
