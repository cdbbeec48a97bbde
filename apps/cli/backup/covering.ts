/**
 * What signs the entries that a backup has behind its checkpoint: a later checkpoint, which the log's tree of that many
 * entries leads to. spec/backup.md (BAK-10).
 * @module
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { base64, fromBase64, fromUtf8, utf8 } from '../../../src/core/encoding.ts'
import { openCheckpoint } from '../../../src/log/checkpoint.ts'
import { leavesOf } from '../../../src/log/leaves.ts'
import { consistencyProof, TreeFrontier, verifyConsistency } from '../../../src/log/merkle.ts'
import { NOTE_BYTES_MAX } from '../../../src/log/note.ts'
import { tileNodes } from '../../../src/log/reader.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'

/** A control plane publishes within this, in milliseconds; one that is stopped published what it had. */
const PUBLISHED_MS_MAX = 5_000
const LOOK_MS = 50
/** Hashes of a proof between two trees of 2^63 entries. */
const HASHES_MAX = 64

export const coveringSchema = z.strictObject({
  checkpoint: z.string().max(NOTE_BYTES_MAX),
  /** From the tree of all entries of the database to that of the checkpoint, base64. */
  proof: z.array(z.string().length(44)).max(HASHES_MAX),
})
export type Covering = z.infer<typeof coveringSchema>

/** Waits for a published checkpoint of `size` entries or more. Null when there is none in time. */
export async function coveringOf(data: string, vkey: string, size: number): Promise<Covering | null> {
  const tiles = fsTileStore(join(data, 'log'))
  for (let waited = 0; waited < PUBLISHED_MS_MAX; waited += LOOK_MS) {
    const note = await tiles.read(CHECKPOINT_PATH)
    const head = note && openCheckpoint(nodeCrypto, note, vkey)
    if (note && head && head.size >= size) {
      const nodes = tileNodes(nodeCrypto, tiles, head.size)
      const proof = await consistencyProof(nodeCrypto, nodes, size, head.size)
      return { checkpoint: fromUtf8(note), proof: proof.map(base64) }
    }
    await sleep(LOOK_MS)
  }
  return null
}

/** Whether the log's key signs a tree that all entries of the database are the beginning of. @throws {LogError}, {CoreError} */
export async function isCovered(
  copy: Snapshot,
  vkey: string,
  { checkpoint, proof }: Covering,
): Promise<boolean> {
  const head = openCheckpoint(nodeCrypto, utf8(checkpoint), vkey)
  const tree = new TreeFrontier(nodeCrypto)
  for await (const { leaves } of leavesOf(nodeCrypto, copy.entries, await copy.entries.size()))
    for (const { hash } of leaves) tree.append(hash)
  return verifyConsistency(nodeCrypto, {
    size1: tree.size,
    size2: head.size,
    root1: tree.root(),
    root2: head.root,
    proof: proof.map(fromBase64),
  })
}
