/**
 * Periods of cumulative limits: their names, how long they are, which is longer. spec/limits.md (LIM-1 to LIM-3).
 * Pure: `now` is a value, and everything is in UTC.
 * @module
 */
import { rfc3339 } from './time.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** 1 to 527040 minutes, 1 to 8784 hours, 1 to 366 days. */
const MINUTES = '[1-9]\\d{0,4}|[1-4]\\d{5}|5[01]\\d{4}|52[0-6]\\d{3}|5270[0-3]\\d|527040'
const HOURS = '[1-9]\\d{0,2}|[1-7]\\d{3}|8[0-6]\\d{2}|87[0-7]\\d|878[0-4]'
const DAYS = '[1-9]\\d?|[12]\\d{2}|3[0-5]\\d|36[0-6]'
const SLIDING = `PT(?:${MINUTES})M|PT(?:${HOURS})H|P(?:${DAYS})D`

/** What a sum is kept over. */
export const CUMULATIVE = new RegExp(`^(?:hour|day|week|month|delegation|${SLIDING})$`)
/** What a limit may say. */
export const PER = new RegExp(`^(?:call|hour|day|week|month|delegation|${SLIDING})$`)

/** Characters of the longest name of a period (`PT527040M`, `2026-03-01T09`). */
export const PERIOD_CHARS_MAX = 16

/** @param per one that {@link PER} takes. @returns milliseconds of a sliding period, else null */
export function slidingMs(per: string): number | null {
  if (!per.startsWith('P')) return null
  if (per.endsWith('D')) return Number(per.slice(1, -1)) * DAY_MS
  return Number(per.slice(2, -1)) * (per.endsWith('H') ? HOUR_MS : MINUTE_MS)
}

/** Calendar periods that a longer one holds whole: a week lies in no month. */
const LONGER: Readonly<Record<string, readonly string[]>> = {
  hour: ['day', 'week', 'month'],
  day: ['week', 'month'],
}

/** LIM-2: whether a cap over `child` caps every `parent` in it. */
export function periodWithin(child: string, parent: string): boolean {
  if (child === parent || child === 'delegation' || parent === 'call') return true
  const own = slidingMs(child)
  const outer = slidingMs(parent)
  if (own !== null && outer !== null) return own >= outer
  return LONGER[parent]?.includes(child) ?? false
}

/** The hour that was asked for last: it is spelled once for all the calls in it. */
let spelled = { hour: Number.NaN, day: '', text: '' }

/** `all`, `2026-03`, `2026-W10`, `2026-03-01` or `2026-03-01T09`. A sliding period has no name of its own: `all`. */
export function periodOf(per: string, now_ms: number): string {
  switch (per) {
    case 'hour':
    case 'day':
    case 'month': {
      const hour = Math.floor(now_ms / HOUR_MS)
      if (spelled.hour !== hour) {
        const text = rfc3339(now_ms)
        spelled = { hour, day: text.slice(0, 10), text: text.slice(0, 13) }
      }
      return per === 'hour' ? spelled.text : per === 'day' ? spelled.day : spelled.day.slice(0, 7)
    }
    case 'week':
      return weekOf(now_ms)
    default:
      return 'all'
  }
}

/** Days since 1970 of the Monday on or before: 1 January 1970 was a Thursday. */
function mondayOf(day: number): number {
  return day - ((((day + 3) % 7) + 7) % 7)
}

/** ISO 8601: the week of a year is that of its Thursday. */
function weekOf(now_ms: number): string {
  const thursday_ms = (mondayOf(Math.floor(now_ms / DAY_MS)) + 3) * DAY_MS
  const year = new Date(thursday_ms).getUTCFullYear()
  const week = Math.floor((thursday_ms - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`
}

/** When the period that `now_ms` lies in ends: the first millisecond of the next. Infinity for one that has no end. */
export function periodEnd(per: string, now_ms: number): number {
  switch (per) {
    case 'hour':
      return (Math.floor(now_ms / HOUR_MS) + 1) * HOUR_MS
    case 'day':
      return (Math.floor(now_ms / DAY_MS) + 1) * DAY_MS
    case 'week':
      return (mondayOf(Math.floor(now_ms / DAY_MS)) + 7) * DAY_MS
    case 'month': {
      const now = new Date(now_ms)
      return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)
    }
    default:
      return Infinity
  }
}
