/**
 * Which entries may be pruned, and whether what is missing of a log was announced by it. spec/retention.md.
 * Invariant: pure; what a verifier lets pass is exactly what a `log.pruned` entry of the same tree took away.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64url, equalBytes, utf8 } from '../core/encoding.ts'
import { decodeEntry, type AnyEntry, type EntryBody, type EntryType } from './entries.ts'
import { keptPath, mapPath, PrunedMap } from './kept.ts'
import { rootAt } from './reader.ts'
import type { TileReader } from './tile-file.ts'
import { TILE_WIDTH } from './tiles.ts'

/**
 * RET-2: the bulk of a log, on which no register and no later pack rests. Of receipts and heads some stay: those by which
 * a stream goes on.
 */
const PRUNABLE: ReadonlySet<EntryType> = new Set(['agent.statement_issued', 'receipt', 'receipt.head'])

/** Chooses the entries of a range that go. Tell it of all of them, in order. */
export class PruneChoice {
  readonly map: PrunedMap
  /** By point and epoch: the entry with the highest place of the stream, of receipts and of signed heads. */
  readonly #last = new Map<string, { readonly seq: number; readonly index: number }>()
  /** By action: the allow that has no outcome yet. */
  readonly #open = new Map<string, number>()
  readonly #owed: ReadonlyMap<string, number>

  /**
   * @param owed by `point/epoch`: from which place of a stream on a lease that is not settled yet rests on it (RET-2)
   */
  constructor(from: number, to: number, owed: ReadonlyMap<string, number> = new Map()) {
    this.map = PrunedMap.over(from, to)
    this.#owed = owed
  }

  add(index: number, entry: AnyEntry): void {
    if (!isPrunable(entry)) return
    this.map.set(index, !this.#isOwed(entry))
    if (entry.type === 'receipt.head') {
      const { point, epoch, seq } = entry.body.head
      this.#note(`head/${point}/${epoch}`, seq, index)
    }
    if (entry.type !== 'receipt') return
    const { body } = entry
    this.#note(`receipt/${body.point}/${body.epoch}`, body.seq, index)
    if (body.kind === 'decision' && body.decision === 'allow') this.#open.set(body.action, index)
    else this.#open.delete(body.action)
  }

  /** Once the range is over: which entries go. */
  end(): PrunedMap {
    for (const { index } of this.#last.values()) this.map.set(index, false)
    for (const index of this.#open.values()) this.map.set(index, false)
    return this.map
  }

  /** Whether every receipt is there says what may be given back, so those without a debit count too (LIM-8). */
  #isOwed(entry: AnyEntry): boolean {
    if (entry.type !== 'receipt') return false
    const { point, epoch, seq } = entry.body
    return seq >= (this.#owed.get(`${point}/${epoch}`) ?? Infinity)
  }

  #note(name: string, seq: number, index: number): void {
    const known = this.#last.get(name)
    if (known === undefined || known.seq < seq) this.#last.set(name, { seq, index })
  }
}

export function isPrunable({ type }: AnyEntry): boolean {
  return PRUNABLE.has(type)
}

/** Of the canonical JSON of each. */
const ENDING = utf8('"type":"log.pruned","v":1}')

type Body = EntryBody<'log.pruned'>

/** What is wrong with the gaps of a log. `ENTRY_MISSING`: nothing in the log took it away. */
export interface PruningFault {
  readonly code: 'ENTRY_MISSING' | 'PRUNING_INVALID'
  readonly message: string
  readonly index?: number
  readonly path?: string
}

/** What a `log.pruned` entry is held against. */
export interface PruningProofs {
  /** What entry `index` took away; null if there is none. */
  map(index: number): Promise<Uint8Array | null>
  /** Root of the first `size` entries; null where somebody else looks at it. */
  rootAt(size: number): Promise<Uint8Array | null>
}

/** As a published tree of `size` that has verified gives them. */
export function publishedProofs(crypto: Crypto, store: TileReader, size: number): PruningProofs {
  return {
    map: (index) => store.read(mapPath(index)),
    rootAt: (earlier) => rootAt(crypto, store, earlier, size),
  }
}

/** Holds the gaps of a log against its `log.pruned` entries. Tell it of all bundles and entries, in order. */
export class PruningCheck {
  readonly #crypto: Crypto
  /** By bundle: the places that are empty. */
  readonly #gaps = new Map<number, readonly number[]>()
  readonly #prunings: { readonly index: number; readonly body: Body }[] = []
  readonly #faults: PruningFault[] = []

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  /** End of the last range that was to be pruned. */
  get end(): number {
    return this.#prunings.at(-1)?.body.act.to ?? 0
  }

  /** A bundle of which something was pruned. @param gaps indices of the entries that are gone */
  bundle(first: number, gaps: readonly number[]): void {
    this.#gaps.set(first / TILE_WIDTH, gaps)
  }

  entry(index: number, entry: AnyEntry): void {
    if (entry.type !== 'log.pruned') return
    const { act, checkpoint } = entry.body
    const follows = act.from === this.end && act.from < act.to
    const inPlace = act.to <= checkpoint.size && checkpoint.size <= index && act.to % TILE_WIDTH === 0
    if (follows && inPlace) this.#prunings.push({ index, body: entry.body })
    else this.#say(`the range of entry ${index} does not follow the one before`, { index })
  }

  /** As {@link entry}, of entries that nobody has read: others than `log.pruned` are not looked into. */
  bytes(index: number, bytes: Uint8Array): void {
    const end = bytes.subarray(Math.max(0, bytes.length - ENDING.length))
    if (equalBytes(end, ENDING)) this.entry(index, decodeEntry(bytes))
  }

  /** Once the tree has verified. */
  async finish(proofs: PruningProofs): Promise<readonly PruningFault[]> {
    const { end } = this
    for (const [bundle, [gap]] of this.#gaps)
      if (bundle * TILE_WIDTH >= end) this.#missing(bundle, gap ?? bundle * TILE_WIDTH)
    for (const { index, body } of this.#prunings) {
      const root = await proofs.rootAt(body.checkpoint.size)
      if (root !== null && base64url(root) !== body.checkpoint.root)
        this.#say(`the checkpoint that entry ${index} names is not of this log`, { index })
      await this.#compare(proofs, index, body)
    }
    return this.#faults
  }

  async #compare(proofs: PruningProofs, index: number, { act }: Body): Promise<void> {
    const [first, end] = [act.from / TILE_WIDTH, act.to / TILE_WIDTH]
    const gaps = [...this.#gaps].filter(([bundle]) => first <= bundle && bundle < end)
    if (gaps.length === 0) return
    const path = mapPath(index)
    const bytes = await proofs.map(index)
    const map = bytes && new PrunedMap(act.from, bytes)
    if (map === null || map.end !== act.to || map.digest(this.#crypto) !== act.map) {
      this.#say(`${path} is not the map that entry ${index} names`, { index, path })
      return
    }
    for (const [bundle, missing] of gaps) {
      const there = PrunedMap.over(bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH)
      for (const each of missing) there.set(each, true)
      const from = (bundle - first) * there.bytes.length
      if (equalBytes(there.bytes, map.bytes.subarray(from, from + there.bytes.length))) continue
      this.#missing(bundle, missing.find((each) => !map.has(each)) ?? bundle * TILE_WIDTH)
    }
  }

  #missing(bundle: number, index: number): void {
    const message = `entry ${index} was removed, and nothing in the log says that it was pruned`
    this.#faults.push({ code: 'ENTRY_MISSING', message, index, path: keptPath(bundle) })
  }

  #say(message: string, where: { readonly index: number; readonly path?: string }): void {
    this.#faults.push({ code: 'PRUNING_INVALID', message, ...where })
  }
}
