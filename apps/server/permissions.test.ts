/**
 * The permission matrix, cell by cell: every operation that `/openapi.json` describes for people, asked for in every role.
 * spec/roles.md (ROL-13 to ROL-16). @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../src/core/permissions.ts'
import { holds, permissionFor, permissionsOf } from '../../src/core/permitted.ts'
import { ROLE_NAMES, type Role } from '../../src/core/roles.ts'
import { TestServer, type Operator } from './harness.ts'

interface Described {
  readonly method: string
  readonly path: string
  readonly operation: string
}

/** Who is somebody else than a person, or nobody at all: points, agents, data subjects, auditors, outsiders. */
const NOT_FOR_PEOPLE =
  /^(?:GET|POST|PUT) (?:\/v1\/points\/(?:self|credentials|hosting-keys|hosted)|\/oauth\/|\/status\/|\/v1\/subject(?:\/|$)|\/v1\/preview(?:\/|$)|\/v1\/public\/|\/v1\/session|\/v1\/recovery\/|\/v1\/ceremonies\/(?:open|answer|decline|enrol)|\/healthz|\/v1\/info|\/v1\/enroll|\/v1\/acks|\/v1\/nodes\/|\/v1\/time|\/v1\/service-accounts\/(?:enroll|self)|\/v1\/revocations\/(?:stream|poll|snapshot)|\/scim\/|\/auth\/)|^POST \/v1\/(?:approvals(?:\/open|\/answer)?|consents\/\{id\}\/links|probes\/answers)$/

describe('the permission matrix', () => {
  const server = new TestServer()
  const people = new Map<Role | 'none', Operator>()
  let described: Described[] = []

  beforeAll(async () => {
    await server.start()
    const owner = await server.enrol(server.bootstrapSecret)
    people.set('owner', owner)
    const rest = ROLE_NAMES.filter((role) => role !== 'owner')
    for (const role of [...rest, 'none'] as const) people.set(role, await server.invite(owner, role))
    for (const role of rest) {
      const holder = people.get(role)
      const { json } = await holder!.api.post('/v1/roles', { kind: 'role', person: holder!.id, role })
      const { challenge } = (await owner.api.get(`/v1/roles/${json.role}/approval`)).json
      const done = await owner.api.post(
        `/v1/roles/${json.role}/approve`,
        owner.authenticator.assert(challenge),
      )
      if (done.status !== 200) throw new Error(`the role ${role} was not approved: ${done.status}`)
    }
    const document = await (await fetch(`${server.base()}/openapi.json`)).json()
    described = Object.entries((document as { paths: Record<string, object> }).paths).flatMap(
      ([path, methods]) =>
        Object.keys(methods).map((method) => {
          const upper = method.toUpperCase()
          // Files of the log are one operation: what is below the path is theirs.
          return { method: upper, path, operation: `${upper} ${path.replace('/log/{path}', '/log/*')}` }
        }),
    )
  })
  afterAll(() => server.remove())

  test('has a row for every operation that people may ask for, and no row for anything else', () => {
    const forPeople = described.filter(({ operation }) => !NOT_FOR_PEOPLE.test(operation))
    expect(forPeople.length).toBeGreaterThan(290)
    expect(forPeople.filter(({ operation }) => permissionFor(operation) === null)).toEqual([])
    const known = new Set(described.map(({ operation }) => operation))
    const stale = PERMISSIONS.flatMap(({ operations }) => operations).filter(
      (one) => !known.has(one) && !one.endsWith('*'),
    )
    expect(stale).toEqual([])
    const rows = PERMISSIONS.flatMap(({ operations }) => operations)
    expect(new Set(rows).size).toBe(rows.length)
  })

  test.each([...ROLE_NAMES, 'none'] as const)('decides for %s as it says', async (role) => {
    const holder = people.get(role)!
    const held = role === 'none' ? [] : [role]
    const wrong: string[] = []
    for (const { method, path, operation } of described) {
      const permission = permissionFor(operation)
      if (
        permission === null ||
        operation === 'GET /v1/entries/stream' ||
        operation === 'GET /v1/fleet/stream'
      )
        continue
      // What is asked for is not there, and the body fits nothing: nothing is done, whoever asks.
      const target = path.replaceAll(/\{\w+\}/g, 'none')
      const response = await holder.api.fetch(method, target, method === 'GET' ? '' : '{"unfit":0}')
      const { error } = (response.status === 200 ? {} : await response.json()) as { error?: { code: string } }
      const isRefused = error?.code === 'ROLE_MISSING'
      if (isRefused === holds(permission, held)) wrong.push(`${operation}: ${response.status} ${error?.code}`)
      if (response.status >= 500) wrong.push(`${operation}: ${response.status}`)
    }
    expect(wrong).toEqual([])
  })

  test('decides for streams too, which are asked for once', async () => {
    for (const path of ['/v1/entries/stream', '/v1/fleet/stream']) {
      expect((await people.get('none')!.api.fetch('GET', path)).status).toBe(403)
      const abort = new AbortController()
      expect((await people.get('viewer')!.api.fetch('GET', path, '', {}, abort.signal)).status).toBe(200)
      abort.abort()
    }
  })

  test('decides for the head of an answer as for the answer', async () => {
    const head = async (role: 'viewer' | 'none'): Promise<number> =>
      (await people.get(role)!.api.fetch('HEAD', '/log/checkpoint')).status
    expect([await head('viewer'), await head('none')]).toEqual([200, 403])
  })

  test('lets somebody ask for a role who holds none', async () => {
    const holder = people.get('none')!
    const asked = await holder.api.post('/v1/roles', { kind: 'role', person: holder.id, role: 'viewer' })
    expect(asked.status).toBe(200)
    expect((await holder.api.get('/v1/agents')).json.error.code).toBe('ROLE_MISSING')
  })
})

describe('an installation in which nobody was given a role', () => {
  const server = new TestServer()
  afterAll(() => server.remove())

  test('tells nobody apart, until the first role is approved, and goes on to after it was removed', async () => {
    await server.start()
    const ann = await server.enrol(server.bootstrapSecret)
    const ben = await server.invite(ann, 'Ben')
    expect((await ben.api.get('/v1/agents')).status).toBe(200)
    const { role } = (await ben.api.post('/v1/roles', { kind: 'role', person: ben.id, role: 'viewer' })).json
    expect((await ben.api.post('/v1/people', { name: 'Cat' })).status).toBe(200)
    const { challenge } = (await ann.api.get(`/v1/roles/${role}/approval`)).json
    await ann.api.post(`/v1/roles/${role}/approve`, ann.authenticator.assert(challenge))
    expect((await ben.api.post('/v1/people', { name: 'Dan' })).json.error.code).toBe('ROLE_MISSING')
    expect((await ben.api.get('/v1/agents')).status).toBe(200)
    await ann.api.post(`/v1/roles/${role}/remove`, { reason: 'over' })
    expect((await ben.api.get('/v1/agents')).json.error.code).toBe('ROLE_MISSING')
    expect((await ann.api.get('/v1/agents')).status).toBe(200)
  })
})

describe('an installation whose owner left before anybody was given a role', () => {
  const server = new TestServer()
  afterAll(() => server.remove())

  test('has an owner approved before any other role, so that somebody can give the next', async () => {
    await server.start()
    const ann = await server.enrol(server.bootstrapSecret)
    const ben = await server.invite(ann, 'Ben')
    const cat = await server.invite(ann, 'Cat')
    expect((await ben.api.post(`/v1/people/${ann.id}/leave`, { reason: 'left' })).status).toBe(200)
    const propose = async (role: string): Promise<string> =>
      (await ben.api.post('/v1/roles', { kind: 'role', person: ben.id, role })).json.role
    const viewer = await propose('viewer')
    expect((await cat.api.get(`/v1/roles/${viewer}/approval`)).json.error?.code).toBe('STATE_CONFLICT')
    const owner = await propose('owner')
    const { challenge } = (await cat.api.get(`/v1/roles/${owner}/approval`)).json
    const approved = await cat.api.post(`/v1/roles/${owner}/approve`, cat.authenticator.assert(challenge))
    expect(approved.status).toBe(200)
    expect((await ben.api.post('/v1/people', { name: 'Dan' })).status).toBe(200)
  })
})

test('an owner may do everything that people may, and who only reads changes nothing', () => {
  const all = PERMISSIONS.map(({ name }) => name)
  expect(permissionsOf(['owner'])).toEqual(all)
  for (const reader of ['auditor', 'viewer'] as const) {
    const opened = PERMISSIONS.filter(
      (permission) => permission.roles !== 'anybody' && holds(permission, [reader]),
    )
    const changes = opened.flatMap(({ operations }) => operations).filter((one) => !one.startsWith('GET '))
    expect(changes).toEqual(['POST /v1/viewer-links'])
  }
})
