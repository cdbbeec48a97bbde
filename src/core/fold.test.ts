import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldCase, isAmbiguous, NAMES_MAX } from './fold.ts'

test.each([
  ['path', 'Path'],
  ['path', 'PATH'],
  ['pass', 'pa\u017fs'],
  ['key', '\u212aey'],
  ['\u00e4rger', '\u00c4RGER'],
  ['stra\u00dfe', 'STRA\u1e9eE'],
  ['\u03c3', '\u03c2'],
])('%j is ambiguous beside %j, and the other way round', (name, twin) => {
  expect(isAmbiguous([name, twin], name)).toBe(true)
  expect(isAmbiguous([name, twin], twin)).toBe(true)
  expect(isAmbiguous([twin], name)).toBe(true)
})

test.each(['paths', 'pat', 'p\u00e4th', 'p@th', '', '\u{1f600}', '`ath'])(
  '"path" is not ambiguous beside %j',
  (other) => {
    expect(isAmbiguous(['path', other], 'path')).toBe(false)
  },
)

test('punctuation that lies as far apart as the cases do is no twin', () => {
  expect(isAmbiguous(['a[', 'a{'], 'a[')).toBe(false)
  expect(isAmbiguous(['@', '`'], '@')).toBe(false)
})

test('among more names than are compared, every name is ambiguous', () => {
  const names = Array.from({ length: NAMES_MAX }, (_, i) => `n${i}`)
  expect(isAmbiguous(names, 'n0')).toBe(false)
  expect(isAmbiguous([...names, 'more'], 'n0')).toBe(true)
})

test('whatever one letter stands for without regard to case folds like it', () => {
  const letters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter(
    (each) => each.toUpperCase() !== each || each.toLowerCase() !== each,
  )
  for (const each of letters) {
    // The engine's own simple case folding, which is Go's too.
    const alike = new RegExp(`^${each}$`, 'iu')
    for (const other of [each.toUpperCase(), each.toLowerCase()])
      if (alike.test(other)) expect(foldCase(other)).toBe(foldCase(each))
  }
  expect(letters.length).toBeGreaterThan(2000)
})

test('is what comparing the foldings gives', () => {
  const letters = fc.string({
    unit: fc.constantFrom('a', 'A', 's', 'S', '\u017f', 'k', '\u212a', '\u00df', '\u1e9e', '_'),
  })
  fc.assert(
    fc.property(letters, letters, (name, other) => {
      expect(isAmbiguous([other], name)).toBe(other !== name && foldCase(other) === foldCase(name))
    }),
    { numRuns: 5000 },
  )
})
