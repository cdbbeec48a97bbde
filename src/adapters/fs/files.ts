/** Files and directories that survive a crash: whole or not at all. @module */
import { randomBytes } from 'node:crypto'
import * as nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LogError } from '../../log/entries.ts'

/** Every call that reaches the disk goes through one of these, so that a test can fail each. */
export type FileSystem = Pick<
  typeof nodeFs,
  'access' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rmdir' | 'unlink'
>

/** The file's bytes, or null if there is none. */
export async function readWhole(
  path: string,
  bytesMax: number,
  fs: FileSystem = nodeFs,
): Promise<Uint8Array | null> {
  try {
    const file = await fs.open(path, 'r')
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
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  modes: Modes,
  fs: FileSystem = nodeFs,
): Promise<void> {
  const dir = dirname(path)
  const temporary = join(dir, `.tmp-${randomBytes(8).toString('hex')}`)
  try {
    try {
      await writeDurably(temporary, bytes, modes, fs)
      await fs.rename(temporary, path)
    } catch (cause) {
      await fs.unlink(temporary).catch(() => {}) // a crash leaves it behind: harmless, its name is never read
      throw cause
    }
    await syncDirectory(dir, fs)
  } catch (cause) {
    throw new LogError('LOG_UNAVAILABLE', 'the file system did not store a file of the log', { cause })
  }
}

/** Removes a file and the folder `.p` of its partial versions, durably; what is not there needs no removing. */
export async function removeWithPartials(path: string, fs: FileSystem = nodeFs): Promise<void> {
  const partials = `${path}.p`
  try {
    for (const name of await orNothing(fs.readdir(partials), [])) await fs.unlink(join(partials, name))
    await orNothing(fs.rmdir(partials), undefined)
    await orNothing(fs.unlink(path), undefined)
    await orNothing(syncDirectory(dirname(path), fs), undefined)
  } catch (cause) {
    throw new LogError('LOG_UNAVAILABLE', 'the file system did not remove a file of the log', { cause })
  }
}

async function orNothing<T>(asked: Promise<T>, nothing: T): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return nothing
    throw cause
  }
}

/** Creates a directory whose own entry survives a crash. */
export async function makeDirectory(dir: string, mode: number, fs: FileSystem = nodeFs): Promise<void> {
  const first = await fs.mkdir(dir, { recursive: true, mode })
  if (first === undefined) return
  const above = dirname(first)
  for (let at = dir; at.length > above.length; at = dirname(at)) await syncDirectory(dirname(at), fs)
}

async function writeDurably(path: string, bytes: Uint8Array, modes: Modes, fs: FileSystem): Promise<void> {
  const create = (): Promise<nodeFs.FileHandle> => fs.open(path, 'wx', modes.file)
  // Most files go where others are already.
  const file = await create().catch(async (cause: unknown) => {
    if (!hasCode(cause, 'ENOENT')) throw cause
    await makeDirectory(dirname(path), modes.dir, fs)
    return create()
  })
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename or a new file is durable once its directory is. */
export async function syncDirectory(dir: string, fs: FileSystem = nodeFs): Promise<void> {
  const handle = await fs.open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
