import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRfc3339, rfc3339, seconds } from './time.ts'

describe('time', () => {
  test('is written in UTC with milliseconds', () => {
    expect(rfc3339(0)).toBe('1970-01-01T00:00:00.000Z')
    expect(rfc3339(1_772_357_400_007)).toBe('2026-03-01T09:30:00.007Z')
  })

  test('is spelled as a Date spells it, whatever was spelled before', () => {
    const near = fc.tuple(
      fc.integer({ min: -(2 ** 42), max: 2 ** 42 }),
      fc.integer({ min: -90_000_000, max: 90_000_000 }),
    )
    fc.assert(
      fc.property(near, fc.double({ min: -1, max: 1, noNaN: true }), ([base, off], part) => {
        for (const time_ms of [base, base + off, base + off + part])
          expect(rfc3339(time_ms)).toBe(new Date(time_ms).toISOString())
      }),
    )
    expect(() => rfc3339(Number.NaN)).toThrow(RangeError)
  })

  test('is read back to the same millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (time_ms) => {
        expect(parseRfc3339(rfc3339(time_ms))).toBe(time_ms)
      }),
    )
  })

  test.each([
    ['2026-03-01T09:30:00Z', 1_772_357_400_000],
    ['2026-03-01T09:30:00.5Z', 1_772_357_400_500],
    ['2024-02-29T23:59:59.999Z', 1_709_251_199_999],
  ])('reads %s', (text, time_ms) => {
    expect(parseRfc3339(text)).toBe(time_ms)
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00.000Z',
    '2026-13-01T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T23:59:60Z',
    '2026-03-01T09:30:00+00:00',
    '2026-03-01T09:30:00',
    '2026-03-01 09:30:00Z',
    '2026-03-01t09:30:00z',
    '2026-03-01T09:30:00.1234Z',
    '2026-03-01T09:30:00.Z',
    '2026-03-01T09:30Z',
    '2026-03-01',
    '12026-03-01T09:30:00Z',
    '2026-03-01T09:30:00Z\n',
    '1772357400',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseRfc3339(text)).toThrowWithCode('TIME_INVALID')
  })

  test('is whole seconds in tokens, rounded down', () => {
    expect(seconds(1_999)).toBe(1)
    expect(seconds(2_000)).toBe(2)
  })
})
