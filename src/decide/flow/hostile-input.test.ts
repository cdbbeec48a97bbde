/** Arguments and results that were made to keep the point busy. */
import { expect, test } from 'vitest'
import { valuesOf } from './destinations.ts'
import { formsOf } from './text.ts'

/** Far above what any of these takes, and far below what they took in the square of their length. */
const SOON_MS = 2_000

function elapsed(work: () => void): number {
  const from = performance.now()
  work()
  return performance.now() - from
}

test('a destination with white space without end is read in time that grows with its length', () => {
  const to = `a${' '.repeat(400_000)}b`
  expect(elapsed(() => valuesOf({ to }, ['/to']))).toBeLessThan(SOON_MS)
  const { destinations } = valuesOf({ to: 'a@a.example \t;  b@b.example , ' }, ['/to'])
  expect(destinations.map(({ value }) => value)).toEqual(['a@a.example', 'b@b.example'])
})

test.each(['#', '@', '/', 'a://'])('a destination of nothing but %s has few forms', (sign) => {
  expect(formsOf(sign.repeat(10_000)).length).toBeLessThan(32)
  expect(formsOf(`${sign.repeat(3)}lily`)).toContain(
    sign === '#' || sign === '@' ? 'lily' : `${sign.repeat(3)}lily`,
  )
  expect(formsOf(`${'#'.repeat(10_000)}lily`)).toContain('lily')
})
