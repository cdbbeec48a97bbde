/**
 * What `doctor` asks of the log: database, lock store, checkpoint and tiles, each against the others. spec/log.md
 * (LOG-4, LOG-5). The signature decides: what it covers is right, what disagrees with it is named.
 * @module
 */
import { join } from 'node:path'
import { readWhole } from '../../../src/adapters/fs/files.ts'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { equalBytes } from '../../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../../src/log/checkpoint.ts'
import { LogError } from '../../../src/log/entries.ts'
import { readLeaves, type Leaf } from '../../../src/log/leaves.ts'
import { PruningCheck, publishedProofs } from '../../../src/log/pruning.ts'
import { TreeFrontier } from '../../../src/log/merkle.ts'
import { verifyTree, type TreeFault } from '../../../src/log/reader.ts'
import { CHECKPOINT_PATH, TILE_WIDTH } from '../../../src/log/tiles.ts'
import type { TileStore } from '../../../src/ports/tile-store.ts'
import { fail, ok, warn, type Check } from './check.ts'

const NOTE_BYTES_MAX = 512 * 1024
/** Entries read at once. */
const PAGE = 512
/** A running control plane publishes ten times a second. */
const TAIL_MAX = 10_000

/** What is signed, as it lies on the disk. */
export interface Notes {
  readonly published: Uint8Array | null
  readonly locked: Uint8Array | null
}

/** The checkpoint, then the lock store, then the database: each is at or ahead of the one before, also in a server that runs. */
export async function readNotes(data: string): Promise<Notes> {
  const published = await fsTileStore(join(data, 'log')).read(CHECKPOINT_PATH)
  return { published, locked: await readWhole(join(data, 'lock', 'last-checkpoint'), NOTE_BYTES_MAX) }
}

export interface LogParts {
  readonly data: string
  readonly notes: Notes
  readonly snapshot: Snapshot
  /** The log's key as the database has it. */
  readonly vkey: string
  readonly onProgress: (done: number, size: number) => void
}

/** @returns the checks, first the one that matters most when several fail */
export async function logChecks(parts: LogParts): Promise<Check[]> {
  const tiles = fsTileStore(join(parts.data, 'log'))
  const published = headOf(parts.notes.published, parts.vkey)
  const locked = headOf(parts.notes.locked, parts.vkey)
  const checks = [lockCheck(locked, published), checkpointCheck(published)]
  const heads = [locked, published].filter((head) => typeof head === 'object' && head !== null)
  checks.push(await databaseCheck(parts, heads))
  if (typeof published === 'object' && published !== null)
    checks.push(await tilesCheck(parts, tiles, published))
  const signed = Math.max(0, ...heads.map(({ size }) => size))
  checks.push(tailCheck((await parts.snapshot.entries.size()) - signed))
  return checks
}

type Head = Checkpoint | null | 'invalid'

function headOf(note: Uint8Array | null, vkey: string): Head {
  if (note === null) return null
  try {
    return openCheckpoint(nodeCrypto, note, vkey)
  } catch (cause) {
    if (cause instanceof LogError) return 'invalid'
    throw cause
  }
}

const RESTORE_LOCK =
  'put back lock/last-checkpoint from where it is kept, or the checkpoint that is published, after comparing it with a witness'

function lockCheck(locked: Head, published: Head): Check {
  const name = 'lock store'
  if (locked === 'invalid')
    return fail(
      name,
      'LOCK_INVALID',
      'lock/last-checkpoint is not a checkpoint that this log signed',
      RESTORE_LOCK,
    )
  if (locked === null)
    return published === null
      ? ok(name, 'nothing was signed yet')
      : fail(name, 'LOCK_MISSING', 'a checkpoint is public, the lock store has none', RESTORE_LOCK)
  if (typeof published === 'object' && published !== null && published.size > locked.size)
    return fail(
      name,
      'CHECKPOINT_AHEAD',
      `${published.size} entries are public, the lock store says ${locked.size}`,
      RESTORE_LOCK,
    )
  return ok(name, `${locked.size} entries are signed`)
}

function checkpointCheck(published: Head): Check {
  const next = 'start the control plane: it writes the checkpoint again from the lock store'
  if (published === 'invalid')
    return fail('checkpoint', 'CHECKPOINT_INVALID', 'log/checkpoint is not one that this log signed', next)
  if (published === null) return warn('checkpoint', 'CHECKPOINT_MISSING', 'nothing is published', next)
  return ok('checkpoint', `${published.size} entries are public`)
}

/** The signed trees from the database's own entries. */
async function databaseCheck(
  { snapshot, onProgress }: LogParts,
  heads: readonly Checkpoint[],
): Promise<Check> {
  const name = 'entries'
  const size = await snapshot.entries.size()
  const last = Math.max(0, ...heads.map((head) => head.size))
  const next =
    'do not write to it: restore a backup that extends the last signed checkpoint, or rebuild with "countersign log rebuild --from"'
  if (size < last)
    return fail(name, 'DATABASE_BEHIND', `the database has ${size} entries, ${last} are signed`, next)
  const tree = new TreeFrontier(nodeCrypto)
  for (let first = 0; first < last; first += TILE_WIDTH) {
    const end = Math.min(first + TILE_WIDTH, last)
    const page = await leavesIn(snapshot, first, end)
    if (page === null)
      return fail(
        name,
        'ENTRY_MISSING',
        `entries are missing or changed between ${first} and ${end - 1}`,
        next,
      )
    for (const { hash } of page) {
      tree.append(hash)
      const wrong = heads.find((head) => head.size === tree.size && !equalBytes(head.root, tree.root()))
      if (wrong !== undefined)
        return fail(
          name,
          'LOG_DIVERGED',
          `the first ${wrong.size} entries are not those that are signed`,
          next,
        )
    }
    onProgress(end, last)
  }
  return ok(name, `${size}, of which ${last} recompute to what is signed`)
}

async function leavesIn({ entries }: Snapshot, first: number, end: number): Promise<readonly Leaf[] | null> {
  try {
    return (await readLeaves(nodeCrypto, entries, first, end)).leaves
  } catch (cause) {
    if (cause instanceof LogError) return null
    throw cause
  }
}

/** Every published file, and every entry of the database against the published one: so the first wrong one is named. */
async function tilesCheck({ snapshot }: LogParts, tiles: TileStore, head: Checkpoint): Promise<Check> {
  const name = 'published log'
  let page: Uint8Array[] = []
  let start = 0
  let changed: number | null = null
  const onEntry = async (index: number, bytes: Uint8Array): Promise<void> => {
    if (index >= start + page.length) {
      start = index
      page = await snapshot.entries.read(index, index + PAGE)
    }
    const own = page[index - start]
    if (own?.length === 0) return // pruned here, and soon there
    if (changed === null && (own === undefined || !equalBytes(own, bytes))) changed = index
  }
  const prunings = new PruningCheck(nodeCrypto)
  const tree = await verifyTree(nodeCrypto, tiles, head, {
    onEntry: async (index, bytes) => {
      await onEntry(index, bytes)
      prunings.bytes(index, bytes)
    },
    onPruned: (first, gaps) => prunings.bundle(first, gaps),
  })
  if (!tree.ok) return damaged(name, tree)
  const [gone] = await prunings.finish(publishedProofs(nodeCrypto, tiles, head.size))
  if (gone !== undefined) return fail(name, gone.code, gone.message, RESTORE_TILES)
  if (changed === null) return ok(name, `${head.size} entries and all tiles recompute to the checkpoint`)
  const next =
    'the published one is signed: restore the database, or rebuild it with "countersign log rebuild --from"'
  return fail(
    name,
    'ENTRY_CHANGED',
    `entry ${String(changed)} of the database is not the one that is published`,
    next,
  )
}

const RESTORE_TILES =
  'remove the folders log/tile and log/kept and start the control plane: it writes them again from the database'

function damaged(name: string, { code, index, path }: TreeFault): Check {
  const place = [path === undefined ? '' : `log/${path}`, index === undefined ? '' : `entry ${index}`]
  const found = `${code} at ${place.filter(Boolean).join(', ') || 'its root'}`
  return fail(name, 'TILE_DAMAGED', found, RESTORE_TILES)
}

function tailCheck(tail: number): Check {
  const found = `${Math.max(0, tail)} entries`
  return tail > TAIL_MAX
    ? warn(
        'unpublished tail',
        'TAIL_UNPUBLISHED',
        found,
        'see the output of the control plane: it does not publish',
      )
    : ok('unpublished tail', found)
}
