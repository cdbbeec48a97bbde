/** What a backup says of itself. spec/backup.md (BAK-2). @module */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { base64url } from '../../../src/core/encoding.ts'
import type { Checkpoint } from '../../../src/log/checkpoint.ts'
import { keptPath, mapPath } from '../../../src/log/kept.ts'
import { CHECKPOINT_PATH, tilePath, treeTiles } from '../../../src/log/tiles.ts'
import { CliError } from '../output.ts'
import { coveringSchema } from './covering.ts'

export const MANIFEST_FILE = 'manifest.json'
export const DATABASE_FILE = 'countersign.db'
export const VAULT_FILE = 'vault.db'
/** ERA-3: how long a copy of the vault may be kept, and so how long an erasure takes to be complete. */
export const VAULT_COPY_MS_MAX = 30 * 24 * 3600 * 1000
/** Files of a log of 100 million entries, with room. */
const FILES_MAX = 2_000_000
const MANIFEST_BYTES_MAX = 512 * 1024 * 1024
/** Names that a backup has; none leaves its folder. */
const PATH =
  /^(?:countersign\.db|vault\.db|log\/checkpoint|log\/(?:kept|pruned|tile\/[0-9a-z]+)(?:\/[x0-9]\d*(?:\.p)?)+|keys\/[A-Za-z0-9_-]+\.jwk)$/

const fileSchema = z.strictObject({
  path: z.string().max(256).regex(PATH),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type BackupFile = z.infer<typeof fileSchema>

export const manifestSchema = z.strictObject({
  v: z.literal(1),
  /** RFC 3339 UTC. */
  taken_at: z.iso.datetime(),
  /** `PRAGMA user_version` of the database. */
  schema: z.int(),
  origin: z.string().min(1).max(255),
  vkey: z.string().min(1).max(512),
  /** The checkpoint that the backup is verified against. The root is base64url. */
  log: z.strictObject({ size: z.int().nonnegative(), root: z.string().length(43) }),
  /** Entries in the database: those of the checkpoint, and what was committed since. */
  entries: z.int().nonnegative(),
  /** What signs the entries behind the checkpoint, where there are any. */
  covering: coveringSchema.exactOptional(),
  files: z.array(fileSchema).min(2).max(FILES_MAX),
})
export type BackupManifest = z.infer<typeof manifestSchema>

/** In the data folder: when the last backup was taken, for `doctor`. */
export const LAST_BACKUP_FILE = 'last-backup.json'
export const lastBackupSchema = z.strictObject({
  taken_at: z.iso.datetime(),
  size: z.int().nonnegative(),
})

/** @throws {CliError} `BACKUP_INVALID`: without one it is no backup: it was not finished. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const path = join(folder, MANIFEST_FILE)
  try {
    if ((await stat(path)).size > MANIFEST_BYTES_MAX) throw new Error('too large')
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new CliError(
      'BACKUP_INVALID',
      `${folder} has no manifest that can be read: it is no backup, or one that was not finished`,
      { cause },
    )
  }
}

/** @throws if it cannot be read */
export async function describeFile(folder: string, path: string): Promise<BackupFile> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(join(folder, path))) {
    hash.update(chunk as Uint8Array)
    bytes += (chunk as Uint8Array).length
  }
  return { path, bytes, sha256: hash.digest('hex') }
}

/** RET-9. */
export interface PrunedFiles {
  /** Of which there is what was kept, in their place. */
  readonly bundles: readonly number[]
  /** Entries whose map there is. */
  readonly maps: readonly number[]
}

/**
 * What a backup of a log of `size` must have: keys and the vault come besides.
 * @param pruned what its database has pruned
 */
export function neededFiles(size: number, { bundles, maps }: PrunedFiles): string[] {
  const gone = new Set(bundles)
  const tiles = Array.from(treeTiles(size), (tile) =>
    tile.level === 'entries' && gone.has(tile.index)
      ? `log/${keptPath(tile.index)}`
      : `log/${tilePath(tile)}`,
  )
  return [DATABASE_FILE, `log/${CHECKPOINT_PATH}`, ...tiles, ...maps.map((entry) => `log/${mapPath(entry)}`)]
}

/**
 * The manifest is signed by nobody: that it says what the signature says, and names each file that a restore needs and
 * none besides.
 * @param head the checkpoint in the backup, which the entries of its database extend
 * @param pruned what its database has pruned
 * @throws {CliError} `BACKUP_INVALID`
 */
export function assertComplete(
  { origin, log, files }: BackupManifest,
  head: Checkpoint,
  pruned: PrunedFiles,
): void {
  if (origin !== head.origin || log.size !== head.size || log.root !== base64url(head.root))
    throw new CliError('BACKUP_INVALID', 'the manifest is of another checkpoint than the one in the backup')
  const named = files
    .map(({ path }) => path)
    .filter((path) => path !== VAULT_FILE && !path.startsWith('keys/'))
  const needed = new Set(neededFiles(head.size, pruned))
  const extra = named.find((path) => !needed.delete(path))
  if (extra !== undefined)
    throw new CliError('BACKUP_INVALID', `${extra} is no file of this backup, or named twice`)
  const [missing] = needed
  if (missing !== undefined) throw new CliError('BACKUP_INVALID', `the manifest does not name ${missing}`)
}

/** Every file as the manifest has it. @throws {CliError} `BACKUP_INVALID`, with the name of the first that is not */
export async function assertFiles(folder: string, { files }: BackupManifest): Promise<void> {
  for (const expected of files) {
    const found = await describeFile(folder, expected.path).catch(() => null)
    if (found === null) throw new CliError('BACKUP_INVALID', `${expected.path} is missing from the backup`)
    if (found.sha256 !== expected.sha256 || found.bytes !== expected.bytes)
      throw new CliError('BACKUP_INVALID', `${expected.path} is not the file that was backed up`)
  }
}
