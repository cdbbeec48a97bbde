import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PER, periodEnd, periodOf, periodWithin, slidingMs } from './period.ts'

const CALENDAR = ['hour', 'day', 'week', 'month'] as const
const ALL = ['call', ...CALENDAR, 'delegation', 'PT1M', 'PT60M', 'PT1H', 'P1D', 'P7D', 'P31D']
const time = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2100, 0) })

describe('a period', () => {
  test.each(['PT1M', 'PT527040M', 'PT1H', 'PT8784H', 'P1D', 'P366D', 'P99D', 'PT99999M', 'PT1000H'])(
    'may be %s',
    (per) => expect(PER.test(per)).toBe(true),
  )
  test.each([
    'PT0M',
    'PT01M',
    'PT527041M',
    'PT8785H',
    'P367D',
    'P0D',
    'PT1S',
    'P1W',
    'P1M',
    'PT1H30M',
    'P1DT1H',
    'PT1.5H',
    'pt1h',
    '-P1D',
    'P1D ',
    '\nP1D',
    'year',
    '',
    'PT',
    'P',
    'PT900000M',
    'P1Dx',
  ])('is never %j', (per) => expect(PER.test(per)).toBe(false))

  test('that slides is as long as it says', () => {
    expect(['PT90M', 'PT2H', 'P7D', 'day'].map(slidingMs)).toEqual([5_400_000, 7_200_000, 604_800_000, null])
  })

  test('of the calendar is named in UTC, and weeks begin on Monday', () => {
    const at = Date.UTC(2026, 2, 1, 9, 59)
    expect(CALENDAR.map((per) => periodOf(per, at))).toEqual([
      '2026-03-01T09',
      '2026-03-01',
      '2026-W09',
      '2026-03',
    ])
    expect(periodOf('week', Date.UTC(2026, 2, 2))).toBe('2026-W10')
    expect([periodOf('delegation', at), periodOf('PT1H', at)]).toEqual(['all', 'all'])
  })

  test.each([
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'],
    ['2021-01-01', '2020-W53'],
    ['1969-12-31', '1970-W01'],
  ])('week of %s is %s', (day, week) => expect(periodOf('week', Date.parse(day))).toBe(week))

  test('ends where the next begins', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CALENDAR), time, (per, now) => {
        const end = periodEnd(per, now)
        expect(end).toBeGreaterThan(now)
        expect(periodOf(per, end - 1)).toBe(periodOf(per, now))
        expect(periodOf(per, end)).not.toBe(periodOf(per, now))
      }),
    )
  })
})

describe('a longer period', () => {
  test('caps every shorter one in it, and a week lies in no month', () => {
    const within = (child: string): string[] => ALL.filter((parent) => periodWithin(child, parent))
    expect(within('call')).toEqual(['call'])
    expect(within('hour')).toEqual(['call', 'hour'])
    expect(within('week')).toEqual(['call', 'hour', 'day', 'week'])
    expect(within('month')).toEqual(['call', 'hour', 'day', 'month'])
    expect(within('delegation')).toEqual(ALL)
    expect(within('PT60M')).toEqual(['call', 'PT1M', 'PT60M', 'PT1H'])
    expect(within('P7D')).toEqual(['call', 'PT1M', 'PT60M', 'PT1H', 'P1D', 'P7D'])
  })

  test('of the calendar holds each shorter one whole', () => {
    const pair = fc.tuple(fc.constantFrom(...CALENDAR), fc.constantFrom(...CALENDAR))
    fc.assert(
      fc.property(pair, time, ([child, parent], now) => {
        if (!periodWithin(child, parent)) return
        // The first and the last millisecond of the shorter one lie in the same longer one.
        expect(periodOf(child, periodEnd(parent, now) - 1)).toBe(periodOf(child, now))
      }),
    )
  })
})
