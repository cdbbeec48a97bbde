import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ANCHOR_LIMITS, AnchorCheck, type DatedEntry, type TrustedAnchor } from './anchors.ts'

const { skew_ms: SKEW, late_ms: LATE } = ANCHOR_LIMITS
const HOUR = 3_600_000
const START = 1_700_000_000_000

function anchor(size: number, at_ms: number, sha256: string | null = `token-${size}`): TrustedAnchor {
  return { kind: 'timestamp', by: 'tsa', size, root: new Uint8Array(32), at_ms, sha256 }
}

function check(anchors: readonly TrustedAnchor[], entries: readonly DatedEntry[], end_ms?: number) {
  const run = new AnchorCheck(anchors)
  for (const entry of entries) run.entry(entry)
  return run.end(end_ms)
}

/** A log that tells the truth: entries in order of time, each anchor logged some time after it was made. */
const honest = fc
  .record({
    steps: fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 2, maxLength: 60 }),
    every: fc.integer({ min: 1, max: 9 }),
    delay: fc.integer({ min: 0, max: SKEW }),
  })
  .map(({ steps, every, delay }) => {
    let now = START
    const entries: DatedEntry[] = []
    const anchors: TrustedAnchor[] = []
    for (const [index, step] of steps.entries()) {
      now += step
      const last = anchors.at(-1)
      const isRecord = last !== undefined && last.size === index
      entries.push({ index, time_ms: now, ...(isRecord ? { anchored: `token-${last.size}` } : {}) })
      if (index % every === 0) {
        now += delay
        anchors.push(anchor(index + 1, now))
      }
    }
    return { entries, anchors }
  })

describe('an honest log', () => {
  test('has no entry outside its anchors, whatever the times between', () => {
    fc.assert(
      fc.property(honest, ({ entries, anchors }) => {
        const { outside_count, unknown } = check(anchors, entries)
        expect([outside_count, unknown]).toEqual([0, []])
      }),
    )
  })

  test('has none either when anchors come in another order', () => {
    fc.assert(
      fc.property(honest, ({ entries, anchors }) => {
        expect(check([...anchors].reverse(), entries)).toEqual(check(anchors, entries))
      }),
    )
  })
})

describe('an entry is outside', () => {
  test('when it is dated later than the earliest anchor that covers it, and by more than the skew', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 50 })), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(pairs, fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }), (given, hours) => {
        const anchors = given.map(([size, hour]) => anchor(size, START + hour * HOUR, null))
        const entries = hours.map((hour, index) => ({ index, time_ms: START + hour * HOUR }))
        const late = entries.filter(({ index, time_ms }) =>
          anchors.some(({ size, at_ms }) => size > index && time_ms > at_ms + SKEW),
        )
        const { outside } = check(anchors, entries)
        expect(outside.map(({ code, index }) => [code, index])).toEqual(
          late.map(({ index }) => ['LATER', index]),
        )
      }),
    )
  })

  test('when it is dated earlier than an anchor that is logged before it', () => {
    const at = START + 10 * HOUR
    const logged = { index: 5, time_ms: at, anchored: 'token-5' }
    const dated = (time_ms: number) => check([anchor(5, at)], [logged, { index: 6, time_ms }]).outside
    expect(dated(at - SKEW)).toEqual([])
    expect(dated(at - SKEW - 1)).toMatchObject([
      { code: 'EARLIER', index: 6, what: 'time', anchor: { size: 5 } },
    ])
  })

  test('not by an anchor that nobody logged: it says only what existed by then', () => {
    expect(check([anchor(5, START + 10 * HOUR)], [{ index: 6, time_ms: START }]).outside_count).toBe(0)
  })

  test('also when it is the one that logs the anchor: nobody knew the token before', () => {
    const at = START + 10 * HOUR
    const dated = (time_ms: number) =>
      check([anchor(5, at)], [{ index: 5, time_ms, anchored: 'token-5' }]).outside
    expect(dated(at - SKEW)).toEqual([])
    expect(dated(at - SKEW - 1)).toMatchObject([{ code: 'EARLIER', index: 5 }])
  })

  test('when a receipt says it was made earlier than the limit for late ones, and not before that', () => {
    const at = START + 100 * HOUR
    const logged = { index: 5, time_ms: at, anchored: 'token-5' }
    const made = (made_ms: number) =>
      check([anchor(5, at)], [logged, { index: 6, time_ms: at, made_ms }]).outside
    expect(made(at - SKEW - LATE)).toEqual([])
    expect(made(at - SKEW - LATE - 1)).toMatchObject([{ code: 'EARLIER', what: 'made', index: 6 }])
  })

  test('when a receipt says it was made after an anchor that covers it', () => {
    const entry = { index: 3, time_ms: START, made_ms: START + SKEW + 1 }
    expect(check([anchor(5, START)], [entry]).outside).toMatchObject([
      { code: 'LATER', what: 'made', index: 3 },
    ])
  })

  test('and counted, but named only up to a hundred', () => {
    const entries = Array.from({ length: 250 }, (_, index) => ({ index, time_ms: START + HOUR }))
    const { outside, outside_count } = check([anchor(1000, START)], entries)
    expect([outside_count, outside.length, outside.at(-1)?.index]).toEqual([250, 100, 99])
  })
})

describe('gaps', () => {
  const day = 24 * HOUR
  const entries = [
    { index: 0, time_ms: START },
    { index: 1, time_ms: START + 5 * day },
  ]

  test('are periods of more than 24 hours without an anchor, at both ends too', () => {
    const anchors = [anchor(1, START + day, null), anchor(1, START + 3 * day, null)]
    expect(check(anchors, entries, START + 5 * day).gaps).toEqual([
      { from_ms: START + day, to_ms: START + 3 * day },
      { from_ms: START + 3 * day, to_ms: START + 5 * day },
    ])
    expect(check([], entries).gaps).toEqual([{ from_ms: START, to_ms: START + 5 * day }])
  })

  test('are none with an anchor every day, or in a log without entries', () => {
    const daily = [1, 2, 3, 4, 5].map((n) => anchor(1, START + n * day, null))
    expect(check(daily, entries, START + 5 * day).gaps).toEqual([])
    expect(check([], []).gaps).toEqual([])
  })

  test('cover the period once, whatever the anchors', () => {
    const times = fc.array(fc.integer({ min: -3, max: 200 }), { maxLength: 20 })
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 200 }), (hours, end) => {
        const anchors = hours.map((hour) => anchor(1, START + hour * HOUR, null))
        const { gaps } = check(anchors, [{ index: 0, time_ms: START }], START + end * HOUR)
        for (const { from_ms, to_ms } of gaps) {
          expect(to_ms - from_ms).toBeGreaterThan(day)
          expect(anchors.some(({ at_ms }) => at_ms > from_ms && at_ms < to_ms)).toBe(false)
        }
      }),
    )
  })
})

test('names log.anchored entries whose token is not there or not trusted', () => {
  const entries = [{ index: 7, time_ms: START, anchored: 'token-lost' }]
  expect(check([anchor(5, START)], entries).unknown).toEqual([7])
})
