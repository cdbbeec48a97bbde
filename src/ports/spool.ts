/** Where an enforcement point keeps its records until the control plane has them. @module */
import { CountersignError } from '../core/errors.ts'

export type SpoolErrorCode = 'SPOOL_FULL' | 'SPOOL_LOCKED' | 'SPOOL_UNAVAILABLE'

export class SpoolError extends CountersignError<SpoolErrorCode> {}

/** The last record of the stream that a spool holds: where the next one continues. */
export interface SpoolPosition {
  readonly epoch: number
  readonly seq: number
  readonly hash: string
}

export interface SpoolRecord {
  readonly seq: number
  /** Hash of the receipt in it: the `prev_hash` of the next. */
  readonly hash: string
  /** JSON text of one line. */
  readonly text: string
}

/** Append-only and durable. One process at a time. Every implementation passes test/contract/spool.ts. */
export interface Spool {
  /** Null when the spool is empty; `damaged` when it cannot be read to its end: both need a new epoch (RCP-2). */
  readonly position: SpoolPosition | 'damaged' | null
  /**
   * Starts a stream. What was there is kept aside, out of reach of `read`: no control plane takes it any more.
   * @throws {SpoolError} when it cannot: then the earlier stream stands as it did, or nothing more is taken.
   */
  begin(epoch: number): Promise<void>
  /**
   * Durable once it resolves: calls made in one turn share one fsync.
   * @param later nothing waits for this record: it may share the fsync of one that comes some milliseconds after it
   * @throws {SpoolError} `SPOOL_FULL`: no space. `SPOOL_UNAVAILABLE`: a write failed; the record may be stored.
   */
  append(record: SpoolRecord, later?: boolean): Promise<void>
  /** Records of the present epoch with `seq` above `after`, in order, at most `count`. */
  read(after: number, count: number): Promise<SpoolRecord[]>
  /** The control plane has everything up to `seq`: space may be freed. */
  acknowledge(seq: number): Promise<void>
  close(): Promise<void>
}
