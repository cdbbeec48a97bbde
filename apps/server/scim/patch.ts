/**
 * `PATCH`: what Okta and Entra ID send, applied to what a client said before. spec/identity.md (IDN-21), RFC 7644
 * section 3.5.2. Invariant: the result is made of what was sent and what was there, and of no other object's members.
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import { ScimError } from '../../../src/registry/scim-errors.ts'

const OPERATIONS_MAX = 100
const PATH_CHARS_MAX = 512
const NAME = '[A-Za-z$][\\w$-]*'
/** `attribute`, `attribute.part`, `attribute[part eq "value"]`, `attribute[part eq "value"].part`. */
const PATH = new RegExp(
  `^(${NAME})(?:\\[\\s*(${NAME})\\s+eq\\s+("(?:[^"\\\\]|\\\\.)*"|true|false)\\s*\\])?(?:\\.(${NAME}))?$`,
  'i',
)
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group)$/i

export type Draft = { [name: string]: JsonValue }

export interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string | null
  readonly value: JsonValue | undefined
}

interface Path {
  /** Of an extension, or null. */
  readonly schema: string | null
  readonly attribute: string
  readonly where: { readonly part: string; readonly is: JsonValue } | null
  readonly part: string | null
}

/** @throws {ScimError} `invalidSyntax` */
export function readOperations(body: JsonValue): readonly Operation[] {
  const found = isJsonObject(body) ? memberOf(body, 'Operations') : undefined
  if (!Array.isArray(found) || found.length === 0 || found.length > OPERATIONS_MAX)
    throw new ScimError('invalidSyntax', `Operations are 1 to ${OPERATIONS_MAX}`)
  return found.map(readOperation)
}

function readOperation(each: JsonValue): Operation {
  const [op, path, value] = isJsonObject(each)
    ? ['op', 'path', 'value'].map((name) => memberOf(each, name))
    : []
  const kind = typeof op === 'string' ? op.toLowerCase() : ''
  if (kind !== 'add' && kind !== 'replace' && kind !== 'remove')
    throw new ScimError('invalidSyntax', 'op is add, replace or remove')
  if (path !== undefined && path !== null && typeof path !== 'string')
    throw new ScimError('invalidPath', 'path is a text')
  if (kind !== 'remove' && value === undefined) throw new ScimError('invalidValue', 'there is no value')
  return { op: kind, path: path === undefined || path === '' ? null : path, value }
}

/** Whatever case its name is in. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  const own = Object.hasOwn(object, name) ? name : undefined
  const found = own ?? Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : object[found]
}

/** @returns another object. @throws {ScimError} `invalidPath`, `invalidValue`, `noTarget` */
export function applied(before: JsonObject, operations: readonly Operation[]): Draft {
  const draft: Draft = structuredClone(before)
  for (const operation of operations) applyTo(draft, operation)
  return draft
}

function applyTo(draft: Draft, { op, path, value }: Operation): void {
  if (path !== null) return setAt(draft, parsePath(path), op, value)
  if (op === 'remove') throw new ScimError('noTarget', 'remove wants a path')
  if (value === undefined || !isJsonObject(value))
    throw new ScimError('invalidValue', 'without a path the value is an object')
  for (const [name, each] of Object.entries(value))
    if (name.toLowerCase().startsWith('urn:') && isJsonObject(each)) applyExtension(draft, name, op, each)
    else setAt(draft, parsePath(name), op, each)
}

/** An extension as an object of its attributes: those that it does not name stay. */
function applyExtension(draft: Draft, schema: string, op: Operation['op'], of: JsonObject): void {
  for (const [name, each] of Object.entries(of)) setAt(draft, parsePath(`${schema}:${name}`), op, each)
}

/** @throws {ScimError} `invalidPath` */
function parsePath(text: string): Path {
  const isNamed = text.toLowerCase().startsWith('urn:')
  const bracket = text.indexOf('[')
  const colon = isNamed ? text.slice(0, bracket < 0 ? undefined : bracket).lastIndexOf(':') : -1
  const schema = colon < 0 ? null : text.slice(0, colon)
  const [whole, attribute = '', on, is = '', part] = PATH.exec(text.slice(colon + 1)) ?? []
  if (whole === undefined || text.length > PATH_CHARS_MAX || (schema !== null && !/^[\w:.-]+$/.test(schema)))
    throw new ScimError('invalidPath', 'this path is not understood')
  return {
    schema: schema === null || CORE.test(schema) ? null : schema,
    attribute,
    where: on === undefined ? null : { part: on, is: scalarOf(is) },
    part: part ?? null,
  }
}

function scalarOf(text: string): JsonValue {
  if (!text.startsWith('"')) return text.toLowerCase() === 'true'
  try {
    return JSON.parse(text) as string
  } catch {
    throw new ScimError('invalidPath', 'this path is not understood')
  }
}

function setAt(draft: Draft, path: Path, op: Operation['op'], value: JsonValue | undefined): void {
  if (path.schema !== null) {
    const own = childOf(draft, path.schema)
    setAt(own, { ...path, schema: null }, op, value)
    if (Object.keys(own).length === 0) delete draft[nameIn(draft, path.schema)]
    return
  }
  const name = nameIn(draft, path.attribute)
  if (path.where !== null) return setWhere(draft, name, path, op, value)
  if (path.part !== null) return setMember(childOf(draft, name), path.part, op, value)
  setMember(draft, name, op, value)
}

function setMember(of: Draft, attribute: string, op: Operation['op'], value: JsonValue | undefined): void {
  const name = nameIn(of, attribute)
  const before = Object.hasOwn(of, name) ? of[name] : undefined
  if (op === 'remove' || value === undefined) delete of[name]
  else if (op === 'add' && Array.isArray(before))
    of[name] = union(before, Array.isArray(value) ? value : [value])
  else if (isJsonObject(value) && before !== undefined && isJsonObject(before))
    of[name] = { ...before, ...value }
  else of[name] = value
}

/** What is there already is not added again. */
function union(before: readonly JsonValue[], more: readonly JsonValue[]): JsonValue[] {
  const known = new Set(before.map((each) => JSON.stringify(each)))
  return [...before, ...more.filter((each) => !known.has(JSON.stringify(each)))]
}

/** Of the elements that fit; where none does, one that fits is added. */
function setWhere(
  draft: Draft,
  name: string,
  { where, part }: Path,
  op: Operation['op'],
  value: JsonValue | undefined,
): void {
  if (where === null) return
  const found = Object.hasOwn(draft, name) ? draft[name] : []
  const elements = (Array.isArray(found) ? found : []).map((each) => structuredClone(each))
  const fits = (each: JsonValue): boolean => isJsonObject(each) && memberOf(each, where.part) === where.is
  if (op === 'remove' && part === null) draft[name] = elements.filter((each) => !fits(each))
  else if (op !== 'remove' && !elements.some(fits))
    draft[name] = [...elements, filled({ [where.part]: where.is }, part, value)]
  else draft[name] = elements.map((each) => (fits(each) ? changed(each as Draft, part, op, value) : each))
}

function filled(element: Draft, part: string | null, value: JsonValue | undefined): Draft {
  return changed(element, part, 'replace', value)
}

function changed(
  element: Draft,
  part: string | null,
  op: Operation['op'],
  value: JsonValue | undefined,
): Draft {
  if (part !== null) setMember(element, part, op, value)
  else if (value !== undefined && isJsonObject(value)) return { ...element, ...value }
  return element
}

function childOf(draft: Draft, attribute: string): Draft {
  const name = nameIn(draft, attribute)
  const found = Object.hasOwn(draft, name) ? draft[name] : undefined
  const child: Draft = found !== undefined && isJsonObject(found) ? { ...found } : {}
  draft[name] = child
  return child
}

/** As it is spelled already, else as the schema spells it, else as it came. */
function nameIn(of: JsonObject, attribute: string): string {
  const lower = attribute.toLowerCase()
  const own = Object.keys(of).find((each) => each.toLowerCase() === lower)
  return own ?? SPELLED.get(lower) ?? attribute
}

const SPELLED = new Map(
  [
    'userName',
    'externalId',
    'displayName',
    'name',
    'givenName',
    'familyName',
    'formatted',
    'emails',
    'active',
    'members',
    'phoneNumbers',
    'addresses',
  ].map((name) => [name.toLowerCase(), name]),
)
