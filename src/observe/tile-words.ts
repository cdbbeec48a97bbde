/**
 * Which words may stand in which tile of entries, so that what is looked for in a long log is not looked for everywhere.
 * The outcome of a call has the words of its decision: who finds the one finds the other. spec/telemetry.md (TEL-19)
 * Invariant: a tile has a filter once all of its entries were taken, and that filter has all of their words.
 * @module
 */
import type { Kysely } from 'kysely'
import { bloomOf } from '../core/bloom.ts'
import type { AnyEntry } from '../log/entries.ts'
import { WORDS_VERSION, wordsOf } from '../log/search-words.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { chunks } from './chunks.ts'
import { loadCursor, saveCursor } from './cursors.ts'
import type { Fold, Logged } from './fold.ts'

/** Filters that wait to be stored. */
const WAITING_MAX = 500
/** Calls whose outcome is still to come: past it the oldest end without their words. */
const OPEN_MAX = 10_000
/** Entries that are taken again at most after a start, for the calls that were open. */
const AGAIN_MAX = 20_000

interface Open {
  readonly index: number
  readonly words: readonly string[]
}

export class TileWordsFold implements Fold {
  /** Other words begin at the first entry. */
  readonly name = `tile_words/${WORDS_VERSION}`
  #tile = 0
  #words = new Set<string>()
  /** Of the calls that ended in it, where the first was decided. */
  #since = Number.POSITIVE_INFINITY
  #done: { tile: number; version: number; filter: Uint8Array }[] = []
  /** By action, the oldest first. */
  #open = new Map<string, Open>()

  async load(db: Kysely<Schema>): Promise<number> {
    const next = await loadCursor(db, this.name)
    this.#tile = tileOf(next)
    this.#words = new Set()
    this.#since = Number.POSITIVE_INFINITY
    this.#done = []
    this.#open = new Map()
    return next
  }

  take({ index, entry }: Logged): void {
    this.#turnTo(tileOf(index))
    for (const word of wordsOf(entry)) this.#words.add(word)
    this.#follow(index, entry)
  }

  look(): void {
    // Nothing shows by its absence.
  }

  isFull(): boolean {
    return this.#done.length >= WAITING_MAX
  }

  async save(tx: Tx, next: number): Promise<void> {
    this.#turnTo(tileOf(next))
    for (const rows of chunks(this.#done))
      await tx.db
        .insertInto('tile_words')
        .values(rows)
        // One of these words that is taken again knows less of calls that have ended than then.
        .onConflict((at) =>
          at
            .column('tile')
            .doUpdateSet((eb) => ({ version: eb.ref('excluded.version'), filter: eb.ref('excluded.filter') }))
            .where('tile_words.version', '!=', WORDS_VERSION),
        )
        .execute()
    this.#done = []
    const [oldest] = this.#open.values()
    const first = Math.max(Math.min(oldest?.index ?? next, this.#since, next), next - AGAIN_MAX, 0)
    await saveCursor(tx, this.name, tileOf(first) * TILE_WIDTH)
  }

  /** The tile before is whole: entries come in order. */
  #turnTo(tile: number): void {
    if (tile === this.#tile) return
    this.#done.push({ tile: this.#tile, version: WORDS_VERSION, filter: bloomOf(this.#words) })
    this.#tile = tile
    this.#words = new Set()
    this.#since = Number.POSITIVE_INFINITY
  }

  #follow(index: number, entry: AnyEntry): void {
    if (entry.type !== 'receipt') return
    const { body } = entry
    if (body.kind === 'decision') {
      if (body.decision !== 'allow') return
      this.#open.set(body.action, { index, words: wordsOf(entry) })
      const [oldest] = this.#open.keys()
      if (this.#open.size > OPEN_MAX && oldest !== undefined) this.#open.delete(oldest)
      return
    }
    const open = this.#open.get(body.action)
    if (open === undefined) return
    for (const word of open.words) this.#words.add(word)
    this.#since = Math.min(this.#since, open.index)
    this.#open.delete(body.action)
  }
}

function tileOf(index: number): number {
  return Math.floor(index / TILE_WIDTH)
}
