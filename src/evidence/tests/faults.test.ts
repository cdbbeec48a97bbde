import { expect, test } from 'vitest'
import { isSaid } from './faults.ts'

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
