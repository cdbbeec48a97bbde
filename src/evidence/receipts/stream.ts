/** Receipts of one point's epoch, as rows of a table. @module */
import { Column } from './columns.ts'

/** A point's epoch: its receipts, in the order of the log. */
export interface StreamRows {
  readonly id: number
  readonly point: string
  readonly epoch: number
  readonly rows: Column
  /** Of the last receipt; null: there is none. */
  lastSeq: number | null
  /** Whether they came in the order of their sequence numbers. */
  isAscending: boolean
  /** In that order, where they did not and were asked for. */
  sorted: Uint32Array | null
}

/** What receipts that say the same have in common: their stream, and the number of their shape. */
export interface Like {
  readonly stream: StreamRows
  readonly shape: number
}

export function emptyStream(id: number, point: string, epoch: number): StreamRows {
  return { id, point, epoch, rows: Column.counts(), lastSeq: null, isAscending: true, sorted: null }
}
