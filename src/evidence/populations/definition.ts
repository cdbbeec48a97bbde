/** What a population is. spec/pack.md, PCK-1. @module */
import type { JsonObject } from '../../core/json.ts'
import type { EntryType } from '../../log/entries.ts'
import type { History } from '../history.ts'

/** Half-open, milliseconds since 1970. */
export interface Period {
  readonly from_ms: number
  readonly to_ms: number
}

export interface PopulationDefinition {
  readonly name: string
  /** Of the entries that may be items of it: what is left out is counted among these (POP-4). */
  readonly types: readonly EntryType[]
  readonly definition: string
  readonly query: string
  /** In the order of the log. Of what there may be millions of, a generator: rows are made anew for each reader. */
  rows(history: History, period: Period): Iterable<JsonObject>
  /** The same rows, told by what they share, where there may be millions: what they share is then written once. */
  readonly alike?: AlikeRows
}

export interface AlikeRows {
  /** Names of the members that each row has of its own. */
  readonly own: readonly string[]
  rows(history: History, period: Period): Iterable<AlikeRow>
}

/** A row of a kind. Good until the next one. */
export interface AlikeRow {
  readonly index: number
  /** Rows of one kind are the same but for their own members. Counted from 0. */
  readonly kind: number
  /** One of the kind. */
  like(): JsonObject
  /** Its own members, in the order of their names. */
  readonly values: readonly (string | number)[]
}

export function inPeriod(time: string, period: Period): boolean {
  return isIn(Date.parse(time), period)
}

export function isIn(time_ms: number, period: Period): boolean {
  return time_ms >= period.from_ms && time_ms < period.to_ms
}
