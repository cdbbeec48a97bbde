/** `countersign log rebuild`: the registers recomputed from the log, compared or written. spec/registers.md. @module */
import { existsSync } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Kysely } from 'kysely'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { createDatabase, openScratch, openSnapshot } from '../../../src/adapters/sqlite/offline.ts'
import { packTiles, readArchive } from '../../../src/evidence/pack/archive.ts'
import { openCheckpoint } from '../../../src/log/checkpoint.ts'
import { leavesOf } from '../../../src/log/leaves.ts'
import { PruningCheck, publishedProofs } from '../../../src/log/pruning.ts'
import { LogError } from '../../../src/log/entries.ts'
import { verifyTree } from '../../../src/log/reader.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'
import type { Schema } from '../../../src/ports/schema.ts'
import type { TileStore } from '../../../src/ports/tile-store.ts'
import { checkRegisters, foldBundle, mapOf, type RegisterCheck } from '../../../src/registry/rebuild/check.ts'
import { RegisterFold } from '../../../src/registry/rebuild/fold.ts'
import { missingFromLog } from '../../../src/registry/rebuild/tables.ts'
import { CliError, EXIT_FAILED, paint, progress, progressDone, result, table } from '../output.ts'
import { wantsJson } from './globals.ts'

/** Differences printed; `--json` has all of them. */
const SHOWN_MAX = 50
const DATABASE = 'countersign.db'

interface RebuildOptions {
  readonly check?: boolean
  readonly to?: string
  readonly from?: string
  readonly key?: string
  readonly data: string
}

/** @param log the command group that it belongs to */
export function logRebuildCommand(log: Command): void {
  log
    .command('rebuild')
    .description('recompute the registers from the log: compare them with the live ones, or write a database')
    .option('--check', 'compare; exit code 1 when anything differs')
    .option('--to <file>', 'write a database with what the log knows')
    .option('--from <dir|pack>', 'a published log or a pack, instead of the entries in the data folder')
    .option('--key <vkey>', "with --from: the log's verifier key, from another source")
    .option('--data <dir>', 'where the control plane keeps its database', '.countersign')
    .action(async (options: RebuildOptions, command: Command) => {
      if ((options.check === true) === (options.to !== undefined))
        throw new CliError('ARGUMENT_INVALID', 'give either --check or --to FILE')
      if (options.check === true && (options.from !== undefined || options.key !== undefined))
        throw new CliError(
          'ARGUMENT_INVALID',
          '--from and --key go with --to FILE: --check compares the database in --data with its own entries',
        )
      const json = wantsJson(command)
      if (options.to === undefined) await check(options.data, json)
      else await write(options, options.to, json)
    })
}

async function check(data: string, json: boolean): Promise<void> {
  const report = await checkDatabase(join(data, DATABASE))
  progressDone()
  const { root: _, ...said } = report
  result(json, said, () => describe(report))
  if (!report.ok) process.exitCode = EXIT_FAILED
}

/** @throws {StoreError}, {LogError} */
async function checkDatabase(path: string): Promise<RegisterCheck> {
  assertThere(path)
  const live = openSnapshot(path)
  const scratch = openScratch()
  try {
    return await checkRegisters({
      crypto: nodeCrypto,
      live,
      scratch: scratch.db,
      onProgress: (done, size) => progress(`${done} of ${size} entries`),
    })
  } finally {
    scratch.close()
    live.close()
  }
}

/** @throws {CliError} `FILE_UNREADABLE` */
function assertThere(database: string): void {
  if (!existsSync(database))
    throw new CliError(
      'FILE_UNREADABLE',
      `there is no ${database}: name the data folder of the control plane with --data`,
    )
}

function describe(report: RegisterCheck): string {
  const { ok, size, rows, checkpoints, sealed, differences, backwards } = report
  const shown = differences.slice(0, SHOWN_MAX)
  return [
    ok
      ? `${paint('green', 'same')}: ${size} entries give the ${rows} rows that are there`
      : `${paint('red', 'DIFFERENT')}: ${size} entries, ${rows} rows as they say, ${differences.length} differences`,
    `${checkpoints} checkpoints held against the tree, ${sealed} sealed values against their commitments`,
    ...(shown.length === 0
      ? []
      : [table(shown.map(({ kind, table: name, key, column = '' }) => [`  ${kind}`, name, key, column]))]),
    ...(differences.length > shown.length ? [`  and ${differences.length - shown.length} more`] : []),
    ...backwards.map((index) => paint('red', `  entry ${index} has an earlier time than the one before`)),
    ...(ok
      ? []
      : ['The log is the authority: restore a backup, or write the registers anew with --to FILE.']),
  ].join('\n')
}

async function write(options: RebuildOptions, to: string, json: boolean): Promise<void> {
  if (existsSync(to)) throw new CliError('FILE_UNWRITABLE', `${to} exists already: choose another name`)
  const filling = createDatabase(to)
  let size: number
  try {
    const fold = new RegisterFold({
      crypto: nodeCrypto,
      db: filling.db,
      keepEntries: true,
      withCommitments: false,
    })
    await (options.from === undefined
      ? foldDatabase(fold, filling.db, join(options.data, DATABASE))
      : foldTiles(fold, filling.db, await tilesOf(options.from), options.key))
    await fold.end()
    filling.commit()
    size = fold.size
  } catch (cause) {
    filling.close()
    for (const suffix of ['', '-wal', '-shm']) await rm(to + suffix, { force: true })
    throw cause
  }
  filling.close()
  progressDone()
  const missing = missingFromLog()
  result(json, { file: to, size, missing }, () =>
    [
      `${paint('green', 'written')} ${to} from ${size} entries. What the log does not have:`,
      table(missing.map(({ table: name, columns, why }) => [`  ${name}`, columns.join(', ') || 'rows', why])),
    ].join('\n'),
  )
}

async function foldDatabase(fold: RegisterFold, db: Kysely<Schema>, path: string): Promise<void> {
  const live = openSnapshot(path)
  try {
    const size = await live.entries.size()
    for await (const bundle of leavesOf(nodeCrypto, live.entries, size)) {
      await foldBundle(fold, bundle)
      progress(`${fold.size} of ${size} entries`)
    }
    await keepMaps(db, (entry) => mapOf(live.db, entry))
  } finally {
    live.close()
  }
}

/** Nothing is committed unless the whole tree is the one that was signed. */
async function foldTiles(
  fold: RegisterFold,
  db: Kysely<Schema>,
  tiles: TileStore,
  key: string | undefined,
): Promise<void> {
  if (key === undefined) throw new CliError('ARGUMENT_INVALID', '--from needs --key, from another source')
  const note = await tiles.read(CHECKPOINT_PATH)
  if (note === null)
    throw new CliError('FILE_UNREADABLE', 'there is no checkpoint: not a log, and not a pack')
  const head = openCheckpoint(nodeCrypto, note, key)
  const prunings = new PruningCheck(nodeCrypto)
  const tree = await verifyTree(nodeCrypto, tiles, head, {
    onPruned: async (first, gaps, hashes) => {
      prunings.bundle(first, gaps)
      await fold.pruned(first, gaps, hashes)
    },
    onEntry: async (index, bytes) => {
      prunings.entry(index, await fold.add(bytes))
      if (fold.size % 512 === 0) progress(`${fold.size} of ${head.size} entries`)
    },
  })
  const proofs = publishedProofs(nodeCrypto, tiles, head.size)
  const [fault] = tree.ok ? await prunings.finish(proofs) : [tree]
  if (fault === undefined) return keepMaps(db, (entry) => proofs.map(entry))
  const place = fault.index === undefined ? '' : ` at entry ${fault.index}`
  throw new LogError('PROOF_INVALID', `the log does not verify: ${fault.code}${place}`)
}

/** What was pruned stays announced as it was (RET-5). */
async function keepMaps(
  db: Kysely<Schema>,
  read: (entry: number) => Promise<Uint8Array | null>,
): Promise<void> {
  for (const { entry } of await db.selectFrom('prunings').select('entry').execute())
    await db
      .updateTable('prunings')
      .set({ map: await read(entry) })
      .where('entry', '=', entry)
      .execute()
}

async function tilesOf(from: string): Promise<TileStore> {
  try {
    return (await stat(from)).isDirectory() ? fsTileStore(from) : packTiles(readArchive(await readFile(from)))
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause)
      throw new CliError('FILE_UNREADABLE', `${from} cannot be read`, { cause })
    throw cause
  }
}
