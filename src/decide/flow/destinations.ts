/** Which values of a call say where it goes, and which are what it carries. spec/labels.md, LBL-7. Pure. @module */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { isFieldName } from './field-names.ts'
import { leadsTo } from './leaves.ts'

export interface ArgumentValue {
  /** JSON Pointer into the arguments. */
  readonly argument: string
  readonly value: string
}

export interface CallValues {
  readonly destinations: readonly ArgumentValue[]
  /** Texts that are no destination. */
  readonly contents: readonly ArgumentValue[]
  /** There are more destinations than anybody looks at. */
  readonly too_many: boolean
  /** There are more texts than anybody looks at. */
  readonly too_long: boolean
}

/** Values of one call that are looked for, and levels of its arguments. */
const VALUES_MAX = 256
const DEPTH_MAX = 32
/** Values and names that are looked at to find those: more of them is a table, and no call that anybody reads. */
const LOOKED_MAX = 16 * 1024

/** What is said, or an address: a number says nothing that anybody looks for. */
const TEXT = /[\p{L}@]/u

/** Several recipients in one text. A part without `@` or of an address of a page is not taken apart. */
const SEVERAL = /[,;]/

/** One kind of arguments: those that a pointer may lead into, and the others. */
interface Walk {
  looked: number
}

/**
 * @param destination pointers of the label; `''` is every argument
 * @param effect the call does something: names that are no known names of fields say where it goes, too
 */
export function valuesOf(args: JsonObject, destination: readonly string[], effect = false): CallValues {
  const patterns = destination.map((pointer) => pointer.split('/'))
  const destinations: ArgumentValue[] = []
  const contents: ArgumentValue[] = []
  let too_many = false
  let too_long = false
  const put = (into: ArgumentValue[], tokens: readonly string[], value: string): void => {
    if (into === contents && !TEXT.test(value)) return
    if (into.length < VALUES_MAX) into.push({ argument: tokens.join('/'), value })
    else if (into === contents) too_long = true
    else too_many = true
  }
  const walk = (value: JsonValue, tokens: readonly string[], of: Walk): void => {
    of.looked += 1
    // True and false name nobody.
    if (of.looked > LOOKED_MAX || value === null || typeof value === 'boolean') return
    if (typeof value === 'object') {
      if (tokens.length > DEPTH_MAX) too_many = true
      else if (isJsonObject(value)) {
        for (const name of Object.keys(value)) {
          if (of.looked > LOOKED_MAX) return
          const at = [...tokens, token(name)]
          const item = value[name] ?? null
          if (isSaidByName(patterns, at, name, item, effect)) put(destinations, at, name)
          walk(item, at, of)
        }
      } else
        for (let i = 0; i < value.length && of.looked <= LOOKED_MAX; i += 1)
          walk(value[i] ?? null, [...tokens, String(i)], of)
      return
    }
    const into = patterns.some((pattern) => leadsTo(pattern, tokens)) ? destinations : contents
    if (String(value).trim() === '') return
    put(into, tokens, String(value))
  }
  const aimed = { looked: 0 }
  const others = { looked: 0 }
  for (const [name, item] of Object.entries(args)) {
    const at = ['', token(name)]
    const isAimed = patterns.some((pattern) => leadsTo(pattern.slice(0, 2), at))
    if (isAimed && isSaidByName(patterns, at, name, item, effect)) put(destinations, at, name)
    walk(item, at, isAimed ? aimed : others)
  }
  too_many ||= aimed.looked > LOOKED_MAX
  too_long ||= Math.max(aimed.looked, others.looked) > LOOKED_MAX
  return { destinations: destinations.flatMap(apart), contents, too_many, too_long }
}

/** The name of a field, and no data used as one. */
const FIELD = /^[A-Za-z_$][\w$-]{0,63}$/

/**
 * Whether a name says where the call goes: `{"ann@a.example": "reader"}`, or below an argument `{"ann": true}`, and of a call
 * with an effect `{"ann": "reader"}`.
 */
function isSaidByName(
  patterns: readonly (readonly string[])[],
  at: readonly string[],
  name: string,
  item: JsonValue,
  effect: boolean,
): boolean {
  if (name.trim() === '') return false
  const last = at.length - 1
  if (FIELD.test(name) && !(last > 1 && (item === null || typeof item === 'boolean'))) {
    if (!effect || last < 2 || isFieldName(name)) return false
    if (patterns.some((pattern) => pattern[last] === at[last] && leadsTo(pattern.slice(0, at.length), at)))
      return false
  }
  return patterns.some(
    (pattern) =>
      leadsTo(pattern.slice(0, at.length), at) && (pattern.length <= last || pattern[last] === '*'),
  )
}

function apart(one: ArgumentValue): ArgumentValue[] {
  const parts = one.value
    .split(SEVERAL)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length < 2 || !parts.every((part) => part.includes('@') && !part.includes('/'))) return [one]
  return parts.map((value) => ({ argument: one.argument, value }))
}

function token(name: string): string {
  return name.includes('~') || name.includes('/') ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name
}
