/**
 * One entry of a published log with its proof, and the proof that one of its trees extends another: what the API and
 * the command line answer with. spec/log.md, LOG-37 and LOG-38.
 * Not checked: that the proofs hold; whoever gets them does that.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { LogError } from './entries.ts'
import { decodeKept, keptPath } from './kept.ts'
import { consistencyProof, inclusionProof } from './merkle.ts'
import { tileNodes } from './reader.ts'
import { readTile, type TileReader } from './tile-file.ts'
import { decodeBundle, TILE_WIDTH, tileAt } from './tiles.ts'

export interface FoundEntry {
  readonly bytes: Uint8Array
  /** From the leaf's sibling up. */
  readonly proof: readonly Uint8Array[]
}

/**
 * Entry `index` of the tree of `size`.
 * @throws {LogError} `PROOF_INVALID`: the tree has no such entry. `ENTRY_PRUNED`. `TILE_MISSING`, `TILE_INVALID`
 */
export async function findEntry(
  crypto: Crypto,
  store: TileReader,
  index: number,
  size: number,
): Promise<FoundEntry> {
  const proof = await inclusionProof(crypto, tileNodes(crypto, store, size), index, size)
  const file = await readTile(store, tileAt('entries', Math.floor(index / TILE_WIDTH), size))
  if (file.bytes === null) return { bytes: await keptEntry(store, index, file.path), proof }
  const bytes = decodeBundle(file.bytes, file.width)[index % TILE_WIDTH]
  if (bytes === undefined) throw new LogError('TILE_INVALID', `${file.path} has no entry ${index}`)
  return { bytes, proof }
}

/** Of a bundle that is not there. */
async function keptEntry(store: TileReader, index: number, path: string): Promise<Uint8Array> {
  const kept = await store.read(keptPath(Math.floor(index / TILE_WIDTH)))
  if (kept === null) throw new LogError('TILE_MISSING', `no entry bundle at ${path}`)
  const bytes = decodeKept(kept)[index % TILE_WIDTH] ?? kept
  if (bytes.length === 0)
    throw new LogError(
      'ENTRY_PRUNED',
      `entry ${index} is older than the retention: its hash is all that is left`,
    )
  return bytes
}

/**
 * That the tree of `to` extends the tree of `from`, both of the published tree of `size`.
 * @throws {LogError} `PROOF_INVALID`: sizes out of order, or 0. `TILE_MISSING`, `TILE_INVALID`
 */
export async function findConsistency(
  crypto: Crypto,
  store: TileReader,
  { from, to, size }: { readonly from: number; readonly to: number; readonly size: number },
): Promise<Uint8Array[]> {
  if (to > size) throw new LogError('PROOF_INVALID', `the log has ${size} entries`)
  return consistencyProof(crypto, tileNodes(crypto, store, size), from, to)
}
