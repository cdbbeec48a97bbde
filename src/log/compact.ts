/**
 * Compact ranges: entries `begin` to `end` of a tree as the hashes of its fewest perfect subtrees. Ranges that touch
 * merge without their entries, so parts of a tree can be hashed apart and put together. spec/log.md, LOG-36.
 * Invariant: pure; one range has one form, however it was put together.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { LogError } from './entries.ts'
import { emptyRoot, HASH_BYTES, nodeHash } from './merkle.ts'

/** A perfect subtree over entries index * 2^level to (index + 1) * 2^level. */
interface Subtree {
  readonly level: number
  readonly index: number
}

interface Node extends Subtree {
  readonly hash: Uint8Array
}

export class CompactRange {
  readonly #crypto: Crypto
  readonly #nodes: Node[]
  readonly begin: number
  #end: number

  private constructor(crypto: Crypto, begin: number, end: number, nodes: Node[]) {
    this.#crypto = crypto
    this.begin = begin
    this.#end = end
    this.#nodes = nodes
  }

  /** The range without entries before entry `begin`. */
  static empty(crypto: Crypto, begin = 0): CompactRange {
    return CompactRange.of(crypto, begin, begin, [])
  }

  /**
   * From hashes as {@link CompactRange.hashes} gives them.
   * @throws {LogError} `PROOF_INVALID`: not a range, or not as many hashes of 32 bytes as it has subtrees
   */
  static of(crypto: Crypto, begin: number, end: number, hashes: readonly Uint8Array[]): CompactRange {
    const isRange = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin <= end
    const parts = isRange ? subtreesOf(begin, end) : []
    if (!isRange || hashes.length !== parts.length || hashes.some((hash) => hash.length !== HASH_BYTES)) {
      throw new LogError('PROOF_INVALID', 'not the hashes of a compact range')
    }
    const nodes = parts.map((part, i) => ({ ...part, hash: hashes[i] ?? new Uint8Array(0) }))
    return new CompactRange(crypto, begin, end, nodes)
  }

  /** Index of the entry after the last one. */
  get end(): number {
    return this.#end
  }

  /** Roots of the subtrees, from the left. */
  hashes(): Uint8Array[] {
    return this.#nodes.map(({ hash }) => hash)
  }

  /** Adds the leaf hash of entry `end`. */
  append(leaf: Uint8Array): void {
    this.#push({ level: 0, index: this.#end, hash: leaf })
  }

  /**
   * Adds the entries of a range that begins where this one ends.
   * @throws {LogError} `PROOF_INVALID`: it begins elsewhere
   */
  merge(next: CompactRange): void {
    if (next.begin !== this.#end)
      throw new LogError('PROOF_INVALID', `entries ${next.begin} on do not follow entry ${this.#end - 1}`)
    for (const node of next.#nodes) this.#push(node)
  }

  /**
   * Root of the tree of the first `end` entries.
   * @throws {LogError} `PROOF_INVALID`: the range begins later
   */
  root(): Uint8Array {
    if (this.begin !== 0) throw new LogError('PROOF_INVALID', 'a range that begins later has no root')
    const folded = this.#nodes.reduceRight<Uint8Array | null>(
      (right, { hash }) => (right === null ? hash : nodeHash(this.#crypto, hash, right)),
      null,
    )
    return folded ?? emptyRoot(this.#crypto)
  }

  #push(added: Node): void {
    this.#end = (added.index + 1) * 2 ** added.level
    let node = added
    for (let last = this.#nodes.at(-1); last !== undefined; last = this.#nodes.at(-1)) {
      if (last.level !== node.level || node.index % 2 === 0) break
      this.#nodes.pop()
      const hash = nodeHash(this.#crypto, last.hash, node.hash)
      node = { level: node.level + 1, index: (node.index - 1) / 2, hash }
    }
    this.#nodes.push(node)
  }
}

/** The fewest perfect subtrees that cover the range: they grow from the left, then shrink. */
function subtreesOf(begin: number, end: number): Subtree[] {
  const parts: Subtree[] = []
  for (let at = begin; at < end;) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++
    parts.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return parts
}
