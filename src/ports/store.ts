/**
 * State and log in one database. Every implementation passes test/contract/store.ts.
 * The tables are dialect-agnostic: `src/registry` queries them through Kysely, a backend only brings the dialect.
 * @module
 */
import type { Kysely } from 'kysely'
import { CountersignError } from '../core/errors.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { EntrySource } from './entry-source.ts'
import type { Nodes } from './nodes.ts'
import type { Schema } from './schema.ts'

export type StoreErrorCode =
  'STORE_BUSY' | 'STORE_NOT_OURS' | 'STORE_TIMEOUT' | 'STORE_UNAVAILABLE' | 'STORE_VERSION'

export class StoreError extends CountersignError<StoreErrorCode> {}

/** An entry before the store has given it a time and an index. */
export type NewEntry = AnyEntry extends infer E ? (E extends AnyEntry ? Omit<E, 'v' | 'time'> : never) : never

export interface Tx {
  readonly db: Kysely<Schema>
  /**
   * The time of this transaction, milliseconds since 1970: also the time of the entries it appends. Never before that of
   * an earlier one, nor before a horizon that was told, whatever the clock does.
   */
  readonly now: number
  /**
   * Appends to the log inside this transaction. The entry is in the log once the transaction has committed: its own
   * `db` does not show it.
   * @returns the index the entry has if the transaction commits.
   * @throws {LogError} `ENTRY_INVALID`, `ENTRY_TOO_LARGE`
   */
  append(entry: NewEntry): Promise<number>
}

/** How long a key of {@link WriteOptions.once} is remembered at least, in milliseconds. */
export const ONCE_MS = 24 * 3600 * 1000
/** The longest key, in characters. */
export const ONCE_CHARS_MAX = 256

export interface WriteOptions {
  /** Until when it is worth beginning. A work that has begun is finished, whatever the signal says. */
  readonly deadline?: AbortSignal
  /**
   * The caller's name for this write, at most {@link ONCE_CHARS_MAX} characters. A second write of the same name within
   * {@link ONCE_MS} does not run, also after a restart and on another node: it gets what the first one returned, as JSON
   * gives it back. A work that threw has no name yet.
   */
  readonly once?: string
}

/** The sequencer of the log and the state beside it. */
export interface Store {
  /** The committed entries, as the publisher reads them. */
  readonly entries: EntrySource
  /** What the nodes on one database share besides; null where one process has the database for itself. */
  readonly nodes: Nodes | null
  /**
   * Runs `work` in a transaction, grouped with others that wait; resolves once it is durable. If `work` throws,
   * nothing of it stays and the others are not touched. Inside, use `tx.db` only. Works run one at a time, in the order
   * in which they were asked for, on all nodes together: each sees all that went before. A group begins as soon as
   * the last one is durable; nobody waits for a timer.
   * @throws {StoreError} `STORE_BUSY`: too many writers wait, nothing was begun. `STORE_TIMEOUT`: the deadline passed
   * while it waited, nothing was begun. `STORE_UNAVAILABLE`: it may or may not be stored.
   */
  write<T>(work: (tx: Tx) => Promise<T>, options?: WriteOptions): Promise<T>
  /** Reads outside a transaction. */
  query<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** What the clock says that entries get their times from, milliseconds since 1970; taken after the call. */
  now(): Promise<number>
  /**
   * A time, milliseconds since 1970, such that everything that is not durable yet, on any node, will carry a later one
   * or the same. Take it before a read to say as of when the read is complete.
   * @throws {StoreError} `STORE_UNAVAILABLE`: there is no such time to be had, so claim none
   */
  horizon(): Promise<number>
  /**
   * Called after each durable commit that appended, with the new size. On several nodes also after the commits of the
   * others, where a few may be told as one. @returns an unsubscribe function.
   */
  onCommit(listener: (size: number) => void): () => void
  close(): Promise<void>
}

/** The same store, written to by another way. It is an object of a class, whose methods no spread copies. */
export function withWrite(store: Store, write: Store['write']): Store {
  return {
    entries: store.entries,
    nodes: store.nodes,
    write,
    query: (work) => store.query(work),
    now: () => store.now(),
    horizon: () => store.horizon(),
    onCommit: (listener) => store.onCommit(listener),
    close: () => store.close(),
  }
}
