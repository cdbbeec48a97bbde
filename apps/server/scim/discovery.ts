/** What this provisioning endpoint can do, for clients that ask. spec/identity.md (IDN-16), RFC 7643 sections 5 to 7. @module */
import type { JsonObject } from '../../../src/core/json.ts'
import { ScimError } from '../../../src/registry/scim-errors.ts'
import type { App, ServerContext } from '../context.ts'
import { GROUP_SCHEMA, listOf, SCIM_PATH, USER_SCHEMA } from './bodies.ts'
import { answer, baseOf, PAGE_MAX, type ScimDoor } from './requests.ts'

export function discoveryRoutes(app: App, ctx: ServerContext, door: ScimDoor): void {
  const base = (): string => baseOf(ctx)
  app.get(`${SCIM_PATH}/ServiceProviderConfig`, async (c) => {
    await door.enter(c)
    return answer(c, configuration(base()))
  })
  const lists = { ResourceTypes: resourceTypes, Schemas: schemas }
  for (const [path, all] of Object.entries(lists)) {
    app.get(`${SCIM_PATH}/${path}`, async (c) => {
      await door.enter(c)
      return answer(c, listOf(all(base()), all(base()).length, 1))
    })
    app.get(`${SCIM_PATH}/${path}/:id`, async (c) => {
      await door.enter(c)
      const found = all(base()).find(({ id }) => id === c.req.param('id'))
      if (found === undefined) throw new ScimError('unknown', 'there is no such one')
      return answer(c, found)
    })
  }
}

function configuration(base: string): JsonObject {
  const no = { supported: false }
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { ...no, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: PAGE_MAX },
    changePassword: no,
    sort: no,
    etag: no,
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The token of a client that a person added',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

function resourceTypes(base: string): JsonObject[] {
  return [['User', '/Users', USER_SCHEMA] as const, ['Group', '/Groups', GROUP_SCHEMA] as const].map(
    ([id, endpoint, schema]) => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id,
      name: id,
      endpoint,
      schema,
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${id}` },
    }),
  )
}

type Kind = 'string' | 'boolean' | 'complex' | 'reference'

function attribute(name: string, type: Kind, more: JsonObject = {}): JsonObject {
  const usual = { multiValued: false, required: false, caseExact: false, mutability: 'readWrite' }
  return { name, type, description: name, ...usual, returned: 'default', uniqueness: 'none', ...more }
}

function schemas(base: string): JsonObject[] {
  const of = (id: string, name: string, attributes: JsonObject[]): JsonObject => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    description: name,
    attributes,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  })
  const parts = (...names: string[]): JsonObject => ({
    subAttributes: names.map((each) => attribute(each, 'string')),
  })
  const many = { multiValued: true }
  return [
    of(USER_SCHEMA, 'User', [
      attribute('userName', 'string', { required: true, uniqueness: 'server' }),
      attribute('name', 'complex', parts('formatted', 'familyName', 'givenName')),
      attribute('displayName', 'string'),
      attribute('active', 'boolean'),
      attribute('emails', 'complex', { ...many, ...parts('value', 'type') }),
      attribute('groups', 'complex', { ...many, mutability: 'readOnly', ...parts('value', 'display') }),
    ]),
    of(GROUP_SCHEMA, 'Group', [
      attribute('displayName', 'string', { required: true, uniqueness: 'server' }),
      attribute('members', 'complex', { ...many, ...parts('value') }),
    ]),
  ]
}
