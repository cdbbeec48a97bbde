/** A request that comes again with its `Idempotency-Key`: done once, and the first answer. spec/api.md, API-6 to API-9. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delegationOf, TestServer, type Answer, type Bend, type Operator } from './harness.ts'

let server: TestServer
let manager: Operator
let lead: Operator
const newKey = (): Bend => ({ headers: { 'Idempotency-Key': `"${randomUUID()}"` } })

beforeAll(async () => {
  server = await new TestServer().start()
  manager = await server.enrol(server.bootstrapSecret)
  lead = await server.invite(manager, 'Lead')
})
afterAll(() => server.remove())

const database = (): DatabaseSync => new DatabaseSync(join(server.dataDir, 'countersign.db'))

function entries(): number {
  const db = database()
  const { n } = db.prepare('SELECT count(*) AS n FROM entries').get() as { n: number }
  db.close()
  return n
}

/** What a crash between the commit of the work and the keeping of its answer leaves. */
function forgetAnswers(): void {
  const db = database()
  db.exec("DELETE FROM submissions WHERE key LIKE 'http/%' AND key NOT LIKE 'http/%/%'")
  db.close()
}

async function twice(by: Operator, path: string, body: unknown): Promise<[Answer, Answer, number]> {
  const bend = newKey()
  const first = await by.api.post(path, body, bend)
  const size = entries()
  const second = await by.api.post(path, body, bend)
  return [first, second, entries() - size]
}

describe('the same request with the same key', () => {
  /** Each is sent in this order; `$` stands for what the answers before it made. */
  const made: Record<string, string> = {}
  const named = (text: string): string => text.replaceAll(/\$(\w+)/g, (_, name: string) => made[name] ?? '')
  test.each<[path: string, body: () => unknown, keep?: (json: Record<string, string>) => void]>([
    ['/v1/systems', () => ({ name: 'Files' })],
    ['/v1/people', () => ({ name: 'Guest' }), (json) => (made.person = json.person ?? '')],
    [
      '/v1/agents',
      () => ({ name: 'Bot', class: 'coding', purpose: 'tests', systems: [], manifest: { version: '1' } }),
      (json) => (made.agent = json.agent ?? ''),
    ],
    [
      '/v1/points',
      () => ({ name: 'gw', jwk: server.caller().jwk, placement: 'gateway', servers: ['files'] }),
    ],
    ['/v1/notes', () => ({ entry: 0, text: 'the beginning' })],
    ['/v1/holds', () => ({ target: made.person, reason: 'a dispute' })],
    ['/v1/keys/issuer/rotate', () => ({})],
    ['/v1/people/$person/leave', () => ({ reason: 'left' })],
    ['/v1/agents/$agent/retire', () => ({ reason: 'done' })],
    ['/v1/revocations', () => ({ kind: 'agent', target: made.agent, reason: 'done' })],
  ])('%s is done once and answered as the first time', async (path, body, keep) => {
    const [first, second, more] = await twice(manager, named(path), body())
    keep?.(first.json)
    expect(first.status).toBe(200)
    expect(second).toEqual(first)
    expect(more).toBe(0)
  })

  test('a gesture counts once, and its repetition is told what the first one was', async () => {
    const proposal = { name: 'Bot', class: 'coding', purpose: 'tests', systems: [], manifest: {} }
    const { agent } = (await manager.api.post('/v1/agents', proposal)).json
    const { challenge } = (await lead.api.get(`/v1/agents/${agent}/approval`)).json
    const gesture = lead.authenticator.assert(challenge)
    const [first, second] = await twice(lead, `/v1/agents/${agent}/approve`, gesture)
    expect([first.status, second]).toEqual([200, first])
    const without = await lead.api.post(`/v1/agents/${agent}/approve`, gesture)
    expect(without.json.error.code).toBe('STATE_CONFLICT')
  })

  test('a sealed delegation is the same chain again, and an erasure the same tombstone', async () => {
    const agent = await server.agent(manager, lead)
    const point = await server.point(manager)
    const draft = await manager.api.post('/v1/delegations/drafts', delegationOf(agent, point.id))
    const gesture = manager.authenticator.assert(draft.json.challenge)
    const [first, second] = await twice(manager, `/v1/delegations/drafts/${draft.json.jti}/seal`, gesture)
    expect([first.json.chain, second]).toEqual([expect.any(String), first])
    const revocation = { kind: 'delegation', target: draft.json.jti, reason: 'done' }
    await manager.api.post('/v1/revocations', revocation)
    const path = `/v1/subjects/${draft.json.jti}`
    const { challenge } = (await lead.api.get(`${path}/erasure?basis=request`)).json
    const body = { ...lead.authenticator.assert(challenge), basis: 'request' }
    const [erased, again] = await twice(lead, `${path}/erase`, body)
    expect([erased.json.state, again]).toEqual(['erased', erased])
  })

  test('is answered from what was committed, when a crash lost the answer alone', async () => {
    const bend = newKey()
    const first = await manager.api.post('/v1/people', { name: 'Someone' }, bend)
    const size = entries()
    forgetAnswers()
    await server.restart()
    expect(await manager.api.post('/v1/people', { name: 'Someone' }, bend)).toEqual(first)
    expect(entries()).toBe(size)
  })

  test('survives a restart', async () => {
    const bend = newKey()
    const first = await manager.api.post('/v1/systems', { name: 'Mail' }, bend)
    await server.restart()
    expect(await manager.api.post('/v1/systems', { name: 'Mail' }, bend)).toEqual(first)
  })
})

test('another request with the key of an earlier one is refused, also when its answer was lost', async () => {
  const bend = newKey()
  await manager.api.post('/v1/systems', { name: 'One' }, bend)
  for (const lose of [() => undefined, forgetAnswers]) {
    lose()
    const other = await manager.api.post('/v1/systems', { name: 'Two' }, bend)
    expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    const elsewhere = await manager.api.post('/v1/people', { name: 'One' }, bend)
    expect([elsewhere.status, elsewhere.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
  }
})

test('the key of one caller is nothing to another', async () => {
  const bend = newKey()
  const [one, other] = await Promise.all(
    [manager, lead].map(({ api }) => api.post('/v1/people', { name: 'Both' }, bend)),
  )
  expect([one?.status, other?.status]).toEqual([200, 200])
  expect(one?.json.person).not.toBe(other?.json.person)
})

test('of many at once one is done; the others hear that it is under way, or its answer', async () => {
  const bend = newKey()
  const size = entries()
  const all = await Promise.all(
    Array.from({ length: 8 }, () => manager.api.post('/v1/systems', { name: 'Once' }, bend)),
  )
  const done = all.filter(({ status }) => status === 200)
  expect(entries() - size).toBe(1)
  expect(new Set(done.map(({ json }) => json.id)).size).toBe(1)
  for (const { status, json } of all.filter((answer) => !done.includes(answer)))
    expect([status, json.error.code]).toEqual([409, 'IDEMPOTENCY_IN_FLIGHT'])
})

test('a refused request keeps nothing: its key is good for what succeeds', async () => {
  const bend = newKey()
  const early = await manager.api.post('/v1/agents/agt_x/activate', { reason: 'start' }, bend)
  expect(early.json.error.code).toBe('UNKNOWN_AGENT')
  expect((await manager.api.post('/v1/systems', { name: 'Later' }, bend)).status).toBe(200)
})

test.each([
  ['no string', randomUUID()],
  ['short', '"one"'],
  ['long', `"${'x'.repeat(129)}"`],
  ['two', `"${randomUUID()}", "${randomUUID()}"`],
  ['with parameters', `"${randomUUID()}";a=1`],
  ['empty', ''],
])('a key that is %s is malformed', async (_, value) => {
  const bend = { headers: { 'Idempotency-Key': value } }
  const { status, json } = await manager.api.post('/v1/systems', { name: 'Never' }, bend)
  expect([status, json.error.code]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID'])
})

test('an opening takes no key: its answer is a value of somebody, who may be erased', async () => {
  const { status, json } = await manager.api.post('/v1/openings', { entry: 0, field: 'name' }, newKey())
  expect([status, json.error.code]).toEqual([400, 'IDEMPOTENCY_KEY_REFUSED'])
})

test('what is kept says neither the key, nor the answer, nor the request', async () => {
  const key = randomUUID()
  const bend = { headers: { 'Idempotency-Key': `"${key}"` } }
  const { json } = await manager.api.post('/v1/people', { name: 'Unwritten Name' }, bend)
  const db = database()
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  const bytes = readFileSync(join(server.dataDir, 'countersign.db')).toString('latin1')
  for (const secret of [key, json.invitation, 'Unwritten Name']) expect(bytes).not.toContain(secret)
})
