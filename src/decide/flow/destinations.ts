/** Which values of a call say where it goes, and which are what it carries. spec/labels.md, LBL-7. Pure. @module */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
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

/** What is said, or an address: a number says nothing that anybody looks for. */
const TEXT = /[\p{L}@]/u

/** Several recipients in one text. A part without `@` or of an address of a page is not taken apart. */
const SEVERAL = /[,;]/

/** @param destination pointers of the label; `''` is every argument */
export function valuesOf(args: JsonObject, destination: readonly string[]): CallValues {
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
  const walk = (value: JsonValue, tokens: readonly string[]): void => {
    // True and false name nobody.
    if (value === null || typeof value === 'boolean') return
    if (typeof value === 'object') {
      if (tokens.length > DEPTH_MAX) too_many = true
      else
        for (const [name, item] of Object.entries(value)) {
          const at = [...tokens, token(name)]
          if (isJsonObject(value) && isSaidByName(patterns, at, name, item)) put(destinations, at, name)
          walk(item, at)
        }
      return
    }
    const into = patterns.some((pattern) => leadsTo(pattern, tokens)) ? destinations : contents
    if (String(value).trim() === '') return
    put(into, tokens, String(value))
  }
  if (isJsonObject(args)) walk(args, [''])
  return { destinations: destinations.flatMap(apart), contents, too_many, too_long }
}

/** The name of a field, and no data used as one. */
const FIELD = /^[A-Za-z_$][\w$-]{0,63}$/

/** Whether a name says where the call goes: `{"ann@a.example": "reader"}`, or `{"ann": true}` below an argument. */
function isSaidByName(
  patterns: readonly (readonly string[])[],
  at: readonly string[],
  name: string,
  item: JsonValue,
): boolean {
  if (name.trim() === '') return false
  const isAlone = at.length > 2 && (item === null || typeof item === 'boolean')
  if (FIELD.test(name) && !isAlone) return false
  const last = at.length - 1
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
