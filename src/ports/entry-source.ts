/** What the publisher and readers of the log need of whatever stores the entries. @module */

export interface EntrySource {
  /** Number of committed entries: indices 0 to size - 1 exist, without a gap. */
  size(): Promise<number>
  /** The bytes of entries `start` (inclusive) to `end` (exclusive), in order. */
  read(start: number, end: number): Promise<Uint8Array[]>
}
