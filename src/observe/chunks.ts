/** Rows of one statement. @module */

/** Some thousand parameters, which both databases take. */
export const ROWS_MAX = 500

export function* chunks<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) yield rows.slice(at, at + ROWS_MAX)
}
