/** Quarters of a year, by the calendar of UTC: `2026-Q3`. spec/reviews.md. Pure. @module */

/** How one is written. */
export const QUARTER = /^\d{4}-Q[1-4]$/

/** The one that a time lies in. */
export function quarterOf(time_ms: number): string {
  const time = new Date(time_ms)
  return `${String(time.getUTCFullYear()).padStart(4, '0')}-Q${Math.floor(time.getUTCMonth() / 3) + 1}`
}

/** Milliseconds, half-open. @param quarter one that {@link QUARTER} takes */
export function quarterBounds(quarter: string): { readonly from_ms: number; readonly to_ms: number } {
  const year = Number(quarter.slice(0, 4))
  const month = (Number(quarter.slice(-1)) - 1) * 3
  return { from_ms: Date.UTC(year, month), to_ms: Date.UTC(year, month + 3) }
}

/** Quarters that end after the one time, and not after the other, the earliest first. */
export function quartersEnding(after_ms: number, until_ms: number): string[] {
  const quarters: string[] = []
  for (let at_ms = after_ms; ;) {
    const quarter = quarterOf(at_ms)
    const { to_ms } = quarterBounds(quarter)
    if (to_ms > until_ms) return quarters
    quarters.push(quarter)
    at_ms = to_ms
  }
}
