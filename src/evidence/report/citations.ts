/**
 * What a document rests on: every entry that it names, with a place of its own in the document and the text of the
 * entry as the log has it. spec/report.md (RPT-3).
 * @module
 */
import { decodeEntry, LogError, type AnyEntry } from '../../log/entries.ts'
import { fromUtf8 } from '../../core/encoding.ts'
import { splitBundle, TILE_WIDTH, tileAt, tilePath } from '../../log/tiles.ts'
import { keptPath } from '../../log/kept.ts'
import type { Block, Link } from './document.ts'

/** Entries whose text a document shows; of what is over, the place in the log alone. */
const TEXTS_MAX = 20_000

export interface EntryFiles {
  /** Of the tree. */
  readonly size: number
  has(file: string): boolean
  get(file: string): Uint8Array | undefined
}

export class Citations {
  readonly #files: EntryFiles
  readonly #cited = new Set<number>()
  /** What was read last: entries are asked for in their order, and bundles of a whole log would fill the memory. */
  #bundle: { readonly number: number; readonly entries: readonly Uint8Array[] } | null = null

  constructor(files: EntryFiles) {
    this.#files = files
  }

  entry(index: number): Link {
    this.#cited.add(index)
    return { text: `entry ${index}`, to: `#e${index}` }
  }

  entries(indices: readonly number[]): Link[] {
    return indices.map((index) => this.entry(index))
  }

  get count(): number {
    return this.#cited.size
  }

  /** Ascending: where each stands in the pack, and what it says. */
  blocks(): Block[] {
    return [...this.#cited]
      .sort((a, b) => a - b)
      .map((index, i): Block => {
        const { file, place } = this.#placeOf(index)
        return {
          kind: 'source',
          id: `e${index}`,
          title: `Entry ${index}: ${file}, number ${place} of its bundle, counted from 0`,
          text: i < TEXTS_MAX ? this.#textOf(index) : 'not shown here: see the file',
        }
      })
  }

  /** What an entry says; null: not in this pack, or not readable. */
  read(index: number): AnyEntry | null {
    const bytes = this.#bytesOf(index)
    try {
      return bytes === undefined || bytes.length === 0 ? null : decodeEntry(bytes)
    } catch (error) {
      // The verifier says so of the entry itself; no document rests on it.
      if (error instanceof LogError) return null
      throw error
    }
  }

  #placeOf(index: number): { readonly file: string; readonly place: number } {
    const bundle = Math.floor(index / TILE_WIDTH)
    const whole = tilePath(tileAt('entries', bundle, this.#files.size))
    const file = this.#files.has(whole) ? whole : keptPath(bundle)
    return { file, place: index % TILE_WIDTH }
  }

  #textOf(index: number): string {
    const bytes = this.#bytesOf(index)
    return bytes === undefined || bytes.length === 0 ? 'not in this pack: it was pruned' : fromUtf8(bytes)
  }

  #bytesOf(index: number): Uint8Array | undefined {
    const bundle = Math.floor(index / TILE_WIDTH)
    const { file, place } = this.#placeOf(index)
    if (this.#bundle?.number !== bundle) {
      const { entries } = splitBundle(this.#files.get(file) ?? new Uint8Array(0))
      this.#bundle = { number: bundle, entries }
    }
    return this.#bundle.entries[place]
  }
}
