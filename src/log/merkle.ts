/**
 * The Merkle tree of RFC 6962 section 2.1: hashes, the compact frontier, proofs and their verification
 * (RFC 9162 sections 2.1.3 and 2.1.4). spec/log.md.
 * Invariant: pure; a verification answers false for whatever comes from outside and never throws.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import { ENTRY_BYTES_MAX, LogError } from './entries.ts'

export const HASH_BYTES = 32
/** A tree of 2^53 entries has paths of at most 53 hashes, and a consistency proof one more. */
export const PROOF_HASHES_MAX = 54

/** Inputs of the two hashes, reused: the port is synchronous, and this is the hot path of verifying a period. */
const leafInput = new Uint8Array(1 + ENTRY_BYTES_MAX)
const pair = new Uint8Array(1 + 2 * HASH_BYTES)
pair[0] = 1

/** What a tree asks of a platform. */
export type Hashing = Pick<Crypto, 'sha256'>

/** `SHA-256(0x00 || entry)` of at most 65,535 bytes, as an entry bundle holds them. */
export function leafHash(crypto: Hashing, entry: Uint8Array): Uint8Array {
  leafInput.set(entry, 1)
  return crypto.sha256(leafInput.subarray(0, 1 + entry.length))
}

/** `SHA-256(0x01 || left || right)` of two 32-byte hashes. */
export function nodeHash(crypto: Hashing, left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1)
  pair.set(right, 1 + HASH_BYTES)
  return crypto.sha256(pair)
}

/** Told of every perfect subtree as it completes: `hash` covers entries index * 2^level to (index + 1) * 2^level. */
export type OnNode = (level: number, index: number, hash: Uint8Array) => void

/** The compact range of entries 0 to size: the roots of its perfect subtrees, largest first. */
export class TreeFrontier {
  readonly #crypto: Hashing
  readonly #peaks: Uint8Array[]
  #size: number

  constructor(crypto: Hashing, from?: TreeFrontier) {
    this.#crypto = crypto
    this.#peaks = from ? [...from.#peaks] : []
    this.#size = from ? from.#size : 0
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size
  }

  append(leaf: Uint8Array, onNode?: OnNode): void {
    this.appendSubtree(leaf, 0, onNode)
  }

  /** The root over the next 2^height leaves. @param height divides the leaves that are there into whole subtrees */
  appendSubtree(root: Uint8Array, height: number, onNode?: OnNode): void {
    let hash = root
    let index = this.#size / 2 ** height
    let level = height
    onNode?.(level, index, hash)
    while (index % 2 === 1) {
      hash = nodeHash(this.#crypto, this.#peaks.pop() ?? hash, hash)
      index = (index - 1) / 2
      level++
      onNode?.(level, index, hash)
    }
    this.#peaks.push(hash)
    this.#size += 2 ** height
  }

  /** The tree's root; for an empty tree the hash of nothing. */
  root(): Uint8Array {
    const folded = this.#peaks.reduceRight<Uint8Array | null>(
      (right, left) => (right === null ? left : nodeHash(this.#crypto, left, right)),
      null,
    )
    return folded ?? emptyRoot(this.#crypto)
  }

  clone(): TreeFrontier {
    return new TreeFrontier(this.#crypto, this)
  }
}

/** Root of the tree without entries. */
export function emptyRoot(crypto: Hashing): Uint8Array {
  return crypto.sha256(new Uint8Array(0))
}

export function rootOf(crypto: Hashing, leafHashes: Iterable<Uint8Array>): Uint8Array {
  const frontier = new TreeFrontier(crypto)
  for (const leaf of leafHashes) frontier.append(leaf)
  return frontier.root()
}

/** Gives the root of the perfect subtree over entries index * 2^level to (index + 1) * 2^level. */
export type NodeReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>

/** Root over entries 0 to `size`, from the nodes of a tree that is at least as large. */
export async function rootFromNodes(crypto: Crypto, read: NodeReader, size: number): Promise<Uint8Array> {
  return size === 0 ? emptyRoot(crypto) : rangeRoot(crypto, read, 0, size)
}

/**
 * The audit path of entry `index` in the tree of `size` (RFC 9162 section 2.1.3.1), leaf's sibling first.
 * @throws {LogError} `PROOF_INVALID`: the tree has no such entry.
 */
export async function inclusionProof(
  crypto: Crypto,
  read: NodeReader,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  if (!isSize(index) || !isSize(size) || index >= size) {
    throw new LogError('PROOF_INVALID', `no entry ${index} in a tree of ${size}`)
  }
  const path: Promise<Uint8Array>[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      path.push(rangeRoot(crypto, read, middle, end))
      end = middle
    } else {
      path.push(rangeRoot(crypto, read, start, middle))
      start = middle
    }
  }
  return (await Promise.all(path)).reverse()
}

/**
 * Proof that the tree of `size2` extends the tree of `size1` (RFC 9162 section 2.1.4.1). Empty for equal sizes.
 * @throws {LogError} `PROOF_INVALID`: sizes out of order, or `size1` is 0 (nothing to be consistent with).
 */
export async function consistencyProof(
  crypto: Crypto,
  read: NodeReader,
  size1: number,
  size2: number,
): Promise<Uint8Array[]> {
  if (!isSize(size1) || !isSize(size2) || size1 < 1 || size1 > size2) {
    throw new LogError('PROOF_INVALID', `no consistency proof from ${size1} to ${size2}`)
  }
  const path: Promise<Uint8Array>[] = []
  let start = 0
  let end = size2
  while (end > size1) {
    const middle = start + splitOf(end - start)
    if (size1 <= middle) {
      path.push(rangeRoot(crypto, read, middle, end))
      end = middle
    } else {
      path.push(rangeRoot(crypto, read, start, middle))
      start = middle
    }
  }
  // While we stayed on the left edge the subtree is the old tree itself, and the verifier has its root.
  if (start > 0) path.push(rangeRoot(crypto, read, start, end))
  return (await Promise.all(path)).reverse()
}

export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Whether `leaf` (a leaf hash) is at `index` of the tree with this size and root. RFC 9162 section 2.1.3.2. */
export function verifyInclusion(crypto: Crypto, claim: InclusionClaim): boolean {
  const { index, size, leaf, root, proof } = claim
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, root], proof)) return false
  let at = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(crypto, sibling, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else {
      hash = nodeHash(crypto, hash, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(hash, root)
}

export interface ConsistencyClaim {
  readonly size1: number
  readonly size2: number
  readonly root1: Uint8Array
  readonly root2: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether the second tree extends the first. RFC 9162 section 2.1.4.2. A first tree of size 0 is refused: every
 * tree extends it, so a proof from it would prove nothing.
 */
export function verifyConsistency(crypto: Crypto, claim: ConsistencyClaim): boolean {
  const { size1, size2, root1, root2, proof } = claim
  if (!isSize(size1) || !isSize(size2) || size1 < 1 || size1 > size2) return false
  if (size1 === size2) return proof.length === 0 && equalBytes(root1, root2)
  if (!areHashes([root1, root2], proof)) return false
  const [first, ...rest] = isPowerOfTwo(size1) ? [root1, ...proof] : proof
  if (first === undefined || proof.length === 0) return false
  let at = size1 - 1
  let last = size2 - 1
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let older = first
  let newer = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      older = nodeHash(crypto, sibling, older)
      newer = nodeHash(crypto, sibling, newer)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)]
    } else {
      newer = nodeHash(crypto, newer, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(older, root1) && equalBytes(newer, root2)
}

/** Root over `start` to `end`, where `start` is a multiple of the smallest power of two not below the length. */
async function rangeRoot(crypto: Crypto, read: NodeReader, start: number, end: number): Promise<Uint8Array> {
  const length = end - start
  if (isPowerOfTwo(length)) return read(Math.log2(length), start / length)
  const middle = start + splitOf(length)
  const [left, right] = await Promise.all([
    rangeRoot(crypto, read, start, middle),
    rangeRoot(crypto, read, middle, end),
  ])
  return nodeHash(crypto, left, right)
}

/** The largest power of two below `length`, for a length of at least 2. */
function splitOf(length: number): number {
  let split = 1
  while (split * 2 < length) split *= 2
  return split
}

function isPowerOfTwo(n: number): boolean {
  let rest = n
  while (rest > 1 && rest % 2 === 0) rest /= 2
  return rest === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

function areHashes(ends: readonly Uint8Array[], proof: readonly Uint8Array[]): boolean {
  return proof.length <= PROOF_HASHES_MAX && [...ends, ...proof].every((hash) => hash.length === HASH_BYTES)
}
