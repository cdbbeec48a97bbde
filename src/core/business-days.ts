/** Monday to Friday, by the calendar of UTC: holidays differ by place, and no log knows them. @module */

const DAY_MS = 86_400_000

/** The same time of day, so many business days later. */
export function businessDaysAfter(from_ms: number, days: number): number {
  let at_ms = from_ms
  for (let left = days; left > 0;) {
    at_ms += DAY_MS
    const weekday = new Date(at_ms).getUTCDay()
    if (weekday !== 0 && weekday !== 6) left--
  }
  return at_ms
}
