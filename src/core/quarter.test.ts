import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QUARTER, quarterBounds, quarterOf, quartersEnding } from './quarter.ts'

const times = fc.integer({ min: 0, max: Date.UTC(2200, 0) })

test('a time lies in its quarter, and the next quarter begins where that ends', () => {
  fc.assert(
    fc.property(times, (time_ms) => {
      const quarter = quarterOf(time_ms)
      expect(quarter).toMatch(QUARTER)
      const { from_ms, to_ms } = quarterBounds(quarter)
      expect(from_ms <= time_ms && time_ms < to_ms).toBe(true)
      expect(quarterBounds(quarterOf(to_ms)).from_ms).toBe(to_ms)
    }),
  )
})

test('half a year that begins with a quarter has two that end in it, also where it ends with the second', () => {
  expect(quartersEnding(Date.UTC(2026, 0), Date.UTC(2026, 6))).toEqual(['2026-Q1', '2026-Q2'])
  expect(quartersEnding(Date.UTC(2026, 0), Date.UTC(2026, 6) - 1)).toEqual(['2026-Q1'])
  expect(quartersEnding(Date.UTC(2026, 2, 15), Date.UTC(2026, 8, 15))).toEqual(['2026-Q1', '2026-Q2'])
  expect(quartersEnding(Date.UTC(2026, 1), Date.UTC(2026, 1))).toEqual([])
})
