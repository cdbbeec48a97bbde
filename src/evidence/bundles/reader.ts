/**
 * Reads bundles of entries of a pack, one after the other: unpacks, hashes, and reads receipts into columns.
 * Invariant: what it returns is what the thread that asked would have found; of all else it says nothing but null.
 * @module
 */
import { sha256Later } from '../../core/digest.ts'
import type { Crypto } from '../../core/crypto.ts'
import { CoreError } from '../../core/errors.ts'
import { fromUtf8, hex } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import { EntryReader, type ReadEntry } from '../../log/entry-reader.ts'
import { HASH_BYTES, leafHash, TreeFrontier } from '../../log/merkle.ts'
import type { OwnMembers, ReceiptKind } from '../../log/receipt-texts.ts'
import { encodeBundle, splitBundle, TILE_WIDTH } from '../../log/tiles.ts'
import type { Codec } from '../../ports/codec.ts'
import { PackError } from '../errors.ts'
import { unpack } from '../pack/unzip.ts'
import { DIGESTS, NUMBERS, OTHER, type BundleJob, type ReadBundle } from './job.ts'

const PREFIX_BYTES = 2
const SPACE = 0x20

export class BundleReader {
  readonly #crypto: Crypto
  readonly #codec: Codec
  readonly #entries = new EntryReader()
  readonly #used = new Set<ReceiptKind>()

  constructor(crypto: Crypto, codec: Codec) {
    this.#crypto = crypto
    this.#codec = codec
  }

  /** One after the other, in the order of the log: what is like a receipt is known from those before it. */
  async read({ bundle, hashes }: BundleJob): Promise<ReadBundle | null> {
    try {
      const [bytes, tile] = [await unpack(bundle, this.#codec), await unpack(hashes, this.#codec)]
      const { entries, whole } = splitBundle(bytes)
      if (!whole || entries.length !== TILE_WIDTH || tile.length !== TILE_WIDTH * HASH_BYTES) return null
      const root = this.#rootOf(entries, tile)
      if (root === null) return null
      const sha256 = {
        bundle: hex(await sha256Later(this.#crypto, bytes)),
        hashes: hex(this.#crypto.sha256(tile)),
      }
      return { root, sha256, ...this.#rows(entries, textsOf(bytes, entries)) }
    } catch (error) {
      if (error instanceof PackError) return null
      throw error
    }
  }

  /** Null: an entry is not at its place in the tile. */
  #rootOf(entries: readonly Uint8Array[], tile: Uint8Array): Uint8Array | null {
    const frontier = new TreeFrontier(this.#crypto)
    let start = 0
    for (const entry of entries) {
      const leaf = leafHash(this.#crypto, entry)
      for (let at = 0; at < HASH_BYTES; at++) if (leaf[at] !== tile[start + at]) return null
      start += HASH_BYTES
      frontier.append(leaf)
    }
    return frontier.root()
  }

  #rows(
    entries: readonly Uint8Array[],
    texts: readonly string[] | null,
  ): Omit<ReadBundle, 'root' | 'sha256'> {
    const kinds = new Int32Array(entries.length).fill(OTHER)
    const numbers = new Float64Array(entries.length * NUMBERS)
    const digests = new Uint8Array(entries.length * DIGESTS * HASH_BYTES)
    const learned: ReceiptKind[] = []
    const actions: string[] = []
    const others: Uint8Array[] = []
    for (let i = 0; i < entries.length; i++) {
      const bytes = entries[i] ?? new Uint8Array(0)
      const read = this.#entryOf(bytes, texts?.[i])
      const own = read?.own ?? null
      if (read === null || own === null || own.kind === null) {
        others.push(bytes)
        continue
      }
      if (!this.#used.has(own.kind)) {
        this.#used.add(own.kind)
        learned.push({ number: own.kind.number, entry: own.kind.entry })
      }
      kinds[i] = own.kind.number
      writeNumbers(own, numbers, actions.length * NUMBERS)
      const at = actions.length * DIGESTS * HASH_BYTES
      digests.set(own.args_commit, at)
      digests.set(own.prev_hash, at + HASH_BYTES)
      digests.set(this.#crypto.sha256(read.body), at + 2 * HASH_BYTES)
      actions.push(own.action)
    }
    return {
      kinds,
      learned,
      numbers,
      digests,
      // An action is text that JSON writes as it is: no line feed is in it.
      actions: actions.join('\n'),
      others: encodeBundle(others),
    }
  }

  /** Null: it is not valid, which whoever asked finds and says. */
  #entryOf(bytes: Uint8Array, text: string | undefined): ReadEntry | null {
    try {
      return text === undefined ? this.#entries.read(bytes) : this.#entries.read(bytes, text)
    } catch (error) {
      if (error instanceof LogError) return null
      throw error
    }
  }
}

/** In the order in which add.ts reads them. */
function writeNumbers(own: OwnMembers, numbers: Float64Array, at: number): void {
  numbers[at] = own.logged_ms
  numbers[at + 1] = own.time_ms
  numbers[at + 2] = own.seq
  numbers[at + 3] = own.age_ms
  numbers[at + 4] = own.epoch
  numbers[at + 5] = own.head
  numbers[at + 6] = own.t
}

/** Of all entries at once, which costs much less than each by itself. Null: some are more than one byte a character. */
function textsOf(bytes: Uint8Array, entries: readonly Uint8Array[]): string[] | null {
  const spaced = bytes.slice()
  let at = 0
  for (const entry of entries) {
    spaced.fill(SPACE, at, at + PREFIX_BYTES)
    at += PREFIX_BYTES + entry.length
  }
  const text = textOf(spaced)
  if (text?.length !== bytes.length) return null
  at = 0
  return entries.map(({ length }) => {
    const from = at + PREFIX_BYTES
    at = from + length
    return text.slice(from, at)
  })
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (error instanceof CoreError) return null
    throw error
  }
}
