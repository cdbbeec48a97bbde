/** Entries of a database against signed tree heads, in one pass. spec/backup.md (BAK-3, BAK-5). @module */
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { openCopy, openScratch, type Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { equalBytes } from '../../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../../src/log/checkpoint.ts'
import { LogError } from '../../../src/log/entries.ts'
import { leavesOf } from '../../../src/log/leaves.ts'
import { TreeFrontier } from '../../../src/log/merkle.ts'
import { verifyTree } from '../../../src/log/reader.ts'
import { CHECKPOINT_PATH, TILE_WIDTH } from '../../../src/log/tiles.ts'
import { checkRegisters, vkeyIn, type RegisterCheck } from '../../../src/registry/rebuild/check.ts'
import { join } from 'node:path'
import { CliError } from '../output.ts'
import {
  assertComplete,
  assertFiles,
  DATABASE_FILE,
  readManifest,
  type BackupManifest,
  type PrunedFiles,
} from './manifest.ts'

/** What somebody signed, and what to call it. */
export interface SignedHead {
  readonly what: string
  readonly head: Checkpoint
}

/** RET-9: the bundles of which only what had to stay is in the backup. */
export async function prunedIn({ db }: Snapshot): Promise<PrunedFiles> {
  const rows = await db.selectFrom('pruned').select('bundle').orderBy('bundle').execute()
  const bundles = rows.map(({ bundle }) => bundle)
  const begun = new Set(bundles)
  const prunings = await db.selectFrom('prunings').select(['entry', 'from_idx', 'map']).execute()
  const maps = prunings.filter(({ from_idx, map }) => map !== null && begun.has(from_idx / TILE_WIDTH))
  return { bundles, maps: maps.map(({ entry }) => entry) }
}

/** Entries that name the log and its keys stand at its beginning. */
const FIRST_ENTRIES = 16

/** @throws {CliError} `BACKUP_INVALID`: the database does not say whose log it is */
export async function vkeyOf(copy: Snapshot): Promise<string> {
  const vkey = vkeyIn(nodeCrypto, await copy.entries.read(0, FIRST_ENTRIES))
  if (vkey === null) throw new CliError('BACKUP_INVALID', 'the database has no log that was ever begun')
  return vkey
}

/**
 * Every head must be one of this log's. @throws {LogError} `LOG_DIVERGED`, with what to do
 */
export async function assertExtends(copy: Snapshot, heads: readonly SignedHead[]): Promise<void> {
  const size = await copy.entries.size()
  const wanted = heads.toSorted((a, b) => a.head.size - b.head.size)
  const ahead = wanted.find(({ head }) => head.size > size)
  if (ahead !== undefined) throw older(size, ahead)
  const tree = new TreeFrontier(nodeCrypto)
  const judge = (): void => {
    for (const { what, head } of wanted)
      if (head.size === tree.size && !equalBytes(head.root, tree.root()))
        throw new LogError('LOG_DIVERGED', `the first ${head.size} entries are not those of ${what}`)
  }
  judge()
  for await (const { leaves } of leavesOf(nodeCrypto, copy.entries, wanted.at(-1)?.head.size ?? 0))
    for (const { hash } of leaves) {
      tree.append(hash)
      judge()
    }
}

function older(size: number, { what, head }: SignedHead): LogError {
  return new LogError(
    'LOG_DIVERGED',
    `the backup has ${size} entries, ${what} signs ${head.size}: going on from it would rewrite the log. ` +
      'Restore a newer backup, or rebuild the database from a copy of the published log ' +
      '("countersign log rebuild --from"); if there is neither, start a new log with a new origin and tell the auditor why',
  )
}

/**
 * The signature is over the entries alone, so each register must be what they give (REG-3, REG-4).
 * @param folder of the backup
 * @throws {CliError} `REGISTERS_DIFFER`, with the first that does; {LogError} `ENTRY_INVALID`
 */
export async function assertRegisters(folder: string, copy: Snapshot): Promise<RegisterCheck> {
  if (!copy.isSchemaOurs()) throw differ(folder, 'tables, indexes or triggers of')
  const scratch = openScratch()
  try {
    const check = await checkRegisters({ crypto: nodeCrypto, live: copy, scratch: scratch.db })
    const [first] = check.differences
    if (first === undefined) return check
    const where = first.column === undefined ? first.table : `${first.table}.${first.column}`
    throw differ(folder, `${where} and ${check.differences.length - 1} more in`)
  } finally {
    scratch.close()
  }
}

function differ(folder: string, where: string): CliError {
  return new CliError(
    'REGISTERS_DIFFER',
    `${where} the backup's database are not what its log gives: somebody may have changed it. ` +
      `Restore another backup, or write the database anew with "countersign log rebuild --from ${join(folder, 'log')} --to FILE"`,
  )
}

/**
 * Files, database and published tree of a backup, each against the others and the signature.
 * @param key the log's key from elsewhere; without one the backup's own word is taken
 * @throws {CliError} `BACKUP_INVALID`; {LogError} `LOG_DIVERGED`, `NOTE_INVALID`; {StoreError}
 */
export async function verifyBackup(folder: string, key?: string): Promise<BackupManifest> {
  const manifest = await readManifest(folder)
  await assertFiles(folder, manifest)
  const vkey = key ?? manifest.vkey
  const tiles = fsTileStore(join(folder, 'log'))
  const note = await tiles.read(CHECKPOINT_PATH)
  if (note === null) throw new CliError('BACKUP_INVALID', 'the backup has no checkpoint')
  const head = openCheckpoint(nodeCrypto, note, vkey)
  const copy = openCopy(join(folder, DATABASE_FILE))
  try {
    const faults = copy.integrity()
    if (faults.length > 0) throw new CliError('BACKUP_INVALID', 'the database in the backup is damaged')
    await assertExtends(copy, [{ what: "the backup's checkpoint", head }])
    if ((await copy.entries.size()) !== manifest.entries)
      throw new CliError('BACKUP_INVALID', 'the database has another number of entries than the manifest')
    assertComplete(manifest, head, await prunedIn(copy))
  } finally {
    copy.close()
  }
  // What is gone was held against the log with the registers, and the tree here is that of the database.
  const tree = await verifyTree(nodeCrypto, tiles, head, { onPruned: () => undefined })
  if (tree.ok) return manifest
  throw new CliError(
    'BACKUP_INVALID',
    `the published log in the backup does not verify: ${tree.code} ${tree.path ?? ''}`,
  )
}
