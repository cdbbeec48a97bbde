import { expect, test } from 'vitest'
import { awaited, counted } from './words.ts'

test('says one as one, and everything else as many', () => {
  expect([0, 1, 2].map((n) => counted(n, 'approval'))).toEqual(['0 approvals', '1 approval', '2 approvals'])
  expect([1, 3].map((n) => counted(n, 'person', 'people'))).toEqual(['1 person', '3 people'])
})

test('says whose approvals are missing, and how many of them when not all', () => {
  const waiting = (m: number, ...given: readonly ('open' | 'approved' | 'declined' | 'left')[]): string =>
    awaited({
      m,
      answers: [
        { person: 'ann', role: 'principal', answer: 'approved' },
        ...given.map((answer, i) => ({ person: `p${i}`, role: 'approver' as const, answer })),
      ],
    })
  expect(waiting(1, 'open')).toBe('p0')
  expect(waiting(2, 'open', 'open')).toBe('p0 and p1')
  expect(waiting(2, 'open', 'open', 'open')).toBe('2 of p0, p1, p2')
  expect(waiting(2, 'approved', 'open', 'open')).toBe('1 of p1, p2')
  expect(waiting(2, 'declined', 'left', 'open')).toBe('2 people, of whom too many said no')
})
