import { expect, test } from 'vitest'
import { NONE_CAME, withArrived, type Arrivals } from './arrivals.ts'

const indexOf = (index: number): number => index
const arrive = (all: readonly number[][], kept_max: number): Arrivals<number> =>
  all.reduce<Arrivals<number>>((old, came) => withArrived(old, came, indexOf, kept_max), NONE_CAME)

test('rows come before those that were there, each once', () => {
  expect(arrive([[2, 1], [2, 1], [], [4, 3, 2]], 10)).toEqual({ rows: [4, 3, 2, 1], from: null, n: 4 })
})

test.each([1, 2, 3, 10, 11])(
  'with at most %i kept, rows and the pages below them are all that came',
  (kept) => {
    const all = Array.from({ length: 30 }, (_, i) => [3 * i + 3, 3 * i + 2, 3 * i + 1])
    let arrivals: Arrivals<number> = NONE_CAME
    for (const came of all) {
      arrivals = withArrived(arrivals, came, indexOf, kept)
      const pages = Array.from({ length: 91 }, (_, i) => 90 - i).filter((i) => i < (arrivals.from ?? 1))
      const newest = came[0] ?? 0
      expect([...arrivals.rows, ...pages]).toEqual(Array.from({ length: newest + 1 }, (_, i) => newest - i))
      expect(arrivals.rows.length).toBeLessThanOrEqual(Math.max(kept, 1))
      expect(arrivals.n).toBe(newest)
    }
  },
)
