/**
 * A fold: what the control plane makes of its own log as it grows. Telemetry, detectors and drift are folds.
 * Invariant: state is a function of the entries that were taken and of the times that were looked at, in order, so that
 * who has the log comes to the same findings.
 * @module
 */
import type { Kysely } from 'kysely'
import type { AlertRule } from '../core/alert.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'

export interface Logged {
  readonly index: number
  /** Of the entry, milliseconds since 1970. */
  readonly time_ms: number
  readonly entry: AnyEntry
}

/** What deserves an alert. The same key twice is one finding: a fold may come by the same place again after a crash. */
export interface Finding {
  readonly rule: AlertRule
  /** At most 256 characters. */
  readonly key: string
  /** What it is about: an agent, a point, a delegation. */
  readonly subject: string | null
  readonly detail: Readonly<Record<string, string | number>>
  /** Indices of the entries that say so, at most 16. */
  readonly entries: readonly number[]
  /** It is a test of its detector (DET-5). */
  readonly canary?: true
}

export interface Fold {
  /** Its row among the cursors. */
  readonly name: string
  /** Takes up where {@link save} left off. @returns the index of the first entry that it has not taken */
  load(db: Kysely<Schema>): Promise<number>
  /** Must not await: it is on the way of every receipt. */
  take(one: Logged, found: (finding: Finding) => void): void
  /** About once a second: for what shows by its absence. */
  look(now_ms: number, found: (finding: Finding) => void): void
  /** Whether so much waits to be saved that it should not wait until it is due. */
  isFull?(): boolean
  /** @param next index of the first entry that it has not taken: stored in the same transaction as its state */
  save(tx: Tx, next: number): Promise<void>
}
