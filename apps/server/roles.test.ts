import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let cat: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cat = await server.invite(ann, 'Cat')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const roleOf = (person: Operator, role: string): JsonObject => ({ kind: 'role', person: person.id, role })
const propose = (by: Operator, body: JsonObject): Promise<Answer> => by.api.post('/v1/roles', body)
async function approve(by: Operator, id: string): Promise<Answer> {
  const asked = await by.api.get(`/v1/roles/${id}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`/v1/roles/${id}/approve`, by.authenticator.assert(asked.json.challenge))
}
const remove = (by: Operator, id: string): Promise<Answer> =>
  by.api.post(`/v1/roles/${id}/remove`, { reason: 'over' })
async function list(): Promise<
  { id: string; status: string; holding: JsonObject; approver: string | null }[]
> {
  return (await ann.api.get('/v1/roles')).json.roles
}
async function granted(holding: JsonObject, proposer = ann, approver = ben): Promise<string> {
  const { role } = (await propose(proposer, holding)).json
  expect((await approve(approver, role)).json).toEqual({ acted_alone: false })
  return role
}

describe('who administers the installation', () => {
  test('begins with the first person, whom the set-up made its owner', async () => {
    expect(await list()).toEqual([
      expect.objectContaining({ holding: roleOf(ann, 'owner'), status: 'in_force', approver: null }),
    ])
    const [owner] = await list()
    expect(code(await remove(ben, owner?.id ?? ''))).toBe('LAST_OWNER')
    expect(code(await approve(ben, owner?.id ?? ''))).toBe('STATE_CONFLICT')
  })

  test('is approved by who neither proposed nor is to hold it', async () => {
    const { role } = (await propose(ann, roleOf(ben, 'security'))).json
    expect(code(await propose(cat, roleOf(ben, 'security')))).toBe('STATE_CONFLICT')
    expect(code(await approve(ann, role))).toBe('SAME_PERSON')
    expect(code(await approve(ben, role))).toBe('SAME_PERSON')
    const { act } = (await cat.api.get(`/v1/roles/${role}/approval`)).json
    expect(act).toMatchObject({ act: 'role.approve', role, person: ben.id, holds: 'security' })
    expect((await approve(cat, role)).json).toEqual({ acted_alone: false })
    // From here on roles decide, and without one of her own Cat could approve nothing any more.
    await granted(roleOf(cat, 'security'), cat, ann)
    expect(code(await approve(cat, role))).toBe('STATE_CONFLICT')
    expect(await list()).toContainEqual(expect.objectContaining({ id: role, approver: cat.id }))
  })

  test('works between two: one proposes for themselves, the other approves', async () => {
    const custody = { kind: 'custody', person: ben.id, custody: 'database', of: 'ledger' }
    const role = await granted(custody, ben, ann)
    expect(await list()).toContainEqual(expect.objectContaining({ id: role, holding: custody }))
  })

  test('ends by whoever manages people, once, but for the last owner', async () => {
    const role = await granted(roleOf(cat, 'viewer'))
    expect((await remove(cat, role)).status).toBe(200)
    expect(code(await remove(cat, role))).toBe('STATE_CONFLICT')
    const { role: waiting } = (await propose(ann, roleOf(cat, 'viewer'))).json
    await remove(ann, waiting)
    expect(code(await approve(ben, waiting))).toBe('STATE_CONFLICT')
    const other = await granted(roleOf(cat, 'owner'), cat, ann)
    expect((await remove(ann, other)).status).toBe(200)
  })

  test('is an owner by an owner alone, while one is here', async () => {
    const second = await server.invite(ben, 'Another account of Ben')
    const { role } = (await propose(second, roleOf(second, 'owner'))).json
    const answer = await approve(ben, role)
    expect(code(answer)).toBe('OWNER_NEEDED')
    expect((await approve(ann, role)).json).toEqual({ acted_alone: false })
    await remove(ann, role)
  })

  test('is not taken from the last owner by anybody, themselves included, on any way', async () => {
    const leave = (by: Operator, whom: Operator): Promise<Answer> =>
      by.api.post(`/v1/people/${whom.id}/leave`, { reason: 'left' })
    const revoke = (by: Operator, whom: Operator): Promise<Answer> =>
      by.api.post('/v1/revocations', { kind: 'person', target: whom.id, reason: 'compromised' })
    for (const way of [leave, revoke])
      for (const by of [ben, ann]) {
        const answer = await way(by, ann)
        expect([answer.status, code(answer)]).toEqual([409, 'LAST_OWNER'])
        expect(answer.json.error.message).toContain('remove their passkeys as compromised')
      }
    const eve = await server.invite(ann, 'Eve')
    const second = await granted(roleOf(eve, 'owner'), eve, ann)
    expect((await revoke(ben, eve)).status).toBe(200)
    const [first] = await list()
    // The role of who left stands, and counts for nobody.
    expect(code(await remove(ben, first?.id ?? ''))).toBe('LAST_OWNER')
    expect(code(await revoke(ben, ann))).toBe('LAST_OWNER')
    expect((await ann.api.get('/v1/agents')).status).toBe(200)
    expect((await remove(ben, second)).status).toBe(200)
  })

  test('is given to nobody who has left', async () => {
    const dan = await server.invite(ann, 'Dan')
    const { role } = (await propose(ann, roleOf(dan, 'developer'))).json
    await ann.api.post(`/v1/people/${dan.id}/leave`, { reason: 'left' })
    expect(code(await approve(ben, role))).toBe('STATE_CONFLICT')
    expect(code(await propose(ann, roleOf(dan, 'viewer')))).toBe('STATE_CONFLICT')
  })

  test.each([
    ['a role that there is not', { kind: 'role', role: 'emperor' }, 'REQUEST_INVALID'],
    ['custody of nothing', { kind: 'custody', custody: 'host' }, 'REQUEST_INVALID'],
    ['somebody whom nobody knows', { kind: 'role', role: 'viewer', person: 'per_none' }, 'UNKNOWN_PERSON'],
  ])('%s is refused', async (_, edit, expected) => {
    expect(code(await propose(ann, { person: ben.id, ...edit }))).toBe(expected)
  })

  test('that is not there is said to be', async () => {
    expect(code(await approve(ann, 'rol_none'))).toBe('UNKNOWN_ROLE')
    expect(code(await remove(ann, 'rol_none'))).toBe('UNKNOWN_ROLE')
  })
})

describe('a review of roles', () => {
  test('looks at what is in force, beside a review of access, and removes what it decides to revoke', async () => {
    const needless = await granted({ kind: 'custody', person: cat.id, custody: 'host', of: 'old-host' })
    expect((await ann.api.post('/v1/access-reviews', { period: '2026-Q3' })).status).toBe(200)
    const opened = await ann.api.post('/v1/access-reviews', { period: '2026-Q3', list: 'roles' })
    const { review } = opened.json
    expect(code(await ann.api.post('/v1/access-reviews', { period: '2026-Q3', list: 'roles' }))).toBe(
      'STATE_CONFLICT',
    )
    const path = `/v1/access-reviews/${review}`
    const { items, list: of } = (await ben.api.get(path)).json
    expect(of).toBe('roles')
    const standing = (await list()).filter(({ status }) => status === 'in_force').map(({ id }) => id)
    expect(items.map(({ target }: { target: string }) => target)).toEqual(standing.sort())
    for (const { n, owner, target } of items) {
      const by = owner === ben.id ? ann : ben
      const own = owner === ben.id ? ben : owner === ann.id ? ann : cat
      const decision = target === needless ? 'revoke' : 'keep'
      expect(code(await own.api.post(`${path}/decide`, { item: n, decision }))).toBe('SAME_PERSON')
      expect((await by.api.post(`${path}/decide`, { item: n, decision })).status).toBe(200)
    }
    const item = items.find(({ target }: { target: string }) => target === needless)
    expect((await ben.api.post(`${path}/act`, { item: item.n, entries: [] })).json).toMatchObject({
      frames: [],
    })
    expect(await list()).toContainEqual(expect.objectContaining({ id: needless, status: 'removed' }))
    const { challenge, act } = (await cat.api.get(`${path}/closing`)).json
    expect(act).toMatchObject({ kept: items.length - 1, revoked: 1 })
    expect((await cat.api.post(`${path}/close`, cat.authenticator.assert(challenge))).status).toBe(200)
  })
})
