/** What differs between two texts. spec/narratives.md (NAR-6) */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differenceOf, isChanged, type Piece } from './difference.ts'

const sentence = fc
  .array(fc.constantFrom('an', 'agent', 'was', 'revoked', '12', '13', 'a'), { minLength: 1, maxLength: 9 })
  .map((words) => words.join(' '))
const sentences = fc.array(sentence, { maxLength: 6 })

const side = (difference: readonly (readonly Piece[])[], not: Piece['kind']): string[] =>
  difference
    .map((pieces) => pieces.filter(({ kind }) => kind !== not))
    .filter((pieces) => pieces.length > 0)
    .map((pieces) => pieces.map(({ text }) => text).join(''))

test('what is kept and removed is the old text, what is kept and added the new one, whatever they are', () => {
  fc.assert(
    fc.property(sentences, sentences, (before, after) => {
      const difference = differenceOf(before, after)
      expect(side(difference, 'added')).toEqual(before)
      expect(side(difference, 'removed')).toEqual(after)
      expect(isChanged(difference)).toBe(JSON.stringify(before) !== JSON.stringify(after))
    }),
  )
})

test('a number that changed is the only word that differs', () => {
  expect(
    differenceOf(['Here stand 12 agents.', 'It holds.'], ['Here stand 13 agents.', 'It holds.']),
  ).toEqual([
    [
      { kind: 'kept', text: 'Here stand ' },
      { kind: 'removed', text: '12 ' },
      { kind: 'added', text: '13 ' },
      { kind: 'kept', text: 'agents.' },
    ],
    [{ kind: 'kept', text: 'It holds.' }],
  ])
})

test('of a sentence with more words than are compared the whole is removed and the whole added', () => {
  const [before, after] = ['old ', 'new '].map((first) => first + 'word '.repeat(900))
  expect(differenceOf([before ?? ''], [after ?? ''])).toEqual([
    [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ],
  ])
})
