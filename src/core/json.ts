/**
 * JSON in and out: a strict reader (no duplicate names, bounded size and depth, exact integers) and
 * RFC 8785 canonical JSON (JCS). What is signed or committed to is always the canonical form.
 * @module
 */
import { fromUtf8, utf8 } from './encoding.ts'
import { CoreError } from './errors.ts'

export type JsonPrimitive = string | number | boolean | null
export type JsonObject = { readonly [name: string]: JsonValue }
export type JsonValue = JsonPrimitive | readonly JsonValue[] | JsonObject

export interface JsonLimits {
  /** UTF-8 bytes (or UTF-16 units of a string input). */
  readonly bytes_max: number
  /** Nesting of arrays and objects; a bare primitive has depth 0. */
  readonly depth_max: number
  /**
   * Refuse names of members that are spelled with an escape. For text that is handed on as it came: another reader
   * may decode such a name differently (V8 does, nodejs/node#63785).
   */
  readonly plain_names?: true
}

/** The largest token, body or frame that we read unless a caller says otherwise. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { bytes_max: 64 * 1024, depth_max: 32 }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Parses JSON text strictly.
 * @throws {CoreError} `JSON_TOO_LARGE`, `JSON_TOO_DEEP`, `JSON_INVALID` (grammar, lone surrogate),
 * `JSON_DUPLICATE_KEY`, `JSON_NUMBER_RANGE` (beyond 2^53-1 in magnitude, `1e20` and overflow included),
 * `TEXT_INVALID` (bytes that are not UTF-8), `JSON_NAME_ESCAPED` (only with `plain_names`).
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): JsonValue {
  if (input.length > limits.bytes_max) {
    throw new CoreError('JSON_TOO_LARGE', `JSON over the limit of ${limits.bytes_max} bytes`)
  }
  const text = typeof input === 'string' ? input : fromUtf8(input)
  // The depth is bounded before JSON.parse runs, so that it cannot exhaust the stack.
  const names = countNames(text, limits.depth_max)
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    // JSON.parse quotes the input in its message, and the input may be a secret: do not chain it.
    throw new CoreError('JSON_INVALID', 'not valid JSON')
  }
  // Without an escape every string of the text stands in it as it is: what is wrong shows in the value.
  if (!text.includes('\\')) {
    if (!text.isWellFormed()) throw new CoreError('JSON_INVALID', 'JSON string has a lone surrogate')
    if (countMembers(value) !== names)
      throw new CoreError('JSON_DUPLICATE_KEY', 'JSON object has a duplicate name')
    return value
  }
  if (!checkMembers(text)) return value
  if (limits.plain_names)
    throw new CoreError('JSON_NAME_ESCAPED', 'JSON object has a name spelled with an escape')
  return new Builder(text).value()
}

/**
 * Builds the value of text that is known to be good JSON, one string at a time. JSON.parse of a whole object may give
 * an escaped name as another one, at the choice of whoever wrote earlier texts (nodejs/node#63785).
 */
class Builder {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): JsonValue {
    const c = this.#peek()
    if (c === '{') return this.#object()
    if (c === '[') return this.#array()
    const start = this.#at
    this.#at = c === '"' ? endOfString(this.#text, start) + 1 : this.#endOfWord()
    return JSON.parse(this.#text.slice(start, this.#at)) as JsonPrimitive
  }

  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++
    return this.#text.charAt(this.#at)
  }

  #endOfWord(): number {
    let end = this.#at
    while (end < this.#text.length && !/[\s,\]}]/.test(this.#text.charAt(end))) end++
    return end
  }

  /** Steps over `{`, `[` or `,`. @returns whether another member follows */
  #next(close: string): boolean {
    this.#peek()
    this.#at++
    const more = this.#text.charAt(this.#at - 1) !== close && this.#peek() !== close
    if (!more && this.#text.charAt(this.#at - 1) !== close) this.#at++
    return more
  }

  #array(): JsonValue {
    const out: JsonValue[] = []
    while (this.#next(']')) out.push(this.value())
    return out
  }

  #object(): JsonValue {
    const out: [string, JsonValue][] = []
    while (this.#next('}')) {
      const name = this.value() as string
      this.#peek() // the colon
      this.#at++
      out.push([name, this.value()])
    }
    return Object.fromEntries(out)
  }
}

/** @returns how many names the text has, each followed by a colon outside of strings, if it is JSON at all */
function countNames(text: string, depthMax: number): number {
  let depth = 0
  let names = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = endOfString(text, i)
    else if (c === 0x3a) names++
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > depthMax) throw new CoreError('JSON_TOO_DEEP', `JSON nested deeper than ${depthMax}`)
    } else if (c === 0x7d || c === 0x5d) depth--
  }
  return names
}

/** @returns how many members the objects of a value have together: fewer than its text has names if one occurs twice */
function countMembers(value: JsonValue): number {
  if (typeof value === 'number') assertExact(value)
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) members += countMembers(item)
    return members
  }
  for (const item of Object.values(value)) members += 1 + countMembers(item)
  return members
}

/** Every double beyond 2^53 is an integer, however it is spelled: 1e20 is refused like its canonical form. */
function assertExact(value: number): void {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new CoreError('JSON_NUMBER_RANGE', 'JSON number cannot be represented exactly')
}

/**
 * Walks text that JSON.parse accepted: names unique per object, strings well-formed, integers exact.
 * @returns whether a name is spelled with an escape
 */
function checkMembers(text: string): boolean {
  let escaped = false
  const scopes: (Set<string> | null)[] = []
  let expectName = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      const end = endOfString(text, i)
      const raw = text.slice(i + 1, end)
      const value = raw.includes('\\') ? (JSON.parse(text.slice(i, end + 1)) as string) : raw
      if (!value.isWellFormed()) throw new CoreError('JSON_INVALID', 'JSON string has a lone surrogate')
      const names = scopes.at(-1)
      if (expectName && names) {
        if (names.has(value)) throw new CoreError('JSON_DUPLICATE_KEY', 'JSON object has a duplicate name')
        names.add(value)
        escaped ||= raw.includes('\\')
      }
      expectName = false
      i = end
    } else if (c === 0x7b) {
      scopes.push(new Set())
      expectName = true
    } else if (c === 0x5b) {
      scopes.push(null)
      expectName = false
    } else if (c === 0x7d || c === 0x5d) {
      scopes.pop()
      expectName = false
    } else if (c === 0x2c) expectName = scopes.at(-1) !== null
    else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) i = checkNumber(text, i)
  }
  return escaped
}

function checkNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && /[0-9.eE+-]/.test(text.charAt(end))) end++
  assertExact(Number(text.slice(start, end)))
  return end - 1
}

/** @returns the index of the closing quote, or the text's length */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  // A quote behind an odd number of backslashes is escaped.
  while (end > 0 && text.charCodeAt(end - 1) === 0x5c) {
    let at = end - 1
    while (text.charCodeAt(at - 1) === 0x5c) at--
    if ((end - at) % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end < 0 ? text.length : end
}

/**
 * RFC 8785 canonical JSON. `undefined` members are refused rather than dropped: what is hashed is what is meant.
 * @throws {CoreError} `JSON_INVALID`: not a JSON value, a number that is not finite, or a lone surrogate.
 */
export function canonicalize(value: JsonValue): string {
  // JSON.stringify writes strings and numbers as RFC 8785 wants them: only the order of names is its caller's.
  return isInOrder(value) ? JSON.stringify(value) : ordered(value)
}

/** @returns whether every object has its names in order, and nothing that prints by a rule of its own */
function isInOrder(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) {
    assertPrimitive(value)
    return true
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isInOrder(value[i] as JsonValue)) return false
    return !('toJSON' in value)
  }
  const names = Object.keys(value)
  for (let i = 1; i < names.length; i++) if ((names[i] ?? '') < (names[i - 1] ?? '')) return false
  for (const name of names) {
    const member = (value as JsonObject)[name]
    // What is not JSON is left to the other path, which says what is wrong.
    if (member === undefined || !name.isWellFormed() || !isInOrder(member)) return false
  }
  return !('toJSON' in value)
}

function assertPrimitive(value: JsonValue): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new CoreError('JSON_INVALID', 'string has a lone surrogate')
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CoreError('JSON_INVALID', 'number is not finite')
  } else if (typeof value !== 'boolean' && value !== null) {
    throw new CoreError('JSON_INVALID', 'not a JSON value')
  }
}

/** Printable ASCII that JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/

function ordered(value: JsonValue): string {
  if (typeof value === 'string') {
    if (PLAIN.test(value)) return `"${value}"`
    assertPrimitive(value)
    return JSON.stringify(value)
  }
  if (typeof value !== 'object' || value === null) {
    assertPrimitive(value)
    return String(value) // RFC 8785 section 3.2.2.3 takes over how ECMAScript prints a number
  }
  // Array.from visits the holes that map skips, so that a sparse array is refused.
  if (Array.isArray(value)) return `[${Array.from(value, (item: JsonValue) => ordered(item)).join(',')}]`
  let out = ''
  for (const name of sorted(Object.keys(value))) {
    const member = (value as JsonObject)[name]
    if (member === undefined) throw new CoreError('JSON_INVALID', 'member is undefined')
    out += `${out === '' ? '' : ','}${ordered(name)}:${ordered(member)}`
  }
  return `{${out}}`
}

/** Names that are sorted one by one, which is faster as long as they are few. */
const SORTED_BY_HAND_MAX = 32

/** UTF-16 code units, as RFC 8785 section 3.2.3 wants. */
function sorted(names: string[]): string[] {
  if (names.length > SORTED_BY_HAND_MAX) return names.sort()
  for (let i = 1; i < names.length; i++) {
    const name = names[i] ?? ''
    let at = i
    for (; at > 0 && (names[at - 1] ?? '') > name; at--) names[at] = names[at - 1] ?? ''
    names[at] = name
  }
  return names
}

/** The UTF-8 bytes of {@link canonicalize}. */
export function canonicalBytes(value: JsonValue): Uint8Array {
  return utf8(canonicalize(value))
}
