/**
 * Where tests keep their databases and logs: in memory, where the system has a file system there. They sync thousands of
 * times, and what they prove of it (kill -9 at any moment, full disks, what is read again) does not rest on a disk.
 * @module
 */
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
/** A container has 64 MiB there unless told otherwise. */
const FREE_BYTES_MIN = 6 * 1024 ** 3

/** Temporary folders of this process and its children lie there from now on, and are gone with it. */
export function keepTemporaryInMemory(): void {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return
  const folder = mkdtempSync(join(SHARED_MEMORY, 'test-files-'))
  chmodSync(folder, 0o755) // PostgreSQL enters it as another user
  process.env.TMPDIR = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY)
    return bavail * bsize >= FREE_BYTES_MIN
  } catch {
    return false
  }
}
