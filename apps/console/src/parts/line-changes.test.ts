import { expect, test } from 'vitest'
import { lineChanges } from './line-changes.ts'

const changes = (before: string, after: string) =>
  lineChanges(before.split(''), after.split(''), (line) => line)?.map(
    ({ op, line }) => ({ same: ' ', added: '+', removed: '-' })[op] + line,
  )

test('says which lines went and which came, in order', () => {
  expect(changes('abc', 'abc')).toEqual([' a', ' b', ' c'])
  expect(changes('abc', 'axc')).toEqual([' a', '-b', '+x', ' c'])
  expect(changes('', 'a')).toEqual(['+a'])
  expect(changes('ab', 'b')).toEqual(['-a', ' b'])
})

test('does not compare what is too long to read', () => {
  expect(changes('x'.repeat(601), 'x')).toBeUndefined()
})
