/** A population over one history and period, made row by row and never held as a whole. spec/pack.md, PCK-2. @module */
import type { Crypto } from '../../core/crypto.ts'
import { sha256Parts } from '../../core/digest.ts'
import { hex, utf8 } from '../../core/encoding.ts'
import { canonicalize, type JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import { linesAlike } from './alike.ts'
import { csvAlike, csvOf } from './csv.ts'
import { isIn, type AlikeRow, type AlikeRows, type Period, type PopulationDefinition } from './definition.ts'

/** Characters that are put into bytes at once. */
const PART_CHARS = 64 * 1024

export interface PopulationDigest {
  readonly count: number
  /** Hex, of the JSON Lines. */
  readonly sha256: string
  /** Entries of its types in the period that a row is about (POP-4). */
  readonly items_n: number
  /** Names of the members that some row has. */
  readonly columns: ReadonlySet<string>
}

export class Population {
  readonly of: PopulationDefinition
  readonly #crypto: Crypto
  readonly #make: () => Iterable<JsonObject>
  readonly #alike: (alike: AlikeRows) => Iterable<AlikeRow>
  readonly #isItem: (index: number) => boolean
  #digest: PopulationDigest | null = null

  constructor(crypto: Crypto, of: PopulationDefinition, history: History, period: Period) {
    this.of = of
    this.#crypto = crypto
    const types: ReadonlySet<string> = new Set(of.types)
    this.#isItem = (index) => {
      const place = history.tested.placeOf(index)
      return place !== undefined && types.has(place.type) && isIn(place.time_ms, period)
    }
    this.#alike = (alike) => alike.rows(history, period)
    const made = of.rows(history, period)
    this.#make = Array.isArray(made) ? () => made : () => of.rows(history, period)
  }

  get name(): string {
    return this.of.name
  }

  get rows(): Iterable<JsonObject> {
    return this.#make()
  }

  /** Of those that are told by what they share; null: of this population none are. */
  get alike(): { readonly own: readonly string[]; readonly rows: () => Iterable<AlikeRow> } | null {
    const { alike } = this.of
    return alike === undefined ? null : { own: alike.own, rows: () => this.#alike(alike) }
  }

  /** JSON Lines: one JCS object a line, each line ended. Who reads them to the end has them counted and hashed. */
  *lines(): Generator<Uint8Array> {
    const digest = sha256Parts(this.#crypto)
    const tally = new Tally(this.#isItem)
    const { alike } = this.of
    const lines =
      alike === undefined
        ? linesOf(this.rows, tally)
        : linesAlike(tally.alike(this.#alike(alike)), alike.own, lineOf, '"')
    for (const part of partsOf(lines)) {
      digest.update(part)
      yield part
    }
    const { count, items_n, columns } = tally
    this.#digest = { count, sha256: hex(digest.digest()), items_n, columns }
  }

  /** RFC 4180. */
  csv(): Generator<Uint8Array> {
    const { alike } = this.of
    const { columns } = this.digest
    if (alike === undefined) return partsOf(csvOf(this.rows, columns))
    return partsOf(csvAlike(this.#alike(alike), alike.own, columns))
  }

  get digest(): PopulationDigest {
    const parts = this.#digest === null ? this.lines() : []
    for (const _ of parts);
    if (this.#digest === null) throw new TypeError('a population that was read is digested')
    return this.#digest
  }
}

/** What a population's digest says besides the digest. */
class Tally {
  readonly #isItem: (index: number) => boolean
  readonly columns = new Set<string>()
  count = 0
  items_n = 0
  /** Rows are in the order of the log: those about one entry stand together. */
  #last: unknown = null

  constructor(isItem: (index: number) => boolean) {
    this.#isItem = isItem
  }

  add(index: unknown): void {
    this.count++
    if (typeof index === 'number' && index !== this.#last && this.#isItem(index)) this.items_n++
    this.#last = index
  }

  addNames(row: JsonObject): void {
    for (const name in row) this.columns.add(name)
  }

  *alike(rows: Iterable<AlikeRow>): Generator<AlikeRow> {
    let kinds_n = 0
    for (const row of rows) {
      this.add(row.index)
      if (row.kind >= kinds_n) {
        kinds_n = row.kind + 1
        this.addNames(row.like())
      }
      yield row
    }
  }
}

function* linesOf(rows: Iterable<JsonObject>, tally: Tally): Generator<string> {
  for (const row of rows) {
    tally.add(row.index)
    tally.addNames(row)
    yield lineOf(row)
  }
}

function lineOf(row: JsonObject): string {
  return `${canonicalize(row)}\n`
}

/** Texts one after the other, in UTF-8, in parts that are worth writing. */
export function* partsOf(texts: Iterable<string>): Generator<Uint8Array> {
  let part = ''
  for (const text of texts) {
    part += text
    if (part.length < PART_CHARS) continue
    yield utf8(part)
    part = ''
  }
  if (part !== '') yield utf8(part)
}
