/** What is asked of whoever reads bundles elsewhere, and what they say. Plain data: it crosses threads. @module */
import type { ReceiptKind } from '../../log/receipt-texts.ts'
import { tilePath, TILE_WIDTH } from '../../log/tiles.ts'
import type { ReadFiles } from '../pack/files.ts'
import type { PackedFile } from '../pack/unzip.ts'

/** A full bundle of entries and its hash tile, as an archive holds them. */
export interface BundleJob {
  readonly bundle: PackedFile
  readonly hashes: PackedFile
}

/** @returns null: one of the two is not there */
export function jobOf(files: ReadFiles, index: number): BundleJob | null {
  const bundle = files.packed(pathsOf(index).bundle)
  const hashes = files.packed(pathsOf(index).hashes)
  return bundle === null || hashes === null ? null : { bundle, hashes }
}

/** Of a full tile. */
export function pathsOf(index: number): { readonly bundle: string; readonly hashes: string } {
  const tile = { index, width: TILE_WIDTH }
  return { bundle: tilePath({ ...tile, level: 'entries' }), hashes: tilePath({ ...tile, level: 0 }) }
}

/** Numbers of a receipt: time of its entry and its own, place in its stream, and the four of its freshness. */
export const NUMBERS = 7
/** Hashes of a receipt: its commitment, the receipt before it, its own. */
export const DIGESTS = 3
/** In {@link ReadBundle.kinds}: no receipt like one before. */
export const OTHER = -1

/** A bundle that is as it should be: as many entries as it has to have, each at its place in its hash tile. */
export interface ReadBundle {
  /** Over the entries, recomputed. */
  readonly root: Uint8Array
  /** Hex SHA-256 of both files. */
  readonly sha256: { readonly bundle: string; readonly hashes: string }
  /** By entry the number of its kind, as its reader counts them, or {@link OTHER}. */
  readonly kinds: Int32Array<ArrayBuffer>
  /** Kinds that were not used before by this reader. */
  readonly learned: readonly ReceiptKind[]
  /** One after the other, {@link NUMBERS} of each receipt of a kind. */
  readonly numbers: Float64Array<ArrayBuffer>
  /** {@link DIGESTS} of each receipt of a kind. */
  readonly digests: Uint8Array<ArrayBuffer>
  /** Of each receipt of a kind, with a line feed between them. */
  readonly actions: string
  /** A bundle of the other entries. They are not read: whoever takes them does that. */
  readonly others: Uint8Array
}

/** Of one reader, what it read and what its numbers stand for. */
export interface BundleOf {
  readonly read: ReadBundle
  readonly kinds: ReadonlyMap<number, ReceiptKind>
}

/** Whoever reads bundles beside the thread that asks. */
export interface BundleReaders {
  /** @returns null: it is not as it should be, or nobody reads it. Whoever asks reads it and says why. */
  read(index: number, job: BundleJob): Promise<BundleOf | null>
  /** No more is asked: what they hold is given back. */
  stop(): void
}
