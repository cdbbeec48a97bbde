/** Files and directories that survive a crash: whole or not at all. @module */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LogError } from '../../log/entries.ts'

/** The file's bytes, or null if there is none. */
export async function readWhole(path: string, bytesMax: number): Promise<Uint8Array | null> {
  try {
    const file = await open(path, 'r')
    try {
      const stat = await file.stat()
      if (!stat.isFile()) return null
      if (stat.size > bytesMax) throw new LogError('TILE_INVALID', `file over the limit of ${bytesMax} bytes`)
      return await readAll(file, stat.size)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return null
    throw new LogError('LOG_UNAVAILABLE', 'the file system did not give a file of the log', { cause })
  }
}

/** Into memory of the file's own size: Node's `readFile` asks for it once more and copies what it read. */
async function readAll(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at)
    if (bytesRead === 0) break // cut short since
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

/** Permission bits of what is created. */
export interface Modes {
  readonly file: number
  readonly dir: number
}

/** Replaces a file atomically and durably, with the directories on the way to it. */
export async function replaceFile(path: string, bytes: Uint8Array, modes: Modes): Promise<void> {
  const dir = dirname(path)
  const temporary = join(dir, `.tmp-${randomBytes(8).toString('hex')}`)
  try {
    await makeDirectory(dir, modes.dir)
    try {
      await writeDurably(temporary, bytes, modes.file)
      await rename(temporary, path)
    } catch (cause) {
      await unlink(temporary).catch(() => {}) // a crash leaves it behind: harmless, its name is never read
      throw cause
    }
    await syncDirectory(dir)
  } catch (cause) {
    throw new LogError('LOG_UNAVAILABLE', 'the file system did not store a file of the log', { cause })
  }
}

/** Creates a directory whose own entry survives a crash. */
export async function makeDirectory(dir: string, mode: number): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode })
  if (first === undefined) return
  const above = dirname(first)
  for (let at = dir; at.length > above.length; at = dirname(at)) await syncDirectory(dirname(at))
}

async function writeDurably(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename or a new file is durable once its directory is. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
