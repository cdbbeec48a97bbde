/**
 * Rows that come while a list is open, above the pages that were read. Invariant: no row is missing between the oldest
 * that is kept and the first page below {@link Arrivals.from}.
 * @module
 */

export interface Arrivals<T> {
  /** The newest first. */
  readonly rows: readonly T[]
  /** Index in the log below which the pages begin; null: where they were read first. */
  readonly from: number | null
  /** How many came in all. */
  readonly n: number
}

/** Kept on a screen: twelve seconds of ten thousand a minute. Beyond, the older half is left to the pages. */
export const KEPT_MAX = 2_000

export const NONE_CAME: Arrivals<never> = { rows: [], from: null, n: 0 }

/** @param came the newest first; what came before is passed over @param indexOf in the log, greater the later */
export function withArrived<T>(
  old: Arrivals<T>,
  came: readonly T[],
  indexOf: (row: T) => number,
  kept_max: number = KEPT_MAX,
): Arrivals<T> {
  const newest = old.rows[0] === undefined ? -1 : indexOf(old.rows[0])
  const fresh = came.filter((row) => indexOf(row) > newest)
  if (fresh.length === 0) return old
  const rows = [...fresh, ...old.rows]
  const n = old.n + fresh.length
  if (rows.length <= kept_max) return { rows, from: old.from, n }
  const kept = rows.slice(0, Math.ceil(kept_max / 2))
  const last = kept.at(-1)
  return { rows: kept, from: last === undefined ? old.from : indexOf(last), n }
}
