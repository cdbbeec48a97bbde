/** Columns hold what was put into them, however much there is and whatever the texts are. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Column, FixedColumn, TextColumn, TextSet } from './columns.ts'

/** More than one chunk. */
const MANY = 40_000
const texts = fc.oneof(
  fc.string({ maxLength: 64 }),
  fc.string({ unit: 'grapheme', maxLength: 64 }),
  fc.string({ minLength: 250, maxLength: 300 }),
)

test('numbers are read back, over the edges of chunks', () => {
  const [numbers, counts] = [Column.numbers(), Column.counts()]
  for (let i = 0; i < MANY; i++) {
    numbers.push(i / 3)
    counts.push(2 ** 32 - 1 - i)
  }
  const all = Array.from({ length: MANY }, (_, i) => [numbers.at(i), counts.at(i)])
  expect(all).toEqual(Array.from({ length: MANY }, (_, i) => [i / 3, 2 ** 32 - 1 - i]))
  expect(numbers.size).toBe(MANY)
})

test('whole numbers are read back, however large they become', () => {
  for (const from of [0, 5, 16_383, 16_384, 20_000]) {
    const column = Column.wholes()
    const valueOf = (i: number): number => (i < from ? 2 ** 32 - 1 - i : i % 2 === 0 ? 2 ** 53 - 1 - i : i)
    for (let i = 0; i < MANY; i++) column.push(valueOf(i))
    const all = Array.from({ length: MANY }, (_, i) => column.at(i))
    expect(all).toEqual(Array.from({ length: MANY }, (_, i) => valueOf(i)))
  }
})

test('byte strings of one length are read back', () => {
  const column = new FixedColumn(3)
  for (let i = 0; i < MANY; i++) column.push(Uint8Array.of(i, i >> 8, 7))
  for (const i of [0, 1, 16_383, 16_384, MANY - 1])
    expect([...column.at(i)]).toEqual([i & 255, (i >> 8) & 255, 7])
})

test('texts are read back, and are told apart', () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 60 }), texts, (all, other) => {
      const column = new TextColumn()
      const ids = all.map((text) => column.push(text))
      expect(ids.map((id) => column.at(id))).toEqual(all)
      expect(ids.map((id) => column.is(id, other))).toEqual(all.map((text) => text === other))
    }),
  )
})

test('of a set each text has one number', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', '\u00e9', '\u{1f600}', 'x'.repeat(300), ''), { maxLength: 40 }),
      (all) => {
        const set = new TextSet()
        const ids = all.map((text) => set.add(text))
        expect(ids.map((id) => set.texts.at(id))).toEqual(all)
        expect(set.texts.size).toBe(new Set(all).size)
      },
    ),
  )
})

test('a set grows past its first slots', () => {
  const set = new TextSet()
  const ids = Array.from({ length: 5000 }, (_, i) => set.add(`act_${i}`))
  expect(new Set(ids).size).toBe(5000)
  expect(Array.from({ length: 5000 }, (_, i) => set.add(`act_${i}`))).toEqual(ids)
})
