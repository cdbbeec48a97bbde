/** What is said of the rows of a table: where they come from. spec/registers.md (REG-1). @module */
import type { Schema } from '../../ports/schema.ts'

export type TableName = keyof Schema
type Column<T extends TableName> = keyof Schema[T] & string

/**
 * `log`: every row and column. `partly`: but for what `missing` names.
 * `kept`: rows that the log only commits to: each is checked against it, none comes from it.
 * `transient`: questions and secrets that are open for a while and end by themselves; nothing that holds rests on them.
 */
export type Origin = 'log' | 'partly' | 'kept' | 'transient'

export interface TableRule<T extends TableName> {
  readonly from: Origin
  /** Names a row in a report, so never personal. */
  readonly key: readonly Column<T>[]
  /** Columns that an entry must not hold. */
  readonly missing: readonly Column<T>[]
  /** What a rebuilt database does without, and why the log does not have it; empty for `log`. */
  readonly why: string
}

export function log<T extends TableName>(...key: readonly Column<T>[]): TableRule<T> {
  return { from: 'log', key, missing: [], why: '' }
}
