/**
 * One process at a time in a directory. Invariant: of the processes of one machine at most one holds a claim, and a dead
 * one never keeps it.
 *
 * A claim is an empty file, created with O_EXCL, whose name says who made it. Whoever wants the lock creates its own
 * claim first and looks for others after: of two, at least one sees the other. So nobody removes a lock that a
 * third has just taken over, as happens with one shared pid file. Two that start at the same instant may both be
 * refused; a supervisor starts one again. Processes in other containers or on other machines that share the
 * directory cannot be told apart from dead ones: a caller that cares needs more than this.
 * @module
 */
import { randomBytes } from 'node:crypto'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, syncDirectory, type FileSystem } from './files.ts'

const MODE = 0o600
/** `<name>.<pid>.<start of the process in ticks or 0>.<boot id or 0>.<nonce>.lock` */
const CLAIM = /^([a-z]+)\.(\d{1,10})\.(\d{1,20})\.([0-9a-f]{1,32})\.[0-9a-f]{16}\.lock$/

export interface DirectoryClaim {
  /** Whether the claim still stands: somebody may have removed it. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** @returns the pid of a living process that holds one of that name. Rejects when the directory is not usable. */
export async function claimDirectory(
  directory: string,
  name: string,
  fs: FileSystem = nodeFs,
): Promise<DirectoryClaim | { readonly heldBy: number }> {
  const file = await createClaim(directory, name, fs)
  const path = join(directory, file)
  const release = (): Promise<void> => remove(path, fs)
  try {
    const heldBy = await livingHolder(directory, name, file, fs)
    if (heldBy !== null) {
      await release()
      return { heldBy }
    }
  } catch (cause) {
    await release()
    throw cause
  }
  return {
    release,
    isHeld: () =>
      fs.access(path).then(
        () => true,
        () => false,
      ),
  }
}

async function createClaim(directory: string, name: string, fs: FileSystem): Promise<string> {
  const [start, boot] = await Promise.all([startOf(process.pid), bootId()])
  const nonce = randomBytes(8).toString('hex')
  const claim = `${name}.${process.pid}.${start ?? '0'}.${boot ?? '0'}.${nonce}.lock`
  const path = join(directory, claim)
  try {
    const file = await fs.open(path, 'wx', MODE)
    await file.close()
    await syncDirectory(directory, fs)
  } catch (cause) {
    // It may be there: left behind, it would keep this very process out for as long as it lives.
    await remove(path, fs).catch(() => {})
    throw cause
  }
  return claim
}

async function livingHolder(
  directory: string,
  name: string,
  own: string,
  fs: FileSystem,
): Promise<number | null> {
  for (const file of await fs.readdir(directory)) {
    const [, kind = '', pid = '', start = '', boot = ''] = CLAIM.exec(file) ?? []
    if (kind !== name || file === own) continue
    if (await isAlive(Number(pid), start, boot)) return Number(pid)
    await remove(join(directory, file), fs) // names are never reused, so this is the dead one's and nobody else's
  }
  return null
}

async function remove(path: string, fs: FileSystem): Promise<void> {
  try {
    await fs.unlink(path)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
}

/** A pid alone is reused, so it counts together with the boot and the moment at which the process started. */
async function isAlive(pid: number, start: string, boot: string): Promise<boolean> {
  const bootNow = await bootId()
  if (boot !== '0' && bootNow !== null && boot !== bootNow) return false
  const startNow = await startOf(pid)
  if (start !== '0' && startNow !== null) return start === startNow
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return !hasCode(cause, 'ESRCH') // EPERM: there is such a process, of another user
  }
}

/** When a process started, in clock ticks since boot; null where there is no /proc or no such process. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await nodeFs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // Fields are counted after the command, which is in parentheses and may hold spaces: starttime is the 22nd.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

async function bootId(): Promise<string | null> {
  const id = await nodeFs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null)
  return id === null ? null : id.trim().replaceAll('-', '')
}
