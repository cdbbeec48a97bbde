/** Where a point keeps what was read in the domains that it holds, over a crash. spec/flow.md (FLW-17). @module */

/** One text, replaced as a whole; one process at a time. Every implementation passes test/contract/taint-file.ts. */
export interface TaintFile {
  /** What was saved last when it was opened; null: nothing, or nothing that reads. */
  readonly kept: string | null
  /**
   * Durable once it resolves: a crash leaves this text or the one before. One at a time: the next is called when the last
   * has settled.
   * @throws {SpoolError} `SPOOL_UNAVAILABLE`: either of the two may be stored
   */
  save(text: string): Promise<void>
}
