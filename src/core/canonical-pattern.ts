/**
 * Regular expressions made from zod schemas, once each: what fits a schema and is written canonically, as one pattern.
 * The platform compiles it, so that verifying a million entries costs each a pass over its text.
 * Invariant: text that matches is canonical JSON (RFC 8785), strict, and its value fits the schema. Other text may still
 * be: what has an escape, a number in another form than the usual ones, or a record of several names.
 * @module
 */
import type { z } from 'zod'
import type { $ZodCheck, $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'

/** Digits of an integer that is exact, whatever they are. */
const INTEGER = '[1-9]\\d{0,14}'
/** Fewer than 16 significant digits and no exponent: such a decimal is what its double is written as. */
export const FRACTION = '(?:0|[1-9]\\d{0,7})\\.\\d{0,5}[1-9]'
/** A UTF-16 unit that JSON may write as it is, and canonical JSON does. */
const CHARACTER = '[^"\\\\\\x00-\\x1f]'

/**
 * Patterns of strings that stand here as they are: they match nothing that JSON escapes, and nothing but whole strings.
 * Groups, alternatives and repetitions of characters and of classes that are spelled out, between ^ and $.
 */
const PLAIN_PATTERN =
  /^\^(?:[A-Za-z0-9_:-]|\\[d.]|\[(?:[A-Z]-[A-Z]|[a-z]-[a-z]|\d-\d|[A-Za-z0-9_.])+-?\]|\(\?:|[)|?*+]|\{\d+(?:,\d*)?\})*\$$/

/**
 * @returns a pattern of whole texts. Not checked by it: that the text has no lone surrogates.
 * @throws {TypeError} for a schema with parts that this does not know
 */
export function canonicalPatternOf(schema: z.ZodType): RegExp {
  return new RegExp(`^${sourceOf(schema)}$`)
}

/** @returns the pattern of each schema that has one, by name */
export function canonicalPatternsOf(
  schemas: Readonly<Record<string, z.ZodType>>,
): ReadonlyMap<string, RegExp> {
  const patterns = new Map<string, RegExp>()
  for (const [name, schema] of Object.entries(schemas)) {
    try {
      patterns.set(name, canonicalPatternOf(schema))
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
    }
  }
  return patterns
}

function sourceOf(schema: $ZodType): string {
  const { def } = (schema as $ZodTypes)._zod
  const checks = checksOf(schema)
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other type is refused below
  switch (def.type) {
    case 'string':
      return stringOf(checks)
    case 'number':
      return numberOf(checks)
    case 'array':
      return arrayOf(sourceOf(def.element), lengthOf(checks))
    default:
  }
  if (checks.length > 0) throw new TypeError(`no pattern for a check of a ${def.type}`)
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other type is refused below
  switch (def.type) {
    case 'boolean':
      return oneOf(['true', 'false'])
    case 'literal':
      return oneOf(def.values.map(wordOf))
    case 'enum':
      return oneOf(Object.values(def.entries).map(wordOf))
    case 'nullable':
      return oneOf(['null', sourceOf(def.innerType)])
    case 'union':
      return oneOf(def.options.map(sourceOf))
    case 'readonly':
      return sourceOf(def.innerType)
    case 'record':
      // The order of several names is beyond a pattern. Of one that every object has, schemas differ.
      return `\\{(?:(?!"__proto__")${sourceOf(def.keyType)}:${sourceOf(def.valueType)})?\\}`
    case 'object':
      if ((def.catchall as $ZodTypes | undefined)?._zod.def.type !== 'never') break
      return objectOf(def.shape)
    default:
  }
  throw new TypeError(`no pattern for a schema of type ${def.type}`)
}

/** What a schema asks of a value besides its type; a format stands in the schema itself, as if it were a check. */
function checksOf(schema: $ZodType): $ZodChecks[] {
  const { def } = (schema as $ZodTypes)._zod
  const own = 'check' in def ? [schema as unknown as $ZodCheck] : []
  return [...own, ...(def.checks ?? [])] as $ZodChecks[]
}

function oneOf(sources: readonly string[]): string {
  return `(?:${sources.join('|')})`
}

function wordOf(value: unknown): string {
  const word = JSON.stringify(value) as string | undefined
  if (word === undefined || !/^(?:"[\w.:-]*"|\d{1,15}|true|false|null)$/.test(word)) {
    throw new TypeError('no pattern for such a literal')
  }
  return word.replaceAll('.', '\\.')
}

function stringOf(checks: readonly $ZodChecks[]): string {
  const [first] = checks
  if (checks.length === 1 && first?._zod.def.check === 'string_format') {
    const { pattern } = first._zod.def as { readonly pattern?: RegExp }
    if (pattern === undefined || pattern.flags !== '' || !PLAIN_PATTERN.test(pattern.source)) {
      throw new TypeError('no pattern for a format')
    }
    return `"(?:${pattern.source.slice(1, -1)})"`
  }
  const { min, max } = lengthOf(checks)
  return `"${CHARACTER}{${min},${max ?? ''}}"`
}

interface Lengths {
  readonly min: number
  readonly max: number | null
}

function lengthOf(checks: readonly $ZodChecks[]): Lengths {
  let min = 0
  let max: number | null = null
  for (const {
    _zod: { def },
  } of checks) {
    if (def.check === 'min_length') min = Math.max(min, def.minimum)
    else if (def.check === 'max_length') max = Math.min(max ?? def.maximum, def.maximum)
    else throw new TypeError(`no pattern for a check ${def.check}`)
  }
  if (max !== null && max < min) throw new TypeError('nothing is of such a length')
  return { min, max }
}

function numberOf(checks: readonly $ZodChecks[]): string {
  let isInteger = false
  let least: 'any' | 'zero' | 'above' = 'any'
  for (const {
    _zod: { def },
  } of checks) {
    if (def.check === 'number_format' && def.format === 'safeint') isInteger = true
    else if (def.check === 'greater_than' && def.value === 0 && least !== 'above')
      least = def.inclusive ? 'zero' : 'above'
    else throw new TypeError(`no pattern for a check ${def.check}`)
  }
  const above = isInteger ? [INTEGER] : [INTEGER, FRACTION]
  if (least === 'above') return oneOf(above)
  return least === 'zero' ? oneOf(['0', ...above]) : `(?:0|-?${oneOf(above)})`
}

function arrayOf(item: string, { min, max }: Lengths): string {
  if (max === 0) return '\\[\\]'
  const more = `(?:,${item}){${Math.max(0, min - 1)},${max === null ? '' : max - 1}}`
  return `\\[${min > 0 ? item + more : `(?:${item}${more})?`}\\]`
}

/** Its names stand in one order only. */
function objectOf(shape: Readonly<Record<string, $ZodType>>): string {
  const members = Object.keys(shape)
    .sort()
    .map((name) => {
      if (!/^\w+$/.test(name) || name === '__proto__') throw new TypeError('no pattern for such a name')
      const schema = shape[name] as $ZodTypes
      const isOptional = schema._zod.def.type === 'optional'
      const value = sourceOf(isOptional ? (schema._zod.def as { innerType: $ZodType }).innerType : schema)
      return { isOptional, source: `"${name}":${value}` }
    })
  let isBehind = false
  const sources = members.map(({ isOptional, source }, i) => {
    // A comma, unless all members before were left out: what stands behind the brace has none.
    const comma = isBehind ? ',' : i === 0 ? '' : '(?:(?<=\\{)|(?<!\\{),)'
    isBehind ||= !isOptional
    return isOptional ? `(?:${comma}${source})?` : comma + source
  })
  return `\\{${sources.join('')}\\}`
}
