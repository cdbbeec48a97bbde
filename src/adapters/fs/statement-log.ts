/**
 * {@link StatementLog} over one file of lines behind checksums, mode 0600. spec/kill.md (KIL-3).
 * A crash leaves at most a last line without its end, which was never acknowledged and is cut off. Anything else that
 * does not read may have been a kill: then nothing is opened.
 * @module
 */
import { constants, type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SpoolError } from '../../ports/spool.ts'
import type { StatementLog } from '../../ports/statement-log.ts'
import { hasCode, syncDirectory } from './files.ts'
import { checked, unchecked } from './spool-file.ts'

const MODE = 0o600
const NEWLINE = 0x0a
/** Some 20,000 statements: what holds is signed by few, and is never removed. */
const BYTES_MAX = 64 * 1024 * 1024

/** Opens or creates it. @throws {SpoolError} `SPOOL_UNAVAILABLE` */
export async function openFsStatementLog(path: string): Promise<StatementLog> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT, MODE)
    const { kept, bytes } = await read(file, path)
    await file.truncate(bytes)
    await file.sync()
    await syncDirectory(dirname(path))
    return new FsStatementLog(file, kept, bytes)
  } catch (cause) {
    await file?.close()
    if (cause instanceof SpoolError) throw cause
    throw new SpoolError('SPOOL_UNAVAILABLE', `${path} cannot be read or written: check its permissions`, {
      cause,
    })
  }
}

async function read(file: FileHandle, path: string): Promise<{ kept: string[]; bytes: number }> {
  const { size } = await file.stat()
  if (size > BYTES_MAX) throw damaged(path)
  const bytes = Buffer.alloc(size)
  for (let done = 0; done < size;) {
    const { bytesRead } = await file.read(bytes, done, size - done, done)
    if (bytesRead === 0) throw damaged(path)
    done += bytesRead
  }
  const kept: string[] = []
  let at = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    const text = unchecked(bytes.subarray(at, end))
    if (text === null) throw damaged(path)
    kept.push(text)
    at = end + 1
  }
  return { kept, bytes: at }
}

function damaged(path: string): SpoolError {
  return new SpoolError(
    'SPOOL_UNAVAILABLE',
    `${path} is damaged, and what it held may be a kill: restore it, or enrol another point`,
  )
}

class FsStatementLog implements StatementLog {
  readonly kept: readonly string[]
  readonly #file: FileHandle
  /** Up to here every line is whole: one that failed is written over. */
  #bytes: number

  constructor(file: FileHandle, kept: readonly string[], bytes: number) {
    this.#file = file
    this.kept = kept
    this.#bytes = bytes
  }

  async append(text: string): Promise<void> {
    const line = checked(text)
    try {
      for (let done = 0; done < line.length;) {
        const { bytesWritten } = await this.#file.write(line, done, line.length - done, this.#bytes + done)
        done += bytesWritten
      }
      await this.#file.datasync()
    } catch (cause) {
      const code = hasCode(cause, 'ENOSPC') ? 'SPOOL_FULL' : 'SPOOL_UNAVAILABLE'
      throw new SpoolError(code, 'the statement could not be stored durably', { cause })
    }
    this.#bytes += line.length
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
