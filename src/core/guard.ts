/**
 * Predicates made from zod schemas, once each: what every call has to pass is asked for as plain code. The schema stays
 * the one definition, and says what does not fit where somebody reads that.
 * Invariant: a guard accepts exactly the JSON that its schema accepts, and a schema that it cannot read is no guard.
 * @module
 */
import type { z } from 'zod'
import type { $ZodCheck, $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'
import { isJsonObject } from './json.ts'

type Test = (value: unknown) => boolean

/**
 * @returns whether a value parsed from JSON fits. The value itself is what is used from there on: nothing is copied,
 * dropped or changed.
 * @throws {TypeError} for a schema with parts that this does not know, e.g. a transformation
 */
export function guardOf<S extends z.ZodType>(schema: S): (value: unknown) => value is z.infer<S> {
  const test = testOf(schema)
  return (value): value is z.infer<S> => test(value)
}

/** @returns the guard of each schema that it can read, by name; for the others ask the schema */
export function guardsOf(schemas: Readonly<Record<string, z.ZodType>>): ReadonlyMap<unknown, Test> {
  const guards = new Map<unknown, Test>()
  for (const [name, schema] of Object.entries(schemas)) {
    try {
      guards.set(name, testOf(schema))
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
    }
  }
  return guards
}

function testOf(schema: $ZodType): Test {
  const { def } = (schema as $ZodTypes)._zod
  const shape = shapeOf(schema as $ZodTypes)
  // An integer's format stands in the schema itself, as if it were a check.
  const own = 'check' in def ? [schema as unknown as $ZodCheck] : []
  const checks = [...own, ...(def.checks ?? [])].map(checkOf)
  if (checks.length === 0) return shape
  return (value) => {
    if (!shape(value)) return false
    for (const check of checks) if (!check(value)) return false
    return true
  }
}

function shapeOf({ _zod: { def } }: $ZodTypes): Test {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other type is refused below
  switch (def.type) {
    case 'string':
      return (value) => typeof value === 'string'
    case 'number':
      return (value) => Number.isFinite(value)
    case 'boolean':
      return (value) => typeof value === 'boolean'
    case 'literal':
      return oneOf(def.values)
    case 'enum':
      return oneOf(Object.values(def.entries))
    case 'array':
      return arrayOf(testOf(def.element))
    case 'tuple':
      if (def.rest !== null) break
      return tupleOf(def.items.map(testOf))
    case 'nullable':
      return nullOr(testOf(def.innerType))
    case 'union':
      return anyOf(def.options.map(testOf))
    case 'record':
      return recordOf(testOf(def.keyType), testOf(def.valueType))
    case 'object':
      if ((def.catchall as $ZodTypes | undefined)?._zod.def.type !== 'never') break
      return objectOf(def.shape)
    default:
  }
  throw new TypeError(`no guard for a schema of type ${def.type}`)
}

function oneOf(values: readonly unknown[]): Test {
  const only = values[0]
  return values.length === 1 ? (value) => value === only : (value) => values.includes(value)
}

function arrayOf(item: Test): Test {
  return (value) => {
    if (!Array.isArray(value)) return false
    for (let i = 0; i < value.length; i++) if (!item(value[i])) return false
    return true
  }
}

function tupleOf(items: readonly Test[]): Test {
  return (value) =>
    Array.isArray(value) && value.length === items.length && items.every((item, i) => item(value[i]))
}

function nullOr(test: Test): Test {
  return (value) => value === null || test(value)
}

function anyOf(options: readonly Test[]): Test {
  return (value) => {
    for (const option of options) if (option(value)) return true
    return false
  }
}

function recordOf(name: Test, member: Test): Test {
  return (value) => {
    if (!isJsonObject(value)) return false
    for (const each of Object.keys(value)) if (!name(each) || !member(value[each])) return false
    return true
  }
}

/** Every member is known, and every one that is not optional is there. */
function objectOf(shape: Readonly<Record<string, $ZodType>>): Test {
  const members = new Map<string, { readonly test: Test; readonly counts: 0 | 1 }>()
  let required = 0
  for (const [name, schema] of Object.entries(shape)) {
    const { def } = (schema as $ZodTypes)._zod
    const optional = def.type === 'optional'
    members.set(name, { test: testOf(optional ? def.innerType : schema), counts: optional ? 0 : 1 })
    if (!optional) required++
  }
  return (value) => {
    if (!isJsonObject(value)) return false
    let found = 0
    for (const name of Object.keys(value)) {
      const member = members.get(name)
      if (member === undefined || !member.test(value[name])) return false
      found += member.counts
    }
    return found === required
  }
}

/** Run only on a value of the right shape. */
function checkOf(check: $ZodCheck): Test {
  const { def } = (check as $ZodChecks)._zod
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other check is refused below
  switch (def.check) {
    case 'min_length':
      return (value) => (value as { length: number }).length >= def.minimum
    case 'max_length':
      return (value) => (value as { length: number }).length <= def.maximum
    case 'greater_than':
      return boundOf(def, (value, bound) => value > bound)
    case 'less_than':
      return boundOf(def, (value, bound) => value < bound)
    case 'number_format':
      if (def.format !== 'safeint') break
      return (value) => Number.isSafeInteger(value)
    case 'string_format':
      return patternOf(def)
    case 'custom' as never:
      return refinementOf(def)
    default:
  }
  throw new TypeError(`no guard for a check ${def.check}`)
}

function boundOf(
  def: { readonly value: unknown; readonly inclusive: boolean },
  beyond: (value: number, bound: number) => boolean,
): Test {
  const { value: bound, inclusive } = def
  if (typeof bound !== 'number') throw new TypeError('no guard for a bound that is not a number')
  return (value) => beyond(value as number, bound) || (inclusive && value === bound)
}

/** Formats that are their pattern and no more. */
const PATTERNS = new Set(['regex', 'datetime'])

function patternOf(def: { readonly format: string; readonly pattern?: RegExp | undefined }): Test {
  const { format, pattern } = def
  // A pattern with a memory would answer differently the second time.
  if (!PATTERNS.has(format) || pattern === undefined || pattern.global || pattern.sticky) {
    throw new TypeError(`no guard for a format ${format}`)
  }
  return (value) => pattern.test(value as string)
}

function refinementOf(def: unknown): Test {
  const { fn } = def as { fn?: (value: unknown) => unknown }
  if (fn === undefined) throw new TypeError('no guard for a check of its own')
  return (value) => Boolean(fn(value))
}
