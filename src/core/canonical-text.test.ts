import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCanonical } from './canonical-text.ts'
import { canonicalize, parseJson, type JsonValue } from './json.ts'

const DEPTH_MAX = 32
/** Names and texts with what JSON cares about: quotes, brackets, digits, escapes, characters beyond ASCII. */
const text = fc.string({ unit: fc.constantFrom(...Array.from('ab",:{}[]\\ 01é\u{1f600}\u2028\n')) })
const value = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>
const plain = fc.letrec<{ any: JsonValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e-7, 9007199254740991),
    fc.integer(),
    text,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 5 }),
  ),
})).any

/** Text that may be JSON, and is rarely canonical: a canonical one with a bit of it repeated, dropped or replaced. */
const bent = fc
  .tuple(
    plain,
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.constantFrom('', ' ', '0', '-', ',', '"', '"a":1,', 'e1', '[', '}'),
  )
  .map(([of, at, drop, put]) => {
    const whole = canonicalize(of)
    const place = at % (whole.length + 1)
    return whole.slice(0, place) + put + whole.slice(place + drop)
  })

/** What the slow path makes of it: undefined for what is not canonical. */
function slowly(of: string): JsonValue | undefined {
  try {
    const parsed = parseJson(of, { bytes_max: 1e6, depth_max: DEPTH_MAX })
    return canonicalize(parsed) === of ? parsed : undefined
  } catch {
    return undefined
  }
}

describe('text that is canonical', () => {
  test('is read as the strict parser reads it, whenever it is read at all', () => {
    fc.assert(
      fc.property(fc.oneof(bent, value.map(canonicalize), fc.json()), (of) => {
        const fast = parseCanonical(of, DEPTH_MAX)
        expect(fast).toEqual(fast === undefined ? undefined : slowly(of))
      }),
      { numRuns: 3000 },
    )
  })

  test('is read unless it has an escape', () => {
    fc.assert(
      fc.property(plain, (of) => {
        const whole = canonicalize(of)
        expect(parseCanonical(whole, DEPTH_MAX)).toEqual(whole.includes('\\') ? undefined : of)
      }),
      { numRuns: 1000 },
    )
  })

  test('can be of names that are integers, empty, or that objects have anyway', () => {
    for (const of of [
      '{"":1,"10":2,"9":3}',
      '{"__proto__":{"a":1},"constructor":2}',
      '{"a":{"b":1},"b":[{"a":1}]}',
    ]) {
      const fast = parseCanonical(of, DEPTH_MAX)
      expect(fast).toEqual(slowly(of))
      expect(fast).toBeDefined()
    }
  })
})

test.each([
  ['a name twice', '{"a":1,"a":1}'],
  ['the empty name twice', '{"":1,"":1}'],
  ['names out of order', '{"b":1,"a":1}'],
  ['names out of order behind an array', '{"b":[{"z":1}],"a":1}'],
  ['white space', '{"a": 1}'],
  ['a line at the end', '{"a":1}\n'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['a number in another form', '[1.0]'],
  ['minus zero', '[-0]'],
  ['an exponent', '[1e3]'],
  ['a leading zero', '[01]'],
  ['a number that is not exact', '[9007199254740993]'],
  ['a number beyond all', '[1e400]'],
  ['an escape, though it is canonical', '["\\n"]'],
  ['a lone surrogate', '["\ud800"]'],
  ['more depth than allowed', `${'['.repeat(33)}${']'.repeat(33)}`],
  ['nothing', ''],
  ['half of it', '{"a":1'],
  ['words', '[nil]'],
])('text with %s is left to the strict parser', (_, of) => {
  expect(parseCanonical(of, DEPTH_MAX)).toBeUndefined()
})
