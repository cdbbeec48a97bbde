/**
 * Two checkpoints of one log that no one history has: found, written down, and checked by anyone. spec/witness.md,
 * WIT-12.
 * Invariant: evidence that checks was made by the holder of the log's key, and by nobody else.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../core/crypto.ts'
import { base64, equalBytes, fromBase64, fromUtf8, utf8 } from '../core/encoding.ts'
import { CoreError } from '../core/errors.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { consistencyProof, verifyConsistency } from './merkle.ts'
import { rootAt, tileNodes } from './reader.ts'

const NOTE_LENGTH_MAX = 512 * 1024
const hash = z.string().length(44)

const splitViewSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('split_view'),
  vkey: z.string().max(512),
  /** The notes as text, the smaller tree first. */
  first: z.string().max(NOTE_LENGTH_MAX),
  second: z.string().max(NOTE_LENGTH_MAX),
  /** The root that the second tree has at the first one's size; null when both have one size. */
  root: hash.nullable(),
  /** Consistency proof from there to the second tree. */
  proof: z.array(hash).max(63),
})

export type SplitView = z.infer<typeof splitViewSchema>

export type Comparison =
  | { readonly kind: 'consistent' }
  | { readonly kind: 'SPLIT_VIEW'; readonly evidence: SplitView }
  /** The tiles are not those of the larger tree, so they say nothing about the smaller one. */
  | { readonly kind: 'unknown' }

/**
 * Whether two checkpoints that a client holds are of one history.
 * @param tiles of the larger tree: whoever served its checkpoint. Nothing that they say is believed without proof.
 * @throws {LogError} `VKEY_INVALID`, `NOTE_INVALID`, `CHECKPOINT_INVALID`: one of the two is not the log's.
 */
export async function compareViews(
  crypto: Crypto,
  vkey: string,
  notes: readonly [Uint8Array, Uint8Array],
  tiles: Pick<TileStore, 'read'>,
): Promise<Comparison> {
  const [a, b] = [opened(crypto, vkey, notes[0]), opened(crypto, vkey, notes[1])]
  const [first, second] = a.head.size <= b.head.size ? [a, b] : [b, a]
  const base = { v: 1, kind: 'split_view', vkey, first: first.text, second: second.text } as const
  if (first.head.size === second.head.size) {
    const same = equalBytes(first.head.root, second.head.root)
    return same
      ? { kind: 'consistent' }
      : { kind: 'SPLIT_VIEW', evidence: { ...base, root: null, proof: [] } }
  }
  if (first.head.size === 0) return { kind: 'consistent' }
  const shown = await shownRoot(crypto, tiles, first.head.size, second.head)
  if (shown === null) return { kind: 'unknown' }
  if (equalBytes(shown.root, first.head.root)) return { kind: 'consistent' }
  const evidence = { ...base, root: base64(shown.root), proof: shown.proof.map(base64) }
  return { kind: 'SPLIT_VIEW', evidence }
}

/** For two checkpoints of one size, whose roots alone tell. @throws {LogError} as {@link compareViews} */
export function sameSizeSplit(
  crypto: Crypto,
  vkey: string,
  notes: readonly [Uint8Array, Uint8Array],
): SplitView | null {
  const [first, second] = [opened(crypto, vkey, notes[0]), opened(crypto, vkey, notes[1])]
  if (first.head.size !== second.head.size || equalBytes(first.head.root, second.head.root)) return null
  return { v: 1, kind: 'split_view', vkey, first: first.text, second: second.text, root: null, proof: [] }
}

/**
 * Whether a file is evidence of a split view by the log with this key.
 * @param vkey that the reader trusts: the one in the file could be anybody's
 * @returns false for whatever else it is
 */
export function checkSplitView(crypto: Crypto, value: unknown, vkey: string): boolean {
  const parsed = splitViewSchema.safeParse(value)
  if (!parsed.success || parsed.data.vkey !== vkey) return false
  const { first, second, root, proof } = parsed.data
  try {
    const [a, b] = [openCheckpoint(crypto, utf8(first), vkey), openCheckpoint(crypto, utf8(second), vkey)]
    if (a.size === b.size) return root === null && !equalBytes(a.root, b.root)
    if (root === null || equalBytes(fromBase64(root), a.root)) return false
    const claim = { size1: a.size, root1: fromBase64(root), size2: b.size, root2: b.root }
    return verifyConsistency(crypto, { ...claim, proof: proof.map(fromBase64) })
  } catch (cause) {
    if (cause instanceof LogError || cause instanceof CoreError) return false
    throw cause
  }
}

function opened(crypto: Crypto, vkey: string, note: Uint8Array): { head: Checkpoint; text: string } {
  const head = openCheckpoint(crypto, note, vkey)
  return { head, text: fromUtf8(note) }
}

/** The root at `size` of the tree that `second` commits to, with its proof; null when the tiles do not lead there. */
async function shownRoot(
  crypto: Crypto,
  tiles: Pick<TileStore, 'read'>,
  size: number,
  second: Checkpoint,
): Promise<{ root: Uint8Array; proof: Uint8Array[] } | null> {
  try {
    const root = await rootAt(crypto, tiles, size, second.size)
    const proof = await consistencyProof(crypto, tileNodes(crypto, tiles, second.size), size, second.size)
    const claim = { size1: size, root1: root, size2: second.size, root2: second.root, proof }
    return verifyConsistency(crypto, claim) ? { root, proof } : null
  } catch (cause) {
    if (cause instanceof LogError && cause.code.startsWith('TILE_')) return null
    throw cause
  }
}
