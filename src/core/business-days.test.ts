import { expect, test } from 'vitest'
import { businessDaysAfter } from './business-days.ts'

test.each([
  ['2026-03-02T09:00:00.000Z', 5, '2026-03-09T09:00:00.000Z'], // Monday
  ['2026-03-06T23:59:59.999Z', 1, '2026-03-09T23:59:59.999Z'], // Friday
  ['2026-03-07T12:00:00.000Z', 1, '2026-03-09T12:00:00.000Z'], // Saturday
  ['2026-03-08T12:00:00.000Z', 2, '2026-03-10T12:00:00.000Z'], // Sunday
  ['2026-03-04T12:00:00.000Z', 0, '2026-03-04T12:00:00.000Z'],
])('of %s, %i business days later is %s', (from, days, to) => {
  expect(new Date(businessDaysAfter(Date.parse(from), days)).toISOString()).toBe(to)
})
