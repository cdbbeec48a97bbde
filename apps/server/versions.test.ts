/** Versions of agents and the inventory, over the real server. spec/inventory.md. @module */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { manifestDigest } from '../../src/core/manifest.ts'
import { parseJws } from '../../src/core/sign.ts'
import { TestServer, registersOf, type Answer, type Caller, type Operator } from './harness.ts'

const code = (answer: Answer): string => answer.json.error?.code
const NEXT = {
  version: 2,
  model: 'any',
  prompt: 'a'.repeat(42) + 'A',
  tools: ['read'],
  commit: 'c'.repeat(40),
  tests: [{ name: 'evals', passed: 9, failed: 0 }],
}
const DIGEST = manifestDigest(nodeCrypto, NEXT)

const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: { id: string; key: Caller }
let point: { id: string; api: Caller }

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  point = await server.point(ann)
})
afterAll(() => server.remove())

const versions = (): string => `/v1/agents/${agent.id}/versions`
async function approve(by: Operator, manifest: string): Promise<Answer> {
  const { json } = await by.api.get(`${versions()}/${manifest}/approval`)
  return by.api.post(`${versions()}/${manifest}/approve`, by.authenticator.assert(json.challenge ?? ''))
}
const manifestOfAgent = async (): Promise<string> =>
  (await ann.api.get(`/v1/agents/${agent.id}`)).json.manifest

describe('a version of an agent', () => {
  test('is approved with the agent when it is its first', async () => {
    const { json } = await ann.api.get(versions())
    expect(json.versions).toMatchObject([{ status: 'approved', document: { version: '1' } }])
  })

  test('has no members but those of the schema', async () => {
    expect((await ann.api.post(versions(), { manifest: { secret: 'x' } })).status).toBe(400)
  })

  test('is approved by somebody else than who proposed it', async () => {
    expect((await ann.api.post(versions(), { manifest: NEXT })).json.manifest).toBe(DIGEST)
    expect(code(await ann.api.post(versions(), { manifest: NEXT }))).toBe('STATE_CONFLICT')
    expect(code(await approve(ann, DIGEST))).toBe('SAME_PERSON')
    const early = await ann.api.post(`${versions()}/${DIGEST}/statements`, {})
    expect(code(early)).toBe('STATE_CONFLICT')
    const before = await manifestOfAgent()
    expect((await approve(ben, DIGEST)).json).toEqual({ acted_alone: false })
    expect(await manifestOfAgent()).toBe(DIGEST)
    const { json } = await ann.api.get(versions())
    expect(json.versions.map((each: { status: string }) => each.status)).toEqual(['approved', 'approved'])
    expect(before).not.toBe(DIGEST)
  })

  test('is named by a statement that its agent may fetch', async () => {
    const answer = await agent.key.post(`${versions()}/${DIGEST}/statements`, {})
    const { header, payload } = parseJws(answer.json.statement)
    expect(header.typ).toBe('agent-version+jwt')
    expect(payload).toMatchObject({ agent: agent.id, manifest: DIGEST, exp: answer.json.exp })
  })

  test('is withdrawn, but never the last approved one', async () => {
    const [first] = (await ann.api.get(versions())).json.versions
    const withdraw = (manifest: string): Promise<Answer> =>
      ann.api.post(`${versions()}/${manifest}/withdraw`, { reason: 'bad' })
    expect((await withdraw(DIGEST)).status).toBe(200)
    expect(await manifestOfAgent()).toBe(first.manifest)
    expect(code(await withdraw(first.manifest))).toBe('STATE_CONFLICT')
    expect(code(await ann.api.post(`${versions()}/${DIGEST}/statements`, {}))).toBe('STATE_CONFLICT')
  })
})

const REF = 'B'.repeat(42) + 'A'
const ITEM = { ref: REF, kind: 'account', name: 'deployer', origin: 'aws', secret: 'static' }
const gapsOf = async (subject: string, days = 90): Promise<string[]> => {
  const { json } = await ann.api.get(`/v1/inventory/gaps?days=${days}`)
  const gaps = json.gaps as { subject: string; gap: string }[]
  return gaps.filter((each) => each.subject === subject).map(({ gap }) => gap)
}
const items = async (): Promise<{ id: string; name: string; owner: string | null }[]> =>
  (await ann.api.get('/v1/inventory')).json.items

describe('the inventory', () => {
  test('records what was found once, and again when it changed', async () => {
    const record = (item: object): Promise<Answer> => ann.api.post('/v1/inventory', { found: [{ item }] })
    expect((await record(ITEM)).json).toEqual({ added: 1, changed: 0, unchanged: 0 })
    expect((await record(ITEM)).json).toEqual({ added: 0, changed: 0, unchanged: 1 })
    const changed = { ...ITEM, created: '2020-01-01T00:00:00.000Z' }
    expect((await record(changed)).json).toEqual({ added: 0, changed: 1, unchanged: 0 })
  })

  test('takes no owner that is nobody here', async () => {
    const found = [{ item: { ...ITEM, ref: 'C'.repeat(42) + 'A' }, owner: 'per_nobody' }]
    expect(code(await ann.api.post('/v1/inventory', { found }))).toBe('UNKNOWN_PERSON')
  })

  test('shows gaps, until somebody answers for them and a delegation stands behind them', async () => {
    const [item] = await items()
    const id = item?.id ?? ''
    expect(await gapsOf(id)).toEqual(['KEY_OLD', 'NO_DELEGATION', 'STATIC_SECRET', 'UNOWNED'])
    await ann.api.post(`/v1/inventory/${id}/assign`, { owner: ben.id, agent: agent.id })
    expect(await gapsOf(id)).toEqual(['KEY_OLD', 'NO_DELEGATION', 'STATIC_SECRET'])
    expect(await gapsOf(agent.id)).toEqual(['NO_DELEGATION'])
    await server.delegate(ann, agent, point.id)
    expect(await gapsOf(id)).toEqual(['KEY_OLD', 'STATIC_SECRET'])
    expect(await gapsOf(agent.id)).toEqual([])
  })

  test('has the credentials that a point holds, with who answers for them and when they are due', async () => {
    const put = (credentials: object[]): Promise<Answer> =>
      point.api.put('/v1/points/credentials', { credentials })
    const held = {
      id: 'crm',
      server: 'files',
      owner: ben.id,
      rotated: '2020-01-01T00:00:00.000Z',
      rotate_days: 30,
    }
    expect((await put([held, { id: 'mail', server: 'mail', owner: 'the mail team' }])).json.added).toBe(2)
    const crm = (await items()).find(({ name }) => name === 'crm')
    const mail = (await items()).find(({ name }) => name === 'mail')
    expect(crm?.owner).toBe(ben.id)
    expect(mail?.owner).toBe(null)
    expect(await gapsOf(crm?.id ?? '')).toEqual(['ROTATION_OVERDUE'])
    expect(await gapsOf(mail?.id ?? '')).toEqual(['STATIC_SECRET', 'UNOWNED'])
    expect((await put([held])).json).toEqual({ added: 0, changed: 0, unchanged: 1 })
    expect((await items()).some(({ name }) => name === 'mail')).toBe(false)
    expect((await ann.api.put('/v1/points/credentials', { credentials: [] })).status).toBe(403)
  })

  test('gives an item up that is not there any more', async () => {
    const [item] = await items()
    expect((await ann.api.post(`/v1/inventory/${item?.id}/remove`, { reason: 'gone' })).status).toBe(200)
    expect(code(await ann.api.post(`/v1/inventory/${item?.id}/remove`, { reason: 'gone' }))).toBe(
      'STATE_CONFLICT',
    )
    expect((await items()).map(({ name }) => name)).toEqual(['crm'])
  })
})

test('the registers are those that the log gives', async () => {
  const check = await registersOf(join(server.dataDir, 'countersign.db'))
  expect(check).toMatchObject({ ok: true, differences: [] })
})
