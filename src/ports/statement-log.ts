/** Where an enforcement point keeps the statements that hold, over restarts. spec/kill.md (KIL-3). @module */

/** Append-only and durable; one process at a time. Every implementation passes test/contract/statement-log.ts. */
export interface StatementLog {
  /** What it held when it was opened, in the order in which it was appended. */
  readonly kept: readonly string[]
  /**
   * Durable once it resolves. One at a time: the next is called when the last has settled.
   * @param text one line
   * @throws {SpoolError} `SPOOL_FULL`, `SPOOL_UNAVAILABLE`: it may be stored; to append it again does no harm.
   */
  append(text: string): Promise<void>
  close(): Promise<void>
}
