/** What the publisher and readers of the log need of whatever stores the entries. @module */

export interface EntrySource {
  /** Number of committed entries: indices 0 to size - 1 exist, without a gap. */
  size(): Promise<number>
  /** The bytes of entries `start` (inclusive) to `end` (exclusive), in order. One that was pruned is empty (RET-6). */
  read(start: number, end: number): Promise<Uint8Array[]>
  /**
   * The 256 leaf hashes of entry bundle `index` once it was pruned, so that the tree is still what the source gives;
   * null while it is whole.
   */
  hashes(index: number): Promise<Uint8Array | null>
}
