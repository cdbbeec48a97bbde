/** How values are written for people. Times are in the zone that the reader chose (zone.ts); UTC stands in the title. @module */
import { ZONE } from './zone.ts'

const DAY_ZONE = ZONE.timeZone === undefined ? {} : { timeZone: ZONE.timeZone }
const DATE_TIME = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  second: '2-digit',
  ...ZONE,
})
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', ...DAY_ZONE })
const DAY_MONTH = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', ...DAY_ZONE })
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const NUMBER = new Intl.NumberFormat()
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

/** @param ms since 1970 */
export function dateTime(ms: number): string {
  return DATE_TIME.format(ms)
}

/** For lists of what lasts for years. */
export function day(ms: number): string {
  return DAY.format(ms)
}

/** Of a day that is near, as alerts are: without the year. */
export function dayMonth(ms: number): string {
  return DAY_MONTH.format(ms)
}

export function utc(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').slice(0, 19)} UTC`
}

/** "3 minutes ago", "in 2 hours". */
export function relative(ms: number, now: number): string {
  const away = ms - now
  for (const [unit, length] of STEPS)
    if (Math.abs(away) >= length) return RELATIVE.format(Math.round(away / length), unit)
  return RELATIVE.format(0, 'second')
}

export function count(value: number): string {
  return NUMBER.format(value)
}

export function percent(share: number | null): string {
  return share === null ? '–' : `${NUMBER.format(Math.round(share * 1000) / 10)} %`
}

export function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${NUMBER.format(Math.round(ms * 10) / 10)} ms`
}
