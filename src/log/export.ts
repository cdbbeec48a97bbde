/**
 * Copies a published log to another place that any C2SP client reads: tiles, bundles, then the checkpoint, then anchors.
 * spec/log.md, LOG-35 and LOG-43.
 * Invariant: the checkpoint stands in the new place only over files that verified there; a copy that was interrupted
 * goes on where it stopped, and one that is complete is left as it is.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { TokenReader } from '../ports/anchor.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { copyAnchors, readIndexFor, withNewer, type CopiedFiles } from './anchor-copy.ts'
import { openCheckpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { isMapPath, keptPath } from './kept.ts'
import { readExactly, type TileReader } from './tile-file.ts'
import { CHECKPOINT_PATH, tilePath, treeTileCount, treeTiles, type Tile } from './tiles.ts'
import { verifyLog, type LogReport } from './verify.ts'
import { Writes } from './writes.ts'

export interface ExportOptions {
  /** Of the log. */
  readonly vkey: string
  /** Of a time stamp: without it no anchors are copied. */
  readonly imprint?: TokenReader['imprint']
  readonly onCopied?: (files: number, of: number) => void
  readonly onVerified?: (entries: number, of: number) => void
}

/** Files kept were there already; they were verified like the others. */
export interface Exported extends CopiedFiles {
  /** Of the copy. When it is not ok neither the checkpoint nor anchors were written. */
  readonly report: LogReport
}

/**
 * @throws {LogError} `TILE_MISSING`: the source lacks a file. `LOG_DIVERGED`: the place holds a later checkpoint, a
 * fork of the log, or anchors that are gone. `ANCHOR_INVALID`: the source's index. `NOTE_INVALID`, `CHECKPOINT_INVALID`: it, or the source, holds another log's. `LOG_UNAVAILABLE`.
 */
export async function exportLog(
  crypto: Crypto,
  from: TileReader,
  to: TileStore,
  options: ExportOptions,
): Promise<Exported> {
  const { imprint } = options
  // Before the checkpoint, which is then of every tree that the index knows.
  const before = imprint && (await readIndexFor(from, to))
  const note = await from.read(CHECKPOINT_PATH)
  if (note === null) throw new LogError('TILE_MISSING', 'the log to export has no checkpoint')
  const { size } = openCheckpoint(crypto, note, options.vkey)
  const old = await to.read(CHECKPOINT_PATH)
  if (old !== null && openCheckpoint(crypto, old, options.vkey).size > size) {
    throw new LogError('LOG_DIVERGED', 'the copy that is there is of a later checkpoint: nothing was changed')
  }
  const copied = await copyFiles(from, to, size, options)
  const copy: TileReader = {
    read: async (path) => {
      if (path === CHECKPOINT_PATH) return note
      return (await to.read(path)) ?? (isMapPath(path) ? copyMap(from, to, path) : null)
    },
  }
  const report = await verifyLog(crypto, copy, {
    vkey: options.vkey,
    from: old === null ? [] : [{ name: 'the checkpoint that was there', note: old }],
    ...(options.onVerified === undefined ? {} : { onProgress: options.onVerified }),
  })
  const isNew = old === null || !equalBytes(old, note)
  if (report.ok && isNew) await to.write(CHECKPOINT_PATH, note)
  if (!report.ok || !before) return { report, ...copied }
  const index = await withNewer(before, from, size)
  const anchors = await copyAnchors(crypto, index, from, to, imprint)
  const files_written = copied.files_written + anchors.files_written
  return { report, files_written, files_kept: copied.files_kept + anchors.files_kept }
}

/** What is left of a bundle that was pruned; a copy that has the whole one keeps it. @returns false if there is none */
async function copyKept(from: TileReader, to: TileStore, tile: Tile): Promise<boolean> {
  if (tile.level !== 'entries') return false
  const path = keptPath(tile.index)
  const kept = await from.read(path)
  if (kept !== null) await to.write(path, kept)
  return kept !== null
}

async function hasKept(to: TileReader, { level, index }: Tile): Promise<boolean> {
  return level === 'entries' && (await to.read(keptPath(index))) !== null
}

/** Which maps there are the entries say, so that they come once these are read. */
async function copyMap(from: TileReader, to: TileStore, path: string): Promise<Uint8Array | null> {
  const map = await from.read(path)
  if (map !== null) await to.write(path, map)
  return map
}

async function copyFiles(
  from: TileReader,
  to: TileStore,
  size: number,
  { onCopied }: ExportOptions,
): Promise<CopiedFiles> {
  const count = treeTileCount(size)
  const writes = new Writes(to)
  let done = 0
  let files_kept = 0
  try {
    for (const tile of treeTiles(size)) {
      onCopied?.(done++, count)
      const path = tilePath(tile)
      // A file is written whole or not at all, so one that is there is done.
      if ((await to.read(path)) !== null || (await hasKept(to, tile))) {
        files_kept++
        continue
      }
      const bytes = await readExactly(from, tile)
      if (bytes !== null) await writes.add(path, bytes)
      else if (!(await copyKept(from, to, tile)))
        throw new LogError('TILE_MISSING', `the log to export has no ${path}`)
    }
  } finally {
    await writes.settle()
  }
  writes.assertDurable()
  return { files_kept, files_written: count - files_kept }
}
