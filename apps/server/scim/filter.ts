/**
 * Filters of lists: `eq`, and `and` between them, which is what provisioning clients send. spec/identity.md (IDN-21),
 * RFC 7644 section 3.4.2.2. Invariant: a value is a value, whatever stands in it, and nothing is read twice.
 * @module
 */
import { ScimError } from '../../../src/registry/scim-errors.ts'

const FILTER_CHARS_MAX = 1_024
const TERMS_MAX = 4
/** An attribute, perhaps behind the name of its schema; `eq`; a JSON string or a boolean. */
const TERM = /\s*([A-Za-z][\w:.-]*)\s+(eq)\s+("(?:[^"\\]|\\.)*"|true|false)/iy
const AND = /\s+and(?=\s)/iy
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i

export interface Term {
  /** As it was written, without its schema. */
  readonly attribute: string
  readonly value: string | boolean
}

/** @throws {ScimError} `invalidFilter` */
export function parseFilter(text: string): readonly Term[] {
  if (text.length > FILTER_CHARS_MAX) throw invalid()
  const terms: Term[] = []
  let at = 0
  for (;;) {
    TERM.lastIndex = at
    const [whole, attribute = '', , value = ''] = TERM.exec(text) ?? []
    if (whole === undefined || terms.length === TERMS_MAX) throw invalid()
    terms.push({ attribute: attribute.replace(CORE, ''), value: valueOf(value) })
    at += whole.length
    if (text.slice(at).trim() === '') return terms
    AND.lastIndex = at
    const [and] = AND.exec(text) ?? []
    if (and === undefined) throw invalid()
    at += and.length
  }
}

function valueOf(text: string): string | boolean {
  if (!text.startsWith('"')) return text.toLowerCase() === 'true'
  try {
    return JSON.parse(text) as string
  } catch {
    throw invalid()
  }
}

function invalid(): ScimError {
  return new ScimError(
    'invalidFilter',
    'a filter is ATTRIBUTE eq "VALUE", or some of them with and between them',
  )
}

/**
 * By the names that a resource is found by.
 * @param texts attributes whose value is a text, as they are spelled here; `active` is a boolean
 * @throws {ScimError} `invalidFilter`: another attribute, another kind of value, or one that is named twice
 */
export function filterBy<T extends string>(
  text: string | undefined,
  texts: readonly T[],
): { readonly [K in T]?: string } & { readonly active?: boolean } {
  const found = new Map<string, unknown>()
  for (const { attribute, value } of text === undefined ? [] : parseFilter(text)) {
    const name = ['active', ...texts].find((each) => each.toLowerCase() === attribute.toLowerCase())
    const given = name === 'active' ? booleanOf(value) : value
    if (name === undefined || found.has(name)) throw invalid()
    if (typeof given !== (name === 'active' ? 'boolean' : 'string')) throw invalid()
    found.set(name, given)
  }
  return Object.fromEntries(found) as { readonly [K in T]?: string } & { readonly active?: boolean }
}

/** Some clients write booleans as texts. */
export function booleanOf(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(true|false)$/i.test(value)) return value
  return value.toLowerCase() === 'true'
}
