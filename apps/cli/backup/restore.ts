/**
 * Restoring a backup into an empty data folder. spec/backup.md (BAK-5, BAK-6).
 * Invariant: what is restored extends every checkpoint that somebody holds and showed us.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory, readWhole, replaceFile } from '../../../src/adapters/fs/files.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { openCopy } from '../../../src/adapters/sqlite/offline.ts'
import { openCheckpoint } from '../../../src/log/checkpoint.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'
import { CliError } from '../output.ts'
import { DATABASE_FILE, type BackupManifest } from './manifest.ts'
import { copyDurably } from './take.ts'
import { assertExtends, verifyBackup, type SignedHead } from './verify.ts'

const MODES = { file: 0o600, dir: 0o700 }
const NOTE_BYTES_MAX = 512 * 1024
const LAST_SIGNED = join('lock', 'last-checkpoint')

export interface RestoreOptions {
  readonly backup: string
  /** Holds at most `keys/` and `lock/`. */
  readonly data: string
  /** A file with a checkpoint that was kept elsewhere. */
  readonly checkpoint?: string
  /** The log's key from elsewhere. */
  readonly key?: string
}

export interface Restored {
  readonly manifest: BackupManifest
  /** Whether anything outside the backup says how far the log had been signed. */
  readonly anchored: boolean
  readonly keys: boolean
}

/** @throws {CliError} `BACKUP_INVALID`, `FILE_UNWRITABLE`, `FILE_UNREADABLE`; {LogError} `LOG_DIVERGED`, `NOTE_INVALID` */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { backup, data, key } = options
  assertRoom(data)
  const manifest = await verifyBackup(backup, key)
  const vkey = key ?? manifest.vkey
  const own = await noteAt(join(backup, 'log', CHECKPOINT_PATH))
  const outside = await outsideNotes(options)
  const heads = outside.map(({ what, note }): SignedHead & { note: Uint8Array } => {
    return { what, note, head: openCheckpoint(nodeCrypto, note, vkey) }
  })
  const copy = openCopy(join(backup, DATABASE_FILE))
  try {
    await assertExtends(copy, heads)
  } finally {
    copy.close()
  }
  await makeDirectory(data, MODES.dir)
  const hasKeys = existsSync(join(data, 'keys'))
  const files = manifest.files.filter(({ path }) => !(hasKeys && path.startsWith('keys/')))
  for (const { path } of files) await copyDurably(join(backup, path), join(data, path))
  const last = heads.reduce((a, b) => (b.head.size > a.size ? { size: b.head.size, note: b.note } : a), {
    size: manifest.log.size,
    note: own,
  })
  await replaceFile(join(data, LAST_SIGNED), last.note, MODES)
  await replayErasures(data)
  return { manifest, anchored: heads.length > 0, keys: existsSync(join(data, 'keys')) }
}

/**
 * Called after the files are back and before anything is served: a value that was erased since the backup was taken
 * is in it again, and must go (BAK-6). Nothing keeps tombstones apart from the log yet.
 */
async function replayErasures(_data: string): Promise<void> {}

function assertRoom(data: string): void {
  for (const name of [DATABASE_FILE, 'log'])
    if (existsSync(join(data, name)))
      throw new CliError('FILE_UNWRITABLE', `${join(data, name)} exists: restore into a folder without it`)
}

async function outsideNotes({
  data,
  checkpoint,
}: RestoreOptions): Promise<{ what: string; note: Uint8Array }[]> {
  const notes: { what: string; note: Uint8Array }[] = []
  const kept = await readWhole(join(data, LAST_SIGNED), NOTE_BYTES_MAX)
  if (kept !== null) notes.push({ what: 'the lock store', note: kept })
  if (checkpoint !== undefined) notes.push({ what: checkpoint, note: await noteAt(checkpoint) })
  return notes
}

async function noteAt(path: string): Promise<Uint8Array> {
  const note = await readWhole(path, NOTE_BYTES_MAX)
  if (note === null) throw new CliError('FILE_UNREADABLE', `${path} cannot be read`)
  return note
}
