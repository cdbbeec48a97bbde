/** A pack that is being written: a new file, appended to and read again by one process. Synchronous, as file-bytes.ts. @module */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { createHash } from 'node:crypto'
import type { ByteFile } from '../../evidence/pack/zip.ts'

/** What one write takes: a pack is made of thousands of small files. */
const BUFFER_BYTES = 1024 * 1024

export interface PackFile extends ByteFile {
  /** Durable once it returns. @returns hex SHA-256 of the whole */
  finish(): string
  /** Of a pack that was not finished, too. */
  close(): void
}

/** @throws what the file system says when there is such a file, or it cannot be written */
export function createPackFile(path: string): PackFile {
  const file = openSync(path, 'wx+', 0o600)
  const digest = createHash('sha256')
  const buffer = new Uint8Array(BUFFER_BYTES)
  let [written, buffered] = [0, 0]
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, written + at)
    digest.update(bytes)
    written += bytes.length
  }
  const flush = (): void => {
    write(buffer.subarray(0, buffered))
    buffered = 0
  }
  return {
    get length() {
      return written + buffered
    },
    append: (bytes) => {
      if (buffered + bytes.length > BUFFER_BYTES) flush()
      if (bytes.length > BUFFER_BYTES) return write(bytes)
      buffer.set(bytes, buffered)
      buffered += bytes.length
    },
    read: (begin, end) => {
      flush()
      const bytes = new Uint8Array(Math.max(0, Math.min(end, written) - begin))
      let at = 0
      for (let n = 1; n > 0 && at < bytes.length; at += n)
        n = readSync(file, bytes, at, bytes.length - at, begin + at)
      return bytes.subarray(0, at)
    },
    finish: () => {
      flush()
      fsyncSync(file)
      return digest.digest('hex')
    },
    close: () => closeSync(file),
  }
}
