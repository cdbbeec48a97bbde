/** What `doctor` asks of the machine: Node, the data folder, its disk, the key files, the last backup. @module */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, stat, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { KEY_FILE_BYTES_MAX } from '../../../src/adapters/fs/key-file.ts'
import { parseRfc3339 } from '../../../src/core/time.ts'
import { LAST_BACKUP_FILE, lastBackupSchema } from '../backup/manifest.ts'
import { isEncrypted } from '../backup/take.ts'
import { fail, ok, warn, type Check } from './check.ts'

const NODE_MIN = [22, 18] as const
/** Below this SQLite and the tiles soon fail, in bytes. */
const SPACE_FAIL_BYTES = 64 * 1024 * 1024
const SPACE_WARN_BYTES = 1024 * 1024 * 1024
const SYNCS = 20
/** Milliseconds: above this the middle write to disk is what callers wait for. */
const SYNC_WARN_MS = 20
const BACKUP_OLD_MS = 7 * 24 * 3600 * 1000
const MODE_OTHERS = 0o077

export function nodeCheck(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  return isNew
    ? ok('node', `Node ${version}`)
    : fail('node', 'NODE_OLD', `Node ${version}`, `install Node ${NODE_MIN.join('.')} or newer`)
}

export async function folderCheck(data: string): Promise<Check> {
  const found = await stat(data).catch(() => null)
  if (found === null || !found.isDirectory())
    return fail('data folder', 'DATA_MISSING', `${data} is no folder`, 'name the folder with --data')
  if ((found.mode & MODE_OTHERS) !== 0)
    return fail('data folder', 'DATA_OPEN', `${data} is open to other users`, `chmod 700 ${data}`)
  return ok('data folder', `${data}, its owner's alone`)
}

/** Space, and how long a durable write takes: measured, in a folder of its own that is removed again. */
export async function diskCheck(data: string): Promise<Check> {
  const { bavail, bsize } = await statfs(data)
  const free = bavail * bsize
  const said = `${Math.floor(free / 1024 / 1024)} MiB free`
  if (free < SPACE_FAIL_BYTES)
    return fail('disk', 'DISK_FULL', said, 'free some space: writes are about to be refused')
  let times: number[]
  try {
    times = await syncTimes(data)
  } catch {
    return fail('disk', 'DISK_UNWRITABLE', `${data} cannot be written`, 'check the mount and its permissions')
  }
  const [middle = 0, longest = 0] = [times[SYNCS >> 1], times.at(-1)]
  const found = `${said}; a durable write takes ${middle.toFixed(2)} ms, the longest of ${SYNCS} ${longest.toFixed(2)} ms`
  if (free < SPACE_WARN_BYTES) return warn('disk', 'DISK_FULL', found, 'free some space')
  if (middle > SYNC_WARN_MS) return warn('disk', 'DISK_SLOW', found, 'put the data on a faster disk')
  return ok('disk', found)
}

async function syncTimes(data: string): Promise<number[]> {
  const folder = await mkdtemp(join(data, '.doctor-'))
  const times: number[] = []
  let file: FileHandle | null = null
  try {
    file = await open(join(folder, 'probe'), 'wx', 0o600)
    for (let i = 0; i < SYNCS; i++) {
      const start = performance.now()
      await file.write(randomBytes(4096))
      await file.datasync()
      times.push(performance.now() - start)
    }
  } finally {
    await file?.close()
    await rm(folder, { recursive: true, force: true })
  }
  return times.sort((a, b) => a - b)
}

/** KIL-7: a key that lies beside the control plane goes with it. Null: it is not there. */
export async function breakGlassCheck(folder: string): Promise<Check | null> {
  const names = await readdir(folder).catch((): string[] => [])
  if (!names.includes('break-glass.jwk')) return null
  const path = join(folder, 'break-glass.jwk')
  const next = `move ${path} to a medium that is kept offline, and try it with "countersign kill key --key FILE"`
  return warn('break-glass key', 'BREAK_GLASS_ONLINE', 'it lies beside the control plane', next)
}

/** Present, nobody else's to read, whole, and whether under a passphrase. What they hold stays closed. */
export async function keysCheck(folder: string): Promise<Check> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jwk')).sort()
  const missing = ['frame', 'issuer', 'log'].filter((use) => !names.some((name) => name.startsWith(use)))
  if (missing.length > 0) {
    const next = 'restore the key files: without them the control plane does not start'
    return fail('keys', 'KEYS_MISSING', `no key file for: ${missing.join(', ')}`, next)
  }
  const plain: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    const { mode, size } = await stat(path)
    if ((mode & MODE_OTHERS) !== 0)
      return fail(
        'keys',
        'KEY_OPEN',
        `others can read ${name}`,
        `chmod 600 ${path}, or replace it if it may have been copied`,
      )
    const text = size > KEY_FILE_BYTES_MAX ? '' : await readFile(path, 'utf8')
    if (!looksLikeKey(text))
      return fail('keys', 'KEY_INVALID', `${name} holds no key`, `restore ${path} from a backup`)
    if (!isEncrypted(text)) plain.push(name)
  }
  if (plain.length === 0) return ok('keys', `${names.length} key files, encrypted`)
  const next = 'start with a passphrase once: it encrypts them'
  return warn('keys', 'KEYS_PLAIN', `not encrypted: ${plain.join(', ')}`, next)
}

function looksLikeKey(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && ('kdf' in value || 'd' in value)
  } catch {
    return false
  }
}

export async function backupCheck(data: string, now_ms: number): Promise<Check> {
  const next = 'run "countersign backup", then "countersign backup test"'
  const text = await readFile(join(data, LAST_BACKUP_FILE), 'utf8').catch(() => '{}')
  const last = lastBackupSchema.safeParse(parsed(text))
  if (!last.success) return warn('backup', 'BACKUP_NONE', 'no backup was ever taken here', next)
  const found = `the last one of ${last.data.taken_at}, ${last.data.size} entries`
  const isOld = now_ms - parseRfc3339(last.data.taken_at) > BACKUP_OLD_MS
  return isOld ? warn('backup', 'BACKUP_OLD', found, next) : ok('backup', found)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
