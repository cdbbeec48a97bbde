/** What a fact of a narrative is: words, and where they stand. spec/narratives.md (NAR-4). @module */

/** Entries that one fact names; the number of them is exact. */
export const ENTRIES_MAX = 6

export interface Evidence {
  /** By name. */
  readonly populations: readonly string[]
  /** By number. */
  readonly tests: readonly number[]
  /** Indices, the first of them. */
  readonly entries: readonly number[]
  readonly entries_n: number
  /** Of the pack. */
  readonly files: readonly string[]
}

export interface Fact {
  readonly said: string
  readonly evidence: Evidence
}

export const NONE: Evidence = { populations: [], tests: [], entries: [], entries_n: 0, files: [] }
