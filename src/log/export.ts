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
import { readExactly, type TileReader } from './tile-file.ts'
import { CHECKPOINT_PATH, tilePath, treeTileCount, treeTiles } from './tiles.ts'
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
  const copy: TileReader = { read: async (path) => (path === CHECKPOINT_PATH ? note : to.read(path)) }
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
      if ((await to.read(path)) !== null) {
        files_kept++
        continue
      }
      const bytes = await readExactly(from, tile)
      if (bytes === null) throw new LogError('TILE_MISSING', `the log to export has no ${path}`)
      await writes.add(path, bytes)
    }
  } finally {
    await writes.settle()
  }
  writes.assertDurable()
  return { files_kept, files_written: count - files_kept }
}
