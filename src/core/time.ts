/**
 * Time: milliseconds inside, RFC 3339 UTC with milliseconds in entries, whole seconds in tokens (NumericDate).
 * @module
 */
import { CoreError } from './errors.ts'

/** How far a token's times may lie from our clock, either way, in seconds. Token times only. */
export const CLOCK_SKEW_MAX_S = 60

const RFC3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/

/** The last second that a date can have (13 September of the year 275760): beyond it there is no text for a time. */
export const TIME_S_MAX = 8_640_000_000_000

/** The day and the millisecond that were spelled last: what is recorded together is mostly of one. */
let day = { from_ms: Number.NaN, text: '' }
let spelled = { time_ms: Number.NaN, text: '' }
const DAY_MS = 86_400_000
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))
const THREE_DIGITS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

/** e.g. `2026-03-01T09:30:00.000Z` */
export function rfc3339(time_ms: number): string {
  if (spelled.time_ms === time_ms) return spelled.text
  const whole_ms = Math.trunc(time_ms) // as a Date takes it
  let within_ms = whole_ms - day.from_ms
  if (!(within_ms >= 0 && within_ms < DAY_MS)) {
    const text = new Date(time_ms).toISOString()
    within_ms = ((whole_ms % DAY_MS) + DAY_MS) % DAY_MS
    day = { from_ms: whole_ms - within_ms, text: text.slice(0, -'00:00:00.000Z'.length) }
  }
  const second = Math.trunc(within_ms / 1000)
  const minute = Math.trunc(second / 60)
  const hour = Math.trunc(minute / 60)
  const clock = `${TWO_DIGITS[hour]}:${TWO_DIGITS[minute - hour * 60]}:${TWO_DIGITS[second - minute * 60]}`
  spelled = { time_ms, text: `${day.text}${clock}.${THREE_DIGITS[within_ms - second * 1000]}Z` }
  return spelled.text
}

/**
 * Reads the one time format we write: UTC, `Z`, at most milliseconds.
 * @throws {CoreError} `TIME_INVALID`: another format, or a day that does not exist.
 */
export function parseRfc3339(text: string): number {
  const time_ms = RFC3339_UTC.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse rolls 30 February over into March; a round trip does not.
  if (Number.isNaN(time_ms) || rfc3339(time_ms).slice(0, 19) !== text.slice(0, 19)) {
    throw new CoreError('TIME_INVALID', 'not an RFC 3339 UTC time such as 2026-03-01T09:30:00Z')
  }
  return time_ms
}

export function seconds(time_ms: number): number {
  return Math.floor(time_ms / 1000)
}
