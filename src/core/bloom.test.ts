import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bloomOf, mayHave, sought } from './bloom.ts'

test('a filter has every word that was put in', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 300 }), (words) => {
      const filter = bloomOf(new Set(words))
      expect(words.filter((word) => !mayHave(filter, sought(word)))).toEqual([])
    }),
  )
})

test('and seldom one that was not, however alike', () => {
  const words = new Set(Array.from({ length: 200 }, (_, i) => `agent agt_${i}`))
  const filter = bloomOf(words)
  expect(filter.length).toBe(400)
  const seeming = Array.from({ length: 20_000 }, (_, i) => `agent agt_${1_000 + i}`).filter((word) =>
    mayHave(filter, sought(word)),
  )
  expect(seeming.length).toBeLessThan(40)
})

test('an empty one has nothing', () => {
  expect(mayHave(bloomOf(new Set()), sought(''))).toBe(false)
})
