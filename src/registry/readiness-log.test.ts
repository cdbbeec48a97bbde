/** What is made of anchors and of measured revocations. spec/readiness.md (RDY-3, RDY-4). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anchorsIn, spreadOfHours } from './readiness-log.ts'

const HOUR = 3_600_000
const FROM = 1_772_000_000_000
const NOW = FROM + 168 * HOUR

describe('the longest time without an anchor', () => {
  test('is the whole time when there is none', () => {
    expect(anchorsIn([], { from: FROM, now: NOW })).toEqual({ n: 0, last: null, gap: 168 * HOUR })
  })

  test('runs from the last anchor to now, too', () => {
    const times = [FROM + HOUR, FROM + 20 * HOUR]
    expect(anchorsIn(times, { from: FROM, now: NOW })).toEqual({ n: 2, last: times[1], gap: 148 * HOUR })
  })

  test('begins with the anchor before: the week does not begin with a gap of its own', () => {
    const times = [FROM - 20 * HOUR, ...Array.from({ length: 15 }, (_, i) => FROM + (10 + 12 * i) * HOUR)]
    const found = anchorsIn(
      times.filter((time) => time <= NOW),
      { from: FROM, now: NOW },
    )
    expect(found).toMatchObject({ n: 14, gap: 30 * HOUR })
  })

  test('is never shorter than the time divided by the anchors, and never longer than all of it', () => {
    const times = fc.array(fc.integer({ min: FROM, max: NOW }), { maxLength: 40 })
    fc.assert(
      fc.property(times, (given) => {
        const sorted = given.toSorted((a, b) => a - b)
        const { gap, n } = anchorsIn(sorted, { from: FROM, now: NOW })
        expect(gap).toBeLessThanOrEqual(NOW - FROM)
        expect(gap * (n + 1)).toBeGreaterThanOrEqual(NOW - FROM)
      }),
    )
  })
})

describe('measured revocation', () => {
  const hour = fc
    .tuple(fc.integer({ min: 1, max: 4096 }), fc.array(fc.nat({ max: 9999 }), { minLength: 3, maxLength: 3 }))
    .map(([n, times]) => {
      const [p50 = 0, p99 = 0, max = 0] = times.toSorted((a, b) => a - b)
      return { n, p50, p99, max }
    })

  test('is null without any', () => {
    expect(spreadOfHours([])).toBeNull()
  })

  test('of one hour is what the hour has', () => {
    fc.assert(
      fc.property(hour, (one) => {
        expect(spreadOfHours([one])).toEqual(one)
      }),
    )
  })

  test('has the highest of the hours, and a median that is one of theirs', () => {
    fc.assert(
      fc.property(fc.array(hour, { minLength: 1, maxLength: 30 }), (hours) => {
        const spread = spreadOfHours(hours)
        expect(spread?.n).toBe(hours.reduce((sum, { n }) => sum + n, 0))
        expect(spread?.max).toBe(Math.max(...hours.map(({ max }) => max)))
        expect(spread?.p99).toBe(Math.max(...hours.map(({ p99 }) => p99)))
        expect(hours.map(({ p50 }) => p50)).toContain(spread?.p50)
      }),
    )
  })

  test('counts an hour as often as it has measures', () => {
    const slow = { n: 10, p50: 100, p99: 200, max: 300 }
    const quick = { n: 9, p50: 1, p99: 2, max: 3 }
    expect(spreadOfHours([slow, quick])?.p50).toBe(100)
    expect(spreadOfHours([slow, { ...quick, n: 10 }])?.p50).toBe(1)
  })
})
