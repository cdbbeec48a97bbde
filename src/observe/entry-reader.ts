/** Entries from bytes, as folds take them: the log is our own and checked what it took, so schemas are not asked again. @module */
import { fromUtf8 } from '../core/encoding.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { Logged } from './fold.ts'

export class EntryReader {
  readonly #report: (error: unknown) => void
  /** Of the entry before: those of one transaction share their time. */
  #last = { text: '', time_ms: 0 }

  /** @param report hears of an entry that is no JSON */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** @returns null: it cannot be read */
  read(index: number, bytes: Uint8Array): Logged | null {
    try {
      const entry = JSON.parse(fromUtf8(bytes)) as AnyEntry
      if (this.#last.text !== entry.time) this.#last = { text: entry.time, time_ms: Date.parse(entry.time) }
      return { index, time_ms: this.#last.time_ms, entry }
    } catch (cause) {
      this.#report(new Error(`entry ${index} cannot be read`, { cause }))
      return null
    }
  }
}
