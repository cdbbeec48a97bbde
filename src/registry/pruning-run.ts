/**
 * Prunes what a published `log.pruned` entry announced. spec/retention.md (RET-5, RET-6).
 * Invariant: nothing is removed whose hash does not stay, in the database and among the public files, and each step can be
 * done again: a process that ends anywhere is followed by one that goes on.
 *
 * What a crash leaves behind, bundle by bundle; the next run repairs each:
 * 1. the map, or what is kept of a bundle, written: files beside a bundle that is whole.
 * 2. rows removed, in one transaction with the hashes: the public bundle is whole still.
 * 3. the bundle removed: done.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { decodeEntry, LogError, type AnyEntry } from '../log/entries.ts'
import { encodeKept, keptPath, mapPath, PrunedMap } from '../log/kept.ts'
import { readLeaves, type Leaf } from '../log/leaves.ts'
import { CHECKPOINT_PATH, encodeHashes, TILE_WIDTH, tilePath } from '../log/tiles.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store, Tx } from '../ports/store.ts'
import type { PublicTiles } from '../ports/tile-store.ts'
import { isPruned } from './pruning-bounds.ts'
import { notePlace } from './pruned-streams.ts'

export interface PruneRunContext {
  readonly store: Store
  readonly tiles: PublicTiles
  readonly crypto: Crypto
  /** The log's verifier key. */
  readonly vkey: string
  /** Told of each bundle that is done, and how many there are. */
  readonly onBundle?: (done: number, of: number) => void
  /** Asked before each bundle: whether to go on. */
  readonly goesOn?: () => boolean
}

type Pruning = Schema['prunings']

/**
 * Carries out what was announced and is published, as far as it is not done yet: in the database, and in this place's
 * public files.
 * @returns the entries of those that it finished
 * @throws {LogError} `LOG_DIVERGED`: what is there is not what was announced, and nothing of it was removed
 */
export async function carryOutPrunings(ctx: PruneRunContext): Promise<readonly number[]> {
  const rows = await ctx.store.query((db) => db.selectFrom('prunings').selectAll().orderBy('entry').execute())
  const done: number[] = []
  for (const row of rows) {
    if (await isCarriedOut(ctx, row)) continue
    if ((await publishedSize(ctx)) <= row.entry) break // RET-1: first everybody can know of it
    if (!(await carryOut(ctx, row))) break
    done.push(row.entry)
  }
  return done
}

/** Bundles go in order, so the last one tells. */
export async function isCarriedOut(
  { store, tiles }: Pick<PruneRunContext, 'store'> & { readonly tiles: Pick<PublicTiles, 'read'> },
  { entry, to_idx }: Pick<Pruning, 'entry' | 'to_idx'>,
): Promise<boolean> {
  const last = to_idx / TILE_WIDTH - 1
  if (!(await store.query((db) => isPruned(db, last)))) return false
  if ((await tiles.read(mapPath(entry))) === null) return false
  return (await tiles.read(bundlePath(last))) === null && (await tiles.read(keptPath(last))) !== null
}

async function publishedSize({ tiles, crypto, vkey }: PruneRunContext): Promise<number> {
  const note = await tiles.read(CHECKPOINT_PATH)
  return note === null ? 0 : openCheckpoint(crypto, note, vkey).size
}

/** @returns false if it was told to stop */
async function carryOut(ctx: PruneRunContext, row: Pruning): Promise<boolean> {
  const map = await announcedMap(ctx, row)
  const path = mapPath(row.entry)
  if ((await ctx.tiles.read(path)) === null) await ctx.tiles.write(path, map.bytes)
  const [first, end] = [row.from_idx / TILE_WIDTH, row.to_idx / TILE_WIDTH]
  for (let bundle = first; bundle < end; bundle++) {
    if (ctx.goesOn?.() === false) return false
    await pruneBundle(ctx, map, bundle)
    ctx.onBundle?.(bundle + 1 - first, end - first)
  }
  return true
}

/** The register has it, or the public files where the database was rebuilt; the entry says whether it is the one. */
async function announcedMap({ store, tiles, crypto }: PruneRunContext, row: Pruning): Promise<PrunedMap> {
  const [bytes] = await store.entries.read(row.entry, row.entry + 1)
  const entry = bytes === undefined || bytes.length === 0 ? null : decodeEntry(bytes)
  const held = row.map ?? (await tiles.read(mapPath(row.entry)))
  const map = held && new PrunedMap(row.from_idx, held)
  if (entry?.type === 'log.pruned' && map !== null) {
    const { act } = entry.body
    const isRange = act.from === row.from_idx && act.to === row.to_idx && map.end === act.to
    if (isRange && map.digest(crypto) === act.map) return map
  }
  throw new LogError('LOG_DIVERGED', `what is to be pruned is not what entry ${row.entry} announced`)
}

async function pruneBundle(ctx: PruneRunContext, map: PrunedMap, bundle: number): Promise<void> {
  const { store, tiles, crypto } = ctx
  const first = bundle * TILE_WIDTH
  const { leaves, isPruned: isDone } = await readLeaves(crypto, store.entries, first, first + TILE_WIDTH)
  const hashes = encodeHashes(leaves.map(({ hash }) => hash))
  const tile = await tiles.read(tilePath({ level: 0, index: bundle, width: TILE_WIDTH }))
  if (tile === null || !equalBytes(tile, hashes))
    throw new LogError('LOG_DIVERGED', `the hash tile of entry ${first} is not that of the database`)
  const kept = encodeKept(leaves.map(({ entry }, i) => (map.has(first + i) ? null : entry)))
  const path = keptPath(bundle)
  const there = await tiles.read(path)
  if (there === null || !equalBytes(there, kept)) await tiles.write(path, kept)
  if (!isDone) await store.write((tx) => pruneRows(tx, map, bundle, leaves))
  await tiles.remove(bundlePath(bundle))
}

function bundlePath(index: number): string {
  return tilePath({ level: 'entries', index, width: TILE_WIDTH })
}

/** Entries and the rows that rest on them go in one transaction, so that the log gives the registers at any time. */
async function pruneRows(tx: Tx, map: PrunedMap, bundle: number, leaves: readonly Leaf[]): Promise<void> {
  const { db } = tx
  if (await isPruned(db, bundle)) return // another node was faster
  const first = bundle * TILE_WIDTH
  const entries = leaves.flatMap(({ entry }, i) =>
    entry === null ? [] : [{ index: first + i, entry: decodeEntry(entry) }],
  )
  for (const { entry } of entries.filter(({ index }) => !map.has(index))) await notePlace(db, entry)
  const gone = entries.filter(({ index }) => map.has(index))
  const hashes = encodeHashes(leaves.map(({ hash }) => hash))
  await db.insertInto('pruned').values({ bundle, hashes }).execute()
  if (gone.length === 0) return
  const indices = gone.map(({ index }) => index)
  await db.deleteFrom('entries').where('idx', 'in', indices).execute()
  await db.deleteFrom('tile_words').where('tile', '=', bundle).execute()
  await pruneReceipts(
    tx,
    gone.map(({ entry }) => entry),
  )
}

async function pruneReceipts({ db }: Tx, entries: readonly AnyEntry[]): Promise<void> {
  const receipts = entries.flatMap((entry) => (entry.type === 'receipt' ? [entry.body] : []))
  for (const stream of Map.groupBy(receipts, ({ point, epoch }) => `${point}/${epoch}`).values()) {
    const [{ point, epoch } = { point: '', epoch: 0 }] = stream
    const places = stream.map(({ seq }) => seq)
    await db
      .deleteFrom('receipts')
      .where('point', '=', point)
      .where('epoch', '=', epoch)
      .where('seq', 'in', places)
      .execute()
  }
  const commitments = receipts.flatMap((body) =>
    body.kind === 'decision' && body.args_commit !== null ? [body.args_commit] : [],
  )
  if (commitments.length > 0) await db.deleteFrom('sealed').where('commitment', 'in', commitments).execute()
}
