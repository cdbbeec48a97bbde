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
  let value: JsonValue
  // The depth is bounded before JSON.parse runs, so that it cannot exhaust the stack.
  checkDepth(text, limits.depth_max)
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    // JSON.parse quotes the input in its message, and the input may be a secret: do not chain it.
    throw new CoreError('JSON_INVALID', 'not valid JSON')
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

function checkDepth(text: string, depthMax: number): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = endOfString(text, i)
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > depthMax) throw new CoreError('JSON_TOO_DEEP', `JSON nested deeper than ${depthMax}`)
    } else if (c === 0x7d || c === 0x5d) depth--
  }
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
  const raw = text.slice(start, end)
  // Every double beyond 2^53 is an integer, however it is spelled: 1e20 is refused like its canonical form.
  if (Math.abs(Number(raw)) > Number.MAX_SAFE_INTEGER)
    throw new CoreError('JSON_NUMBER_RANGE', 'JSON number cannot be represented exactly')
  return end - 1
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1
  return i
}

/**
 * RFC 8785 canonical JSON. `undefined` members are refused rather than dropped: what is hashed is what is meant.
 * @throws {CoreError} `JSON_INVALID`: not a JSON value, a number that is not finite, or a lone surrogate.
 */
export function canonicalize(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CoreError('JSON_INVALID', 'number is not finite')
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new CoreError('JSON_INVALID', 'string has a lone surrogate')
    return JSON.stringify(value)
  }
  // Array.from visits the holes that map skips, so that a sparse array is refused.
  if (Array.isArray(value)) return `[${Array.from(value, (item: JsonValue) => canonicalize(item)).join(',')}]`
  if (!isJsonObject(value)) throw new CoreError('JSON_INVALID', 'not a JSON value')
  const members = Object.keys(value)
    .sort() // UTF-16 code units, as RFC 8785 section 3.2.3 wants
    .map((name) => {
      const member = value[name]
      if (member === undefined) throw new CoreError('JSON_INVALID', 'member is undefined')
      return `${canonicalize(name)}:${canonicalize(member)}`
    })
  return `{${members.join(',')}}`
}

/** The UTF-8 bytes of {@link canonicalize}. */
export function canonicalBytes(value: JsonValue): Uint8Array {
  return utf8(canonicalize(value))
}
