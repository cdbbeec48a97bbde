import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'
import { bodies } from '../log/entry-bodies.ts'
import { canonicalPatternOf, canonicalPatternsOf } from './canonical-pattern.ts'
import { canonicalize, parseJson, type JsonValue } from './json.ts'

const LIMITS = { bytes_max: 1e6, depth_max: 32 }
const ODD = [
  '',
  ' ',
  '0',
  '-',
  '.',
  '5',
  ',',
  '"',
  '"a":1,',
  '{',
  '}',
  '[',
  ']',
  ':',
  'e1',
  'null',
  '\\',
  '\n',
]

/** What the slow way makes of it. */
function isFit(schema: z.ZodType, text: string): boolean {
  try {
    const value = parseJson(text, LIMITS)
    return canonicalize(value) === text && schema.safeParse(value).success
  } catch {
    return false
  }
}

/** Values that a schema accepts, the ends of what it allows among them. */
function fitting(schema: $ZodType): fc.Arbitrary<JsonValue> {
  const { def } = (schema as $ZodTypes)._zod
  const checks = ('check' in def ? [schema, ...(def.checks ?? [])] : (def.checks ?? [])) as $ZodChecks[]
  const max =
    checks.flatMap(({ _zod }) => (_zod.def.check === 'max_length' ? [_zod.def.maximum] : []))[0] ?? 8
  const min =
    checks.flatMap(({ _zod }) => (_zod.def.check === 'min_length' ? [_zod.def.minimum] : []))[0] ?? 0
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other type is refused below
  switch (def.type) {
    case 'string': {
      const format = checks.find(({ _zod }) => _zod.def.check === 'string_format')
      const { pattern } = (format?._zod.def ?? {}) as { pattern?: RegExp }
      if (pattern !== undefined) return fc.stringMatching(pattern)
      const unit = fc.constantFrom(...Array.from('aZ9{}[],: é\u2028\x7f'))
      return fc.oneof(
        fc.string({ unit, minLength: min, maxLength: Math.min(max, 9) }),
        fc.constant('x'.repeat(max)),
      )
    }
    case 'number': {
      const least = checks.some(({ _zod }) => _zod.def.check === 'greater_than') ? 1 : -1
      const isInteger = checks.some(({ _zod }) => _zod.def.check === 'number_format')
      const values = [1, 9, 10, 1e6, 999_999_999_999_999, ...(least < 0 ? [0, -1, -17] : [])]
      return fc.constantFrom(...values, ...(isInteger ? [] : [0.5, 1.25, 0.000001, 99_999_999.999999]))
    }
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...(def.values as JsonValue[]))
    case 'enum':
      return fc.constantFrom(...(Object.values(def.entries) as JsonValue[]))
    case 'nullable':
      return fc.option(fitting(def.innerType))
    case 'readonly':
      return fitting(def.innerType)
    case 'union':
      return fc.oneof(...def.options.map(fitting))
    case 'array':
      return fc.array(fitting(def.element), { minLength: min, maxLength: Math.min(max, 3) })
    case 'record':
      return fc.dictionary(fitting(def.keyType) as fc.Arbitrary<string>, fitting(def.valueType), {
        maxKeys: 1,
      })
    case 'object': {
      const optional = (each: $ZodType): boolean => (each as $ZodTypes)._zod.def.type === 'optional'
      const inner = (each: $ZodType): $ZodType =>
        optional(each) ? ((each as $ZodTypes)._zod.def as { innerType: $ZodType }).innerType : each
      const members = Object.entries(def.shape)
      return fc.record(Object.fromEntries(members.map(([name, each]) => [name, fitting(inner(each))])), {
        requiredKeys: members.filter(([, each]) => !optional(each)).map(([name]) => name),
        noNullPrototype: true,
      })
    }
    default:
      throw new TypeError(`no values for a schema of type ${def.type}`)
  }
}

/** A bit of a text repeated, dropped or replaced. */
function bent(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(text, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom(...ODD))
    .map(([whole, at, drop, put]) => {
      const place = at % (whole.length + 1)
      return whole.slice(0, place) + put + whole.slice(place + drop)
    })
}

const small = z.strictObject({
  a: z.string().max(2).exactOptional(),
  b: z.union([z.number(), z.literal(['x', null])]).exactOptional(),
  c: z.array(z.int().nonnegative()).min(1).max(2).exactOptional(),
  d: z.record(z.string().max(2), z.boolean()).exactOptional(),
  e: z.strictObject({}).nullable(),
  f: z.enum(['p.q', 'r']).exactOptional(),
})

describe('the pattern of a schema', () => {
  const all = [...canonicalPatternsOf(bodies), ['all kinds of parts', canonicalPatternOf(small)] as const]

  test('is there for what fills a log', () => {
    const known = all.map(([name]) => name)
    const many = [
      'receipt',
      'receipt.head',
      'chain.segment',
      'delegation.issued',
      'budget.reserved',
      'revocation',
    ]
    expect(known).toEqual(expect.arrayContaining(many))
  })

  test.each(all)('of %s matches what fits, and nothing else', (name, pattern) => {
    const schema = name in bodies ? bodies[name as keyof typeof bodies] : small
    const texts = fitting(schema).map(canonicalize)
    fc.assert(
      fc.property(texts, bent(texts), bent(bent(texts)), (good, wrong, worse) => {
        expect({ good, fits: isFit(schema, good) }).toEqual({ good, fits: true })
        expect({ good, matches: pattern.test(good) }).toEqual({ good, matches: true })
        for (const text of [wrong, worse]) {
          const matches = pattern.test(text)
          if (matches) expect({ text, fits: isFit(schema, text) }).toEqual({ text, fits: true })
        }
      }),
      { numRuns: 150 },
    )
  })

  test('of numbers matches none that is written otherwise', () => {
    const isNumber = canonicalPatternOf(z.number())
    const digits = fc.stringMatching(/^-?\d{1,18}(\.\d{1,18})?(e[+-]?\d{1,3})?$/)
    fc.assert(
      fc.property(fc.oneof(digits, fc.double().map(String), fc.integer().map(String)), (text) => {
        if (isNumber.test(text)) expect({ text, fits: isFit(z.number(), text) }).toEqual({ text, fits: true })
      }),
      { numRuns: 5000 },
    )
    for (const text of ['-0', '00', '01', '1.0', '0.0', '1e3', '0.0000001', '9007199254740993', '']) {
      expect({ text, matches: isNumber.test(text) }).toEqual({ text, matches: false })
    }
  })

  test.each([
    ['a comma behind the brace', '{,"e":null}'],
    ['no comma', '{"a":"x""e":null}'],
    ['a name twice', '{"e":null,"e":null}'],
    ['names out of order', '{"e":null,"a":"x"}'],
    ['white space', '{"e": null}'],
    ['a line at the end', '{"e":null}\n'],
    ['an escape', '{"a":"\\n","e":null}'],
    ['a control character', '{"a":"\n","e":null}'],
    ['a dot that is none', '{"e":null,"f":"pxq"}'],
    ['two names of a record', '{"d":{"x":true,"y":true},"e":null}'],
    ['a name that objects have anyway', '{"d":{"__proto__":true},"e":null}'],
    ['half a union', '{"b":x,"e":null}'],
  ])('does not match text with %s', (_, text) => {
    expect(canonicalPatternOf(small).test(text)).toBe(false)
  })

  test.each([
    ['a transformation', z.string().transform(Number)],
    ['an object that lets members through', z.object({})],
    ['a pattern that may match quotes', z.string().regex(/^[!-~]+$/)],
    ['a pattern of any characters', z.string().regex(/^.+$/)],
    ['a pattern of all but some', z.string().regex(/^[^a]+$/)],
    ['a pattern of a part', z.string().regex(/x/)],
    ['a pattern that ends with an escape', z.string().regex(/^x\$/)],
    ['a pattern that looks ahead', z.string().regex(/^(?!y)x$/)],
    ['a pattern with flags', z.string().regex(/^x$/i)],
    ['a pattern and a length', z.string().regex(/^x+$/).max(2)],
    ['a format', z.email()],
    ['another bound than zero', z.int().min(1)],
    ['a bound above', z.int().max(9)],
    ['a check of its own', z.string().check(() => undefined)],
    ['a check of an object', z.strictObject({}).refine(() => false)],
    ['any JSON', z.json()],
    ['a name with a quote', z.strictObject({ '"': z.string() })],
    ['a literal with a quote', z.literal('"')],
  ])('is not made of %s', (_, schema) => {
    expect(() => canonicalPatternOf(schema)).toThrow(TypeError)
  })
})
