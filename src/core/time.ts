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

/** The minute and the millisecond that were spelled last: a busy process records many things in one. */
let minute = { from_ms: Number.NaN, text: '' }
let spelled = { time_ms: Number.NaN, text: '' }
const MINUTE_MS = 60_000
/** `00.` to `59.` and `000Z` to `999Z` */
const SECONDS = Array.from({ length: 60 }, (_, n) => `${String(n).padStart(2, '0')}.`)
const MILLISECONDS = Array.from({ length: 1000 }, (_, n) => `${String(n).padStart(3, '0')}Z`)

/** e.g. `2026-03-01T09:30:00.000Z` */
export function rfc3339(time_ms: number): string {
  if (spelled.time_ms === time_ms) return spelled.text
  const whole_ms = Math.trunc(time_ms) // as a Date takes it
  let within_ms = whole_ms - minute.from_ms
  if (!(within_ms >= 0 && within_ms < MINUTE_MS)) {
    const text = new Date(time_ms).toISOString()
    within_ms = ((whole_ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS
    minute = { from_ms: whole_ms - within_ms, text: text.slice(0, -'00.000Z'.length) }
  }
  const second = Math.trunc(within_ms / 1000)
  const rest = `${SECONDS[second]}${MILLISECONDS[within_ms - second * 1000]}`
  spelled = { time_ms, text: minute.text + rest }
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
