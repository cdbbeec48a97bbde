/**
 * A file read piece by piece, for archives that need not be in memory as a whole. Synchronous: it is for a process
 * that does nothing else meanwhile.
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteSource } from '../../evidence/pack/unzip.ts'

export interface FileBytes extends ByteSource {
  close(): void
}

/** @throws what the file system says when there is no such file, or it cannot be read */
export function openFileBytes(path: string): FileBytes {
  const file = openSync(path, 'r')
  return {
    length: fstatSync(file).size,
    read: (begin, end) => {
      const bytes = new Uint8Array(Math.max(0, end - begin))
      let at = 0
      for (let n = 1; n > 0 && at < bytes.length; at += n)
        n = readSync(file, bytes, at, bytes.length - at, begin + at)
      return bytes.subarray(0, at)
    },
    close: () => closeSync(file),
  }
}
