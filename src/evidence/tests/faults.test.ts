import { expect, test } from 'vitest'
import { isSaid, together } from './faults.ts'

const USE = 40
const WITHDRAWN = 12

const own = new Map([
  [USE, [{ code: 'USED_AFTER_WITHDRAWAL', message: 'used once after it', entries: [WITHDRAWN, USE] }]],
] as const)

test('a use of what one had ended is said by the deviation of that withdrawal, and of no other', () => {
  const of = (other: number) => ({ code: 'BASIS_WITHDRAWN', message: '', entries: [USE, other] }) as const
  expect(isSaid(own, of(WITHDRAWN))).toBe(true)
  expect(isSaid(own, of(13))).toBe(false)
})

test('what is wrong besides is not said by it', () => {
  expect(isSaid(own, { code: 'BASIS_INVALID', message: '', entries: [USE] })).toBe(false)
  expect(isSaid(own, { code: 'BASIS_WITHDRAWN', message: '', entries: [41, WITHDRAWN] })).toBe(false)
})

test('what is found twice of one entry is one deviation, which says both and names what ended each', () => {
  const of = (message: string, entries: number[]) => ({ code: 'BASIS_WITHDRAWN', message, entries }) as const
  const nowhere = { code: 'HOUR_MISSING', message: 'an hour', entries: [] } as const
  const all = [
    of('of Ann', [USE, WITHDRAWN]),
    of('of Cy', [50, 13]),
    of('of Bo', [USE, 14]),
    nowhere,
    nowhere,
  ]
  expect(together(all)).toEqual([
    of('of Ann; of Bo', [USE, WITHDRAWN, 14]),
    of('of Cy', [50, 13]),
    nowhere,
    nowhere,
  ])
})

test('and counts what would be too long to say', () => {
  const all = Array.from({ length: 11 }, (_, i) => ({
    code: 'LIMIT_OVERSPENT' as const,
    message: `m${i}`,
    entries: [USE],
  }))
  expect(together(all)).toMatchObject([{ message: 'm0; m1; m2; m3; m4; m5; m6; m7; and 3 more' }])
})
