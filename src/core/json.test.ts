import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from './encoding.ts'
import {
  canonicalBytes,
  canonicalize,
  DEFAULT_JSON_LIMITS,
  isJsonObject,
  parseJson,
  type JsonValue,
  type JsonObject,
} from './json.ts'

/** The double with these IEEE 754 bits, as RFC 8785 appendix B writes them. */
function double(bits: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  return view.getFloat64(0)
}

describe('parseJson', () => {
  test('reads every kind of value', () => {
    expect(parseJson('{"a":[1,-2.5,"x",true,false,null,{}],"b":{"a":[]}}')).toEqual({
      a: [1, -2.5, 'x', true, false, null, {}],
      b: { a: [] },
    })
    expect(parseJson(utf8(' "é€😀" '))).toBe('é€😀')
  })

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"\\u00e9":1,"é":2}',
    '{"\\ud83d\\ude00":1,"😀":2}',
    '{"x":{"a":1,"b":{"c":1,"c":1}}}',
    '[{"a":[1,{"b":0}],"a":2}]',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\/b":1,"a/b":2}',
  ])('refuses the duplicate name in %s', (text) => {
    expect(() => parseJson(text)).toThrowWithCode('JSON_DUPLICATE_KEY')
  })

  test.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":"a"}',
    '{"a":["b","b"],"b":1}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"é":1,"e\\u0301":2}',
  ])('keeps names apart that only look like duplicates: %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  test.each([
    '',
    '{',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '01',
    '+1',
    '.5',
    '1.',
    'NaN',
    'Infinity',
    '/*x*/1',
    '1 2',
    '"\t"',
  ])('refuses what is not JSON: %j', (text) => {
    expect(() => parseJson(text)).toThrowWithCode('JSON_INVALID')
  })

  test('refuses a byte order mark and bytes that are not UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toThrowWithCode('JSON_INVALID')
    expect(() => parseJson(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22))).toThrowWithCode('TEXT_INVALID')
    expect(() => parseJson(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toThrowWithCode('TEXT_INVALID')
  })

  test.each(['"\\ud800"', '"\\udc00"', '"\\ude00\\ud83d"', '{"\\ud800":1}', '["a","\\uDBFF x"]', '"\ud800"'])(
    'refuses the lone surrogate in %j',
    (text) => {
      expect(() => parseJson(text)).toThrowWithCode('JSON_INVALID')
    },
  )

  test('never quotes its input in an error', () => {
    expect(() => parseJson('{"password": hunter2}')).toThrow(/^not valid JSON$/)
  })

  test('bounds the depth, and does not count brackets inside strings', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(() => parseJson(nested(32))).not.toThrow()
    expect(() => parseJson(nested(33))).toThrowWithCode('JSON_TOO_DEEP')
    expect(() => parseJson('{"a":'.repeat(33) + '1' + '}'.repeat(33))).toThrowWithCode('JSON_TOO_DEEP')
    expect(parseJson(JSON.stringify('['.repeat(100)))).toBe('['.repeat(100))
    expect(parseJson(`"\\"${'['.repeat(100)}"`)).toBe(`"${'['.repeat(100)}`)
    expect(() => parseJson('[[1]]', { bytes_max: 10, depth_max: 1 })).toThrowWithCode('JSON_TOO_DEEP')
  })

  test('refuses a depth that would exhaust the stack before parsing it', () => {
    const hostile = '['.repeat(1_000_000)
    expect(() => parseJson(hostile, { bytes_max: 2_000_000, depth_max: 32 })).toThrowWithCode('JSON_TOO_DEEP')
  })

  test('bounds the size, in bytes for bytes', () => {
    const limit = DEFAULT_JSON_LIMITS.bytes_max
    expect(parseJson(`"${'a'.repeat(limit - 2)}"`)).toHaveLength(limit - 2)
    expect(() => parseJson(`"${'a'.repeat(limit - 1)}"`)).toThrowWithCode('JSON_TOO_LARGE')
    expect(() => parseJson(utf8(`"${'é'.repeat(limit / 2)}"`))).toThrowWithCode('JSON_TOO_LARGE')
  })

  test.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['-0', -0],
    ['0.1', 0.1],
    ['1e3', 1000],
    ['1.5E-7', 1.5e-7],
    ['9007199254740991.0', 9_007_199_254_740_991],
  ])('reads the number %s', (text, value) => {
    expect(parseJson(text)).toBe(value)
    expect(parseJson(`{"a":[${text}]}`)).toEqual({ a: [value] })
  })

  test.each([
    '9007199254740992',
    '-9007199254740992',
    '9007199254740993',
    '9007199254740993.0',
    '1e16',
    '1e20',
    '1e400',
    '-1e400',
    '100000000000000000000',
  ])('refuses the number %s: two spellings of it would read as one', (text) => {
    expect(() => parseJson(text)).toThrowWithCode('JSON_NUMBER_RANGE')
    expect(() => parseJson(`{"a":[${text}]}`)).toThrowWithCode('JSON_NUMBER_RANGE')
  })

  test('keeps a member called __proto__ as a plain member', () => {
    const value = parseJson('{"__proto__":{"admin":true}}')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as Record<string, unknown>).admin).toBeUndefined()
    expect(canonicalize(value)).toBe('{"__proto__":{"admin":true}}')
  })
})

describe('canonicalize (RFC 8785)', () => {
  // Appendix B of the RFC: the bits of a double and what it is written as.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s as %s', (bits, text) => {
    expect(canonicalize(double(bits))).toBe(text)
  })

  test('refuses numbers that JSON cannot write', () => {
    for (const value of [
      double('7fffffffffffffff'),
      double('7ff0000000000000'),
      double('fff0000000000000'),
    ]) {
      expect(() => canonicalize(value)).toThrowWithCode('JSON_INVALID')
    }
  })

  test('sorts names by UTF-16 code units (the example of section 3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    expect([...canonicalize(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1])).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  test('writes the example of section 3.2.2', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    }
    expect(canonicalize(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('escapes control characters the short way where there is one, and nothing else', () => {
    expect(canonicalize('\b\t\n\f\r\u0000\u001f\u007f\u2028/')).toBe(
      '"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028/"',
    )
    expect(canonicalBytes({ é: '€' })).toEqual(utf8('{"é":"€"}'))
  })

  test.each([
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['an undefined member', { a: undefined }],
    ['an undefined item', [undefined]],
    ['a hole in an array', Array(2)],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', [Symbol('x')]],
  ])('refuses %s rather than dropping it', (_name, value) => {
    expect(() => canonicalize(value as JsonValue)).toThrowWithCode('JSON_INVALID')
  })

  const jsonValue = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>

  test('is a fixed point: the canonical form of the canonical form is itself', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalize(value)
        expect(canonicalize(JSON.parse(text) as JsonValue)).toBe(text)
      }),
    )
  })

  test('is read back by parseJson to the same form, whatever the numbers in range', () => {
    const number = fc.double({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true })
    const leaf = fc.oneof(
      number,
      fc.maxSafeInteger(),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
    )
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const text = canonicalize(value)
        expect(canonicalize(parseJson(text, { bytes_max: 1_000_000, depth_max: 32 }))).toBe(text)
        expect(canonicalize(parseJson(utf8(text), { bytes_max: 1_000_000, depth_max: 32 }))).toBe(text)
      }),
    )
  })

  test('orders names that look like numbers as text, and many of them', () => {
    expect(canonicalize({ 10: 1, 9: 2 })).toBe('{"10":1,"9":2}')
    const names = Array.from({ length: 100 }, (_, i) => String(i))
    const many = Object.fromEntries(names.map((name) => [name, 0]))
    expect(canonicalize(many)).toBe(
      `{${names
        .toSorted()
        .map((name) => `"${name}":0`)
        .join(',')}}`,
    )
  })

  test('never lets a value print itself', () => {
    const member = JSON.parse('{"toJSON":1}') as JsonObject
    expect(canonicalize(member)).toBe('{"toJSON":1}')
    class Odd {
      readonly a = 1
      toJSON(): string {
        return 'odd'
      }
    }
    expect(canonicalize([new Odd() as unknown as JsonObject])).toBe('[{"a":1}]')
    expect(() => canonicalize({ a: (() => 1) as never })).toThrowWithCode('JSON_INVALID')
    expect(() => canonicalize({ b: { a: undefined as never } })).toThrowWithCode('JSON_INVALID')
    expect(() => canonicalize({ '\ud800': 1 })).toThrowWithCode('JSON_INVALID')
    expect(() => canonicalize({ b: 1, a: '\ud800' })).toThrowWithCode('JSON_INVALID')
    expect(() => canonicalize([Number.NaN])).toThrowWithCode('JSON_INVALID')
  })

  test('does not depend on the order in which members were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.integer()), (members) => {
        const reversed = Object.fromEntries(Object.entries(members).reverse())
        expect(canonicalize(reversed)).toBe(canonicalize(members))
      }),
    )
  })
})

test('isJsonObject tells objects from arrays and null', () => {
  expect([{}, [], null, 'x', 1, undefined].map(isJsonObject)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ])
})

test('an escaped name is the name it spells, whatever was parsed before', () => {
  parseJson('{"q":[],"\\\\u00":0}') // leaves a name behind that V8 mistakes the next one for
  expect(parseJson('{"q":1,"\\u0070ath":"/etc"}')).toEqual({ q: 1, path: '/etc' })
})

test('names with escapes parse as JSON.parse spells each of them alone', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme-composite' }), fc.boolean(), (value, spaced) => {
      const plain = JSON.stringify(value, null, spaced ? 2 : 0)
      const text = `{"\\u0061":${plain}}`
      fc.pre(isExact(value))
      expect(parseJson(text)).toEqual({ a: JSON.parse(plain) as unknown })
    }),
  )
})

function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isExact)
}

test('plain_names refuses a name spelled with an escape', () => {
  const limits = { bytes_max: 100, depth_max: 8, plain_names: true } as const
  expect(() => parseJson('{"a":{"\\u0070ath":1}}', limits)).toThrowWithCode('JSON_NAME_ESCAPED')
  expect(parseJson('{"path":"\\u0070"}', limits)).toEqual({ path: 'p' })
})
