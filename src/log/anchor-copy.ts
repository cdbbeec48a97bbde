/**
 * The anchors of a log, copied beside a copy of it. spec/log.md, LOG-43.
 * Invariant: a file is copied under the hash that it has, and the index last; the index of a copy loses no line.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes, fromBase64url } from '../core/encoding.ts'
import type { TokenReader } from '../ports/anchor.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { anchorPath, encodeAnchorIndex, INDEX_PATH, readAnchorIndex } from './anchor-files.ts'
import { keyOf, type IndexLine } from './anchored.ts'
import { LogError } from './entries.ts'
import type { TileReader } from './tile-file.ts'

/** An index as it was read. */
export interface ReadIndex {
  readonly bytes: Uint8Array | null
  readonly lines: readonly IndexLine[]
}

export interface CopiedFiles {
  readonly files_written: number
  readonly files_kept: number
}

/** @throws {LogError} `ANCHOR_INVALID`: it is malformed. `LOG_DIVERGED`: it lacks an anchor that the copy has. */
export async function readIndexFor(from: TileReader, to: TileReader): Promise<ReadIndex> {
  const bytes = await from.read(INDEX_PATH)
  const lines = await readAnchorIndex({ read: async () => bytes })
  const known = new Set(lines.map(({ sha256 }) => sha256))
  if ((await readAnchorIndex(to)).some(({ sha256 }) => !known.has(sha256)))
    throw new LogError('LOG_DIVERGED', 'the copy that is there has anchors that the log no longer lists')
  return { bytes, lines }
}

/**
 * With what was listed between the index and the checkpoint of `size`: the entries of that tree may name it.
 * @param index as it was before the checkpoint was read, so that it knows of no later tree
 * @throws {LogError} `ANCHOR_INVALID`
 */
export async function withNewer(index: ReadIndex, from: TileReader, size: number): Promise<ReadIndex> {
  const known = new Set(index.lines.map(keyOf))
  const newer = (await readAnchorIndex(from)).filter((line) => line.size <= size && !known.has(keyOf(line)))
  if (newer.length === 0) return index
  const lines = [...index.lines, ...newer]
  return { bytes: encodeAnchorIndex(lines), lines }
}

/**
 * Copies what the index lists. A file that is missing, or not what its name says, is left out: who verifies the copy
 * hears of it.
 * @param imprint of a time stamp, which names the file that it is about
 */
export async function copyAnchors(
  crypto: Crypto,
  { bytes, lines }: ReadIndex,
  from: TileReader,
  to: TileStore,
  imprint: TokenReader['imprint'],
): Promise<CopiedFiles> {
  const count = { files_written: 0, files_kept: 0 }
  const copy = async (sha256: Uint8Array): Promise<Uint8Array | null> => {
    const path = anchorPath(sha256)
    const isIt = (file: Uint8Array | null): file is Uint8Array =>
      file !== null && equalBytes(crypto.sha256(file), sha256)
    const there = await to.read(path)
    if (isIt(there)) {
      count.files_kept++
      return there
    }
    const file = await from.read(path)
    if (!isIt(file)) return null
    await to.write(path, file)
    count.files_written++
    return file
  }
  for (const { kind, sha256 } of lines) {
    const token = await copy(fromBase64url(sha256))
    const about = kind === 'timestamp' && token !== null ? imprintOf(imprint, token) : null
    if (about !== null) await copy(about)
  }
  if (bytes === null) return count
  const there = await to.read(INDEX_PATH)
  if (there !== null && equalBytes(there, bytes)) count.files_kept++
  else {
    await to.write(INDEX_PATH, bytes)
    count.files_written++
  }
  return count
}

function imprintOf(imprint: TokenReader['imprint'], token: Uint8Array): Uint8Array | null {
  try {
    return imprint(token)
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    return null // no time stamp at all
  }
}
