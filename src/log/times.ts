/** Times as entries spell them, read where they stand in a text. @module */
import { flat } from '../core/flat.ts'

/** `2026-03-01T09:30:00.000Z` */
export const TIME_CHARS = 24
const DAY_CHARS = 10
export const NO_TIME = -1

/** Reads times by the day that was read last: what is recorded together is mostly of one. */
export class Days {
  #day = ''
  #from_ms = 0

  /** @returns milliseconds; {@link NO_TIME}: no such time, or before 1970 */
  timeAt(text: string, at: number): number {
    const day = text.slice(at, at + DAY_CHARS)
    if (day !== this.#day && !this.#begin(day)) return NO_TIME
    const hour = digitsAt(text, at + 11, 2)
    const minute = digitsAt(text, at + 14, 2)
    const second = digitsAt(text, at + 17, 2)
    const rest = digitsAt(text, at + 20, 3)
    const isTime =
      hour < 24 &&
      minute < 60 &&
      second < 60 &&
      rest < 1000 &&
      text.charCodeAt(at + 10) === 0x54 &&
      text.charCodeAt(at + 13) === 0x3a &&
      text.charCodeAt(at + 16) === 0x3a &&
      text.charCodeAt(at + 19) === 0x2e &&
      text.charCodeAt(at + 23) === 0x5a
    return isTime ? this.#from_ms + ((hour * 60 + minute) * 60 + second) * 1000 + rest : NO_TIME
  }

  #begin(day: string): boolean {
    const from_ms = Date.parse(`${day}T00:00:00.000Z`)
    // Date.parse rolls 30 February over into March; a round trip does not.
    if (!(from_ms >= 0) || new Date(from_ms).toISOString().slice(0, DAY_CHARS) !== day) return false
    this.#day = flat(day)
    this.#from_ms = from_ms
    return true
  }
}

/** @returns more than any such number where a character is no digit */
function digitsAt(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return Infinity
    value = value * 10 + digit
  }
  return value
}
