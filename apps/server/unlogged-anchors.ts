/**
 * Anchors that the index lists and the log does not name: what a crash between the two leaves, or a store that was away.
 * They are named late, from the first run on. spec/witness.md, ANC-3.
 * Invariant: the log is read once, in small ranges, before anything is added to it; what it names is not named again.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { IndexLine } from '../../src/log/anchored.ts'
import type { Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry, LogError } from '../../src/log/entries.ts'
import { rootAt } from '../../src/log/reader.ts'
import type { NewEntry, Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { SYSTEM } from '../../src/registry/context.ts'

/** Entries of one query: the database has other things to do. */
const RANGE = 4096
/** How long another node may take between its line of the index and its entry, in milliseconds. */
const SETTLE_MS = 5 * 60_000

export interface UnloggedAnchorsParts {
  readonly crypto: Crypto
  readonly store: Store
  readonly tiles: Pick<TileStore, 'read'>
}

export class UnloggedAnchors {
  readonly #parts: UnloggedAnchorsParts
  /** By hash. Null before the index was read. */
  #lines: Map<string, IndexLine> | null = null
  /** The first entry that was not looked at. */
  #next = 0

  constructor(parts: UnloggedAnchorsParts) {
    this.#parts = parts
  }

  /** Whether the index is still to be given. */
  get isUnknown(): boolean {
    return this.#lines === null
  }

  /** @param lines of the index as it was at the start */
  begin(lines: readonly IndexLine[]): void {
    this.#lines = new Map(lines.map((line) => [line.sha256, line]))
    // The entry that names an anchor comes after those that it is about.
    this.#next = lines.reduce((least, { size }) => Math.min(least, size), Infinity)
  }

  /** One that was added to the index and could not be logged. */
  add(line: IndexLine): void {
    if (this.#lines === null) return // the index has it, when it is read
    this.#lines.set(line.sha256, line)
    this.#next = Math.min(this.#next, line.size)
  }

  /**
   * Logs those that the log does not name.
   * @param head the public checkpoint; asked for only when there is something to log
   * @throws {LogError} `ANCHOR_INVALID`: one is of a larger tree than is public; the others are logged. `TILE_MISSING`
   */
  async log(now_ms: number, head: () => Promise<Checkpoint>, signal: AbortSignal): Promise<void> {
    const lines = this.#lines
    if (lines === null || lines.size === 0) return
    await this.#dropNamed(lines, signal)
    const settle_ms = this.#parts.store.nodes === null ? 0 : SETTLE_MS
    const due = [...lines.values()].filter(({ at }) => at * 1000 + settle_ms <= now_ms)
    const [first] = due
    if (!first) return
    const { size } = await head()
    for (const line of due.filter((each) => each.size <= size)) {
      if (signal.aborted) return
      await this.#append(line, size)
      lines.delete(line.sha256)
    }
    const ahead = due.find((each) => each.size > size)
    if (ahead) {
      throw new LogError(
        'ANCHOR_INVALID',
        `the index lists an anchor of ${ahead.size} entries, ${size} are public`,
      )
    }
  }

  async #dropNamed(lines: Map<string, IndexLine>, signal: AbortSignal): Promise<void> {
    const { store } = this.#parts
    const size = await store.entries.size()
    while (this.#next < size && !signal.aborted) {
      const [first, end] = [this.#next, Math.min(this.#next + RANGE, size)]
      const rows = await store.query((db) =>
        db
          .selectFrom('entries')
          .select('bytes')
          .where('idx', '>=', first)
          .where('idx', '<', end)
          .where('type', '=', 'log.anchored')
          .execute(),
      )
      for (const { bytes } of rows) {
        const entry = decodeEntry(bytes)
        if (entry.type === 'log.anchored') lines.delete(entry.body.sha256)
      }
      this.#next = end
    }
  }

  async #append(line: IndexLine, treeSize: number): Promise<void> {
    const { crypto, store, tiles } = this.#parts
    const root = await rootAt(crypto, tiles, line.size, treeSize)
    await store.write((tx) => tx.append(anchoredEntry(line, root)))
  }
}

/** What the log says of an anchor. */
export function anchoredEntry(line: IndexLine, root: Uint8Array): NewEntry {
  return { type: 'log.anchored', actor: SYSTEM, body: { ...line, root: base64url(root) } }
}
