/** Filters of tiles (TEL-19), for one that looks along the log. @module */
import type { Kysely } from 'kysely'
import { mayHave, sought, type Sought } from '../core/bloom.ts'
import { WORDS_VERSION } from '../log/search-words.ts'
import type { Schema } from '../ports/schema.ts'

/** Filters read at once: of ten tiles first, and of more where they help. */
const FIRST = 10
const MORE = 512

export class TileFilters {
  readonly #db: Kysely<Schema>
  readonly #words: readonly Sought[]
  readonly #anyOf: readonly Sought[]
  /** Of the tiles that were asked for, from the first to the last: those that have one. */
  #filters: ReadonlyMap<number, Uint8Array> = new Map()
  #read: { readonly first: number; readonly last: number } | null = null

  /**
   * @param words all of which stand in a tile that has what is looked for
   * @param anyOf one of which at least stands in it; none: it may be anywhere
   */
  constructor(db: Kysely<Schema>, words: readonly string[], anyOf: readonly string[] = []) {
    this.#db = db
    this.#words = words.map(sought)
    this.#anyOf = anyOf.map(sought)
  }

  /** @returns true: the tile has nothing that is looked for. To be asked of one tile after its neighbour. */
  async ruleOut(tile: number): Promise<boolean> {
    if (this.#words.length === 0 && this.#anyOf.length === 0) return false
    if (this.#read === null) await this.#readFrom(Math.max(0, tile - FIRST + 1), tile)
    else if (tile < this.#read.first) await this.#readFrom(Math.max(0, tile - MORE + 1), tile)
    else if (tile > this.#read.last) await this.#readFrom(tile, tile + MORE - 1)
    const filter = this.#filters.get(tile)
    return filter !== undefined && !this.#fits(filter)
  }

  #fits(filter: Uint8Array): boolean {
    if (!this.#words.every((word) => mayHave(filter, word))) return false
    return this.#anyOf.length === 0 || this.#anyOf.some((word) => mayHave(filter, word))
  }

  async #readFrom(first: number, last: number): Promise<void> {
    const rows = await this.#db
      .selectFrom('tile_words')
      .select(['tile', 'filter'])
      .where('version', '=', WORDS_VERSION)
      .where('tile', '>=', first)
      .where('tile', '<=', last)
      .execute()
    this.#filters = new Map(rows.map(({ tile, filter }) => [tile, filter]))
    this.#read = { first, last }
  }
}
