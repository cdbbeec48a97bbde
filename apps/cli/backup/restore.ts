/**
 * Restoring a backup into an empty data folder. spec/backup.md (BAK-5, BAK-6, BAK-8).
 * Invariant: what is restored extends every checkpoint that somebody holds and showed us, and its registers are what its
 * log gives.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory, readWhole, replaceFile } from '../../../src/adapters/fs/files.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { openCopy, type Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { openSqliteStore } from '../../../src/adapters/sqlite/sqlite-store.ts'
import { openSqliteVault, readSqliteVaultHead } from '../../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { parseRfc3339 } from '../../../src/core/time.ts'
import { openCheckpoint } from '../../../src/log/checkpoint.ts'
import { LogError } from '../../../src/log/entries.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import { pairVault, VAULT } from '../../../src/registry/setup.ts'
import { transientTables } from '../../../src/registry/rebuild/tables.ts'
import { replayTombstones } from '../../../src/registry/tombstones.ts'
import { CliError } from '../output.ts'
import { isCovered } from './covering.ts'
import { DATABASE_FILE, VAULT_COPY_MS_MAX, VAULT_FILE, type BackupManifest } from './manifest.ts'
import { copyDurably } from './take.ts'
import { assertExtends, assertRegisters, verifyBackup, type SignedHead } from './verify.ts'

const MODES = { file: 0o600, dir: 0o700 }
const NOTE_BYTES_MAX = 512 * 1024
const LAST_SIGNED = join('lock', 'last-checkpoint')

export interface RestoreOptions {
  readonly backup: string
  /** Holds at most `keys/`, `lock/` and `vault.db`. */
  readonly data: string
  /** A file with a checkpoint that was kept elsewhere. */
  readonly checkpoint?: string
  /** The log's key from elsewhere. */
  readonly key?: string
  /** Takes a copy of the vault that is too old, with keys that were to be gone by now. */
  readonly oldVault?: boolean
  /** Takes entries that nothing signs. */
  readonly unsignedTail?: boolean
  readonly now: () => number
}

export interface Restored {
  readonly manifest: BackupManifest
  /** Whether anything outside the backup says how far the log had been signed. */
  readonly anchored: boolean
  /** Indices of entries with an earlier time than the one before (LOG-7). */
  readonly backwards: readonly number[]
  readonly keys: boolean
  /** Whether there is a vault: the one that lay in the data folder, or else the backup's. */
  readonly vault: boolean
  /** Erased subjects whose key had come back with the vault, and is destroyed again. */
  readonly erased: readonly string[]
}

/**
 * @throws {CliError} `BACKUP_INVALID`, `BACKUP_UNSIGNED`, `REGISTERS_DIFFER`, `FILE_UNWRITABLE`, `FILE_UNREADABLE`, `VAULT_OLD`; {LogError}
 * `LOG_DIVERGED`, `CHECKPOINT_INVALID`, `ENTRY_INVALID`; {RegistryError} `SETUP_MISMATCH`: the vault in the data folder is another's; {VaultError}
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { backup, data, key } = options
  assertRoom(data)
  const manifest = await verifyBackup(backup, key)
  const vkey = key ?? manifest.vkey
  const isOurs = existsSync(join(data, VAULT_FILE))
  if (!isOurs) assertYoung(manifest, options)
  const own = await noteAt(join(backup, 'log', CHECKPOINT_PATH))
  const outside = await outsideNotes(options)
  const heads = outside.map(({ what, note }): SignedHead & { note: Uint8Array } => {
    return { what, note, head: outsideHead(what, note, vkey) }
  })
  let backwards: readonly number[]
  const copy = openCopy(join(backup, DATABASE_FILE))
  try {
    await assertExtends(copy, heads)
    await assertSigned(copy, manifest, { vkey, heads, unsignedTail: options.unsignedTail ?? false })
    backwards = (await assertRegisters(backup, copy)).backwards
    if (isOurs) await assertPaired(copy, data)
  } finally {
    copy.close()
  }
  await makeDirectory(data, MODES.dir)
  const hasKeys = existsSync(join(data, 'keys'))
  const files = manifest.files.filter(
    ({ path }) => !(hasKeys && path.startsWith('keys/')) && !(isOurs && path === VAULT_FILE),
  )
  for (const { path } of files) await copyDurably(join(backup, path), join(data, path))
  const last = heads.reduce((a, b) => (b.head.size > a.size ? { size: b.head.size, note: b.note } : a), {
    size: manifest.log.size,
    note: own,
  })
  await replaceFile(join(data, LAST_SIGNED), last.note, MODES)
  await endOpenQuestions(data)
  const erased = await replayErasures(data)
  return {
    manifest,
    anchored: heads.length > 0,
    backwards,
    keys: existsSync(join(data, 'keys')),
    vault: erased !== null,
    erased: erased ?? [],
  }
}

/** BAK-8. @throws {CliError} `VAULT_OLD` */
function assertYoung({ files, taken_at }: BackupManifest, { oldVault, now }: RestoreOptions): void {
  const isIn = files.some(({ path }) => path === VAULT_FILE)
  if (!isIn || oldVault === true || now() - parseRfc3339(taken_at) <= VAULT_COPY_MS_MAX) return
  throw new CliError(
    'VAULT_OLD',
    `the copy of the vault is of ${taken_at}: after 30 days it should be gone, and with it what was erased since. ` +
      'Put a newer vault.db into the data folder, or take this one with --old-vault',
  )
}

/** Before anything is written: a vault of another database opens nothing. @throws {RegistryError} `SETUP_MISMATCH` */
async function assertPaired({ db }: Snapshot, data: string): Promise<void> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', VAULT).executeTakeFirst()
  if (row !== undefined && row.value !== readSqliteVaultHead(join(data, VAULT_FILE)).id)
    throw new RegistryError('SETUP_MISMATCH', 'the vault.db in the data folder is not that of this backup')
}

/**
 * BAK-10: behind the newest checkpoint there is nothing but what another one signs.
 * @throws {CliError} `BACKUP_UNSIGNED`; {LogError}
 */
async function assertSigned(
  copy: Snapshot,
  { log, entries, covering }: BackupManifest,
  known: { vkey: string; heads: readonly SignedHead[]; unsignedTail: boolean },
): Promise<void> {
  const signed = known.heads.reduce((most, { head }) => Math.max(most, head.size), log.size)
  if (signed >= entries || known.unsignedTail) return
  if (covering !== undefined && (await isCovered(copy, known.vkey, covering))) return
  throw new CliError(
    'BACKUP_UNSIGNED',
    `nobody signed entries ${signed} to ${entries - 1} of the backup, so anybody may have written them: ` +
      'restore another backup, or name a checkpoint of them with --checkpoint; --unsigned-tail takes them as they are',
  )
}

/** BAK-10: nothing that holds rests on these rows, and nobody signed them; an invitation is a way in. */
async function endOpenQuestions(data: string): Promise<void> {
  const store = openSqliteStore({ path: join(data, DATABASE_FILE), clock: systemClock })
  try {
    await store.write(async (tx) => {
      for (const table of transientTables()) await tx.db.deleteFrom(table).execute()
    })
  } finally {
    await store.close()
  }
}

/**
 * After the files are back and before anything is served: what the log says is erased and an older vault brought back
 * goes again (BAK-6, ERA-10). Without a vault nothing can be opened, and there is nothing to do.
 * @returns the subjects whose key was there again; null without a vault
 */
async function replayErasures(data: string): Promise<readonly string[] | null> {
  if (!existsSync(join(data, VAULT_FILE))) return null
  const store = openSqliteStore({ path: join(data, DATABASE_FILE), clock: systemClock })
  try {
    const vault = openSqliteVault(join(data, VAULT_FILE))
    try {
      await pairVault(store, vault, false)
      return await replayTombstones({ store, vault })
    } finally {
      await vault.close()
    }
  } finally {
    await store.close()
  }
}

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

/** @throws {LogError} `CHECKPOINT_INVALID` */
function outsideHead(what: string, note: Uint8Array, vkey: string): SignedHead['head'] {
  try {
    return openCheckpoint(nodeCrypto, note, vkey)
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    throw new LogError(
      'CHECKPOINT_INVALID',
      `${what} has no checkpoint of the log of this backup: one is what "countersign log checkpoint --out FILE" writes; ` +
        'if it is of this log, the backup is not',
      { cause },
    )
  }
}

async function noteAt(path: string): Promise<Uint8Array> {
  const note = await readWhole(path, NOTE_BYTES_MAX)
  if (note === null) throw new CliError('FILE_UNREADABLE', `${path} cannot be read`)
  return note
}
