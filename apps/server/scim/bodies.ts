/** What clients say of users and groups, read and written. spec/identity.md (IDN-16 to IDN-22), RFC 7643. @module */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { ScimError } from '../../../src/registry/scim-errors.ts'
import type { GroupSaid, GroupView } from '../../../src/registry/scim-groups.ts'
import type { UserView } from '../../../src/registry/scim-user-views.ts'
import type { UserSaid } from '../../../src/registry/scim-users.ts'
import { booleanOf } from './filter.ts'
import { memberOf, type Draft } from './patch.ts'

export const SCIM_PATH = '/scim/v2'
export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const TEXT_CHARS_MAX = 256
/** Of all that is kept of a user, as JSON. */
const USER_CHARS_MAX = 16 * 1024
const MEMBERS_OF_REQUEST_MAX = 5_000
/** Ours to say, or nobody's to keep. */
const NOT_KEPT = new Set(['schemas', 'id', 'meta', 'groups', 'password', 'active'])
const ATTRIBUTE = /^(?:[A-Za-z$][\w$-]*|urn:[\w:.-]+)$/

/** @throws {ScimError} `invalidSyntax`, `invalidValue`. @param otherwise whether they are active, where it is not said */
export function readUser(body: JsonValue, otherwise: boolean): UserSaid {
  if (!isJsonObject(body)) throw new ScimError('invalidSyntax', 'a user is an object')
  const userName = textOf(body, 'userName')
  if (userName === null) throw new ScimError('invalidValue', 'userName is missing')
  const externalId = textOf(body, 'externalId')
  const active = booleanOf(memberOf(body, 'active') ?? otherwise)
  if (typeof active !== 'boolean') throw new ScimError('invalidValue', 'active is true or false')
  const said: Draft = {}
  for (const [name, value] of Object.entries(body)) {
    if (!ATTRIBUTE.test(name)) throw new ScimError('invalidValue', 'an attribute has no such name')
    if (!NOT_KEPT.has(name.toLowerCase()) && value !== null) said[name] = value
  }
  if (JSON.stringify(said).length > USER_CHARS_MAX)
    throw new ScimError('invalidValue', `of a user ${USER_CHARS_MAX} characters are kept`)
  return { userName, externalId, active, name: nameOf(body, userName), said }
}

function textOf(body: JsonObject, name: string): string | null {
  const value = memberOf(body, name) ?? null
  if (value === null) return null
  if (typeof value !== 'string' || value === '' || value.length > TEXT_CHARS_MAX)
    throw new ScimError('invalidValue', `${name} is a text of 1 to ${TEXT_CHARS_MAX} characters`)
  return value
}

/** People are known to others by it. */
function nameOf(body: JsonObject, userName: string): string {
  const name = memberOf(body, 'name')
  const own = name !== undefined && isJsonObject(name) ? name : {}
  const part = (of: JsonObject, each: string): string => {
    const value = memberOf(of, each)
    return typeof value === 'string' ? value.trim() : ''
  }
  const both = `${part(own, 'givenName')} ${part(own, 'familyName')}`.trim()
  const found = [part(body, 'displayName'), part(own, 'formatted'), both].find((each) => each !== '')
  return (found ?? userName).slice(0, 128)
}

/** @throws {ScimError} `invalidSyntax`, `invalidValue` */
export function readGroup(body: JsonValue): GroupSaid {
  if (!isJsonObject(body)) throw new ScimError('invalidSyntax', 'a group is an object')
  const name = textOf(body, 'displayName')
  if (name === null) throw new ScimError('invalidValue', 'displayName is missing')
  const members = memberOf(body, 'members') ?? []
  return { name, external: textOf(body, 'externalId'), members: readMembers(members) }
}

/** @throws {ScimError} `invalidValue` */
export function readMembers(value: JsonValue): string[] {
  const elements = Array.isArray(value) ? value : [value]
  if (elements.length > MEMBERS_OF_REQUEST_MAX)
    throw new ScimError('tooMany', `a request names ${MEMBERS_OF_REQUEST_MAX} members at most`)
  return elements.map((each) => {
    const id = isJsonObject(each) ? memberOf(each, 'value') : each
    if (typeof id !== 'string' || id === '' || id.length > 64)
      throw new ScimError('invalidValue', 'a member is {value: id}')
    return id
  })
}

interface Shown {
  readonly base: string
  readonly isShown: (attribute: string) => boolean
}

/** What is asked for of each resource (RFC 7644 section 3.9). */
export function shownBy(base: string, attributes: string | undefined, excluded: string | undefined): Shown {
  const names = (text: string): Set<string> =>
    new Set(text.split(',').map((each) => each.trim().toLowerCase().split('.')[0] ?? ''))
  const [only, without] = [attributes === undefined ? null : names(attributes), names(excluded ?? '')]
  return {
    base,
    isShown: (attribute) => {
      const name = attribute.toLowerCase()
      if (name === 'id' || name === 'schemas') return true
      return only === null ? !without.has(name) : only.has(name)
    },
  }
}

export function userResource(user: UserView, shown: Shown): JsonObject {
  const { id, said, active, created, modified, groups } = user
  const own = said ?? { userName: id }
  const schemas = [USER_SCHEMA, ...Object.keys(own).filter((name) => name.startsWith('urn:'))]
  const listed = groups.map((group) => ({
    value: group.id,
    display: group.name,
    $ref: `${shown.base}/Groups/${group.id}`,
  }))
  const meta = metaOf('User', `${shown.base}/Users/${id}`, created, modified)
  return only({ schemas, id, ...own, active, groups: listed, meta }, shown)
}

export function groupResource(group: GroupView, shown: Shown): JsonObject {
  const { id, name, external, created, modified, members } = group
  const listed = members.map((value) => ({ value, $ref: `${shown.base}/Users/${value}`, type: 'User' }))
  const meta = metaOf('Group', `${shown.base}/Groups/${id}`, created, modified)
  const named = external === null ? {} : { externalId: external }
  return only({ schemas: [GROUP_SCHEMA], id, displayName: name, ...named, members: listed, meta }, shown)
}

function only(resource: JsonObject, { isShown }: Shown): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isShown(name)))
}

function metaOf(resourceType: string, location: string, created: number, modified: number): JsonObject {
  return { resourceType, created: rfc3339(created), lastModified: rfc3339(modified), location }
}

export function listOf(resources: readonly JsonObject[], total: number, startIndex: number): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: [...resources],
  }
}
