/**
 * Taking a backup of a control plane that may be running. spec/backup.md (BAK-1 to BAK-4).
 * Order: the checkpoint first, the database after it, so that the database extends it; the manifest last, so that
 * what was not finished is no backup.
 * @module
 */
import { copyFile, mkdir, open, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory, replaceFile, syncDirectory } from '../../../src/adapters/fs/files.ts'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { backupDatabase } from '../../../src/adapters/sqlite/backup.ts'
import { openCopy } from '../../../src/adapters/sqlite/offline.ts'
import { base64url, equalBytes, utf8 } from '../../../src/core/encoding.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { openCheckpoint, type Checkpoint } from '../../../src/log/checkpoint.ts'
import { LogError } from '../../../src/log/entries.ts'
import { mapPath } from '../../../src/log/kept.ts'
import { leavesOf } from '../../../src/log/leaves.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'
import { writeTreeFiles } from '../../../src/log/tree-files.ts'
import { mapOf } from '../../../src/registry/rebuild/check.ts'
import { CliError } from '../output.ts'
import { coveringOf } from './covering.ts'
import {
  DATABASE_FILE,
  describeFile,
  LAST_BACKUP_FILE,
  MANIFEST_FILE,
  neededFiles,
  VAULT_FILE,
  type BackupFile,
  type BackupManifest,
  type PrunedFiles,
} from './manifest.ts'
import { prunedIn, verifyBackup, vkeyOf } from './verify.ts'

const MODES = { file: 0o600, dir: 0o700 }

export interface BackupOptions {
  readonly data: string
  /** A folder that does not exist, or is empty. */
  readonly to: string
  /** Key files too: only those that are encrypted. */
  readonly keys: boolean
  /** The vault too: at most 30 days are such backups kept (ERA-3). */
  readonly vault: boolean
  readonly now: () => number
}

/**
 * Durable and verified once it resolves.
 * @throws {CliError} `BACKUP_INVALID`, `BACKUP_KEYS_PLAIN`, `FILE_UNWRITABLE`, `FILE_UNREADABLE`
 * @throws {LogError} `LOG_DIVERGED`: the database is not the one that the checkpoint signs; {StoreError}
 */
export async function takeBackup(options: BackupOptions): Promise<BackupManifest> {
  const { data, to, keys, vault, now } = options
  const note = await fsTileStore(join(data, 'log')).read(CHECKPOINT_PATH)
  if (note === null)
    throw new CliError(
      'FILE_UNREADABLE',
      `${data} has no published checkpoint: name the data folder with --data, or start its control plane once`,
    )
  const keyFiles = keys ? await encryptedKeys(join(data, 'keys')) : []
  await makeEmpty(to)
  const taken_at = rfc3339(now())
  const database = join(to, DATABASE_FILE)
  await backupDatabase(join(data, DATABASE_FILE), database)
  // After the database: a key is made before what is sealed under it, so the copy has every key that is needed.
  if (vault) await backupDatabase(join(data, VAULT_FILE), join(to, VAULT_FILE))
  const { vkey, head, entries, schema, pruned } = await writeLog(database, join(to, 'log'), note)
  const covering = entries === head.size ? null : await coveringOf(data, vkey, entries)
  for (const name of keyFiles) await copyDurably(join(data, 'keys', name), join(to, 'keys', name))
  const manifest: BackupManifest = {
    v: 1,
    taken_at,
    schema,
    origin: head.origin,
    vkey,
    log: { size: head.size, root: base64url(head.root) },
    entries,
    ...(covering === null ? {} : { covering }),
    files: await filesOf(to, [...pathsOf(head.size, pruned, keyFiles), ...(vault ? [VAULT_FILE] : [])]),
  }
  await replaceFile(join(to, MANIFEST_FILE), utf8(`${JSON.stringify(manifest)}\n`), MODES)
  await syncDirectory(dirname(to))
  await verifyBackup(to, vkey)
  const last = { taken_at, size: head.size }
  await replaceFile(join(data, LAST_BACKUP_FILE), utf8(`${JSON.stringify(last)}\n`), MODES)
  return manifest
}

/** The published log anew, from the entries of the copy: so it is what they hash to, and not what lies on the disk. */
async function writeLog(
  database: string,
  folder: string,
  note: Uint8Array,
): Promise<{
  vkey: string
  head: Checkpoint
  entries: number
  schema: number
  pruned: PrunedFiles
}> {
  const copy = openCopy(database)
  try {
    const vkey = await vkeyOf(copy)
    const head = openCheckpoint(nodeCrypto, note, vkey)
    const entries = await copy.entries.size()
    if (entries < head.size)
      throw new LogError(
        'LOG_DIVERGED',
        `the database has ${entries} entries, ${head.size} are published: run "countersign doctor"`,
      )
    const tiles = fsTileStore(folder)
    const root = await writeTreeFiles(
      nodeCrypto,
      leavesOf(nodeCrypto, copy.entries, head.size),
      head.size,
      tiles,
    )
    if (!equalBytes(root, head.root))
      throw new LogError(
        'LOG_DIVERGED',
        `the first ${head.size} entries of the database are not those that are signed: run "countersign doctor"`,
      )
    await tiles.write(CHECKPOINT_PATH, note)
    const pruned = await prunedIn(copy)
    for (const entry of pruned.maps)
      await tiles.write(mapPath(entry), (await mapOf(copy.db, entry)) ?? new Uint8Array(0))
    return { vkey, head, entries, schema: copy.version, pruned }
  } finally {
    copy.close()
  }
}

async function filesOf(folder: string, paths: readonly string[]): Promise<BackupFile[]> {
  const files: BackupFile[] = []
  for (const path of paths) files.push(await describeFile(folder, path))
  return files
}

function pathsOf(size: number, pruned: PrunedFiles, keyFiles: readonly string[]): string[] {
  return [...neededFiles(size, pruned), ...keyFiles.map((name) => `keys/${name}`)]
}

/** @throws {CliError} `BACKUP_KEYS_PLAIN`: a copy of a private key in the clear is one too many */
async function encryptedKeys(folder: string): Promise<string[]> {
  // The break-glass key is kept apart from all of this (KIL-7): not in a backup either.
  const isOurs = (name: string): boolean => name.endsWith('.jwk') && !name.startsWith('break-glass')
  const names = (await readdir(folder)).filter(isOurs)
  for (const name of names) {
    if (isEncrypted(await readFile(join(folder, name), 'utf8'))) continue
    throw new CliError(
      'BACKUP_KEYS_PLAIN',
      `${name} is not encrypted: start the control plane with a passphrase once, then back it up`,
    )
  }
  return names
}

/** KEY-10. */
export function isEncrypted(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'kdf' in value && !('d' in value)
  } catch {
    return false
  }
}

async function makeEmpty(folder: string): Promise<void> {
  await makeDirectory(folder, MODES.dir)
  if ((await readdir(folder)).length > 0)
    throw new CliError('FILE_UNWRITABLE', `${folder} is not empty: a backup is never written over another`)
}

export async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: MODES.dir })
  await copyFile(from, to)
  const file = await open(to, 'r+')
  try {
    await file.chmod(MODES.file)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(dirname(to))
}
