import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../src/core/json.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: string
let review: string
let items: { n: number; kind: string; target: string; owner: string | null; may: string[] }[]

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = (await server.agent(ann, ben)).id
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const numberOf = (target: string): number => items.find((each) => each.target === target)?.n ?? -1
const to = (by: Operator, path: string, body: JsonObject): Promise<Answer> =>
  by.api.post(`/v1/access-reviews/${review}/${path}`, body)
async function close(by: Operator): Promise<Answer> {
  const asked = await by.api.get(`/v1/access-reviews/${review}/closing`)
  if (asked.status !== 200) return asked
  return by.api.post(`/v1/access-reviews/${review}/close`, by.authenticator.assert(asked.json.challenge))
}

describe('a review of access', () => {
  test('freezes a list of everybody who may do something, which its digest is of', async () => {
    expect(code(await ann.api.post('/v1/access-reviews', { period: '2026-Q5' }))).toBe('REQUEST_INVALID')
    const { json } = await ann.api.post('/v1/access-reviews', { period: '2026-Q3' })
    review = json.review
    const found = (await ben.api.get(`/v1/access-reviews/${review}`)).json
    items = found.items
    expect(items.map(({ kind, target, owner }) => [kind, target, owner])).toEqual([
      ['agent', agent, ann.id],
      ...[ann.id, ben.id].sort().map((id) => ['person', id, id]),
    ])
    const list = items.map(({ kind, target, owner, may }) => ({ kind, target, owner, may }))
    expect(base64url(nodeCrypto.sha256(canonicalBytes(list)))).toBe(json.digest)
    expect(code(await ann.api.post('/v1/access-reviews', { period: '2026-Q4' }))).toBe('STATE_CONFLICT')
  })

  test('gives items to who does not own them', async () => {
    expect(code(await to(ann, 'assign', { reviewer: ann.id, owner: ann.id }))).toBe('SAME_PERSON')
    expect((await to(ann, 'assign', { reviewer: ben.id, owner: ann.id })).json).toMatchObject({ items_n: 2 })
    expect(code(await to(ann, 'assign', { reviewer: ben.id, items: [99] }))).toBe('UNKNOWN_ACCESS_REVIEW')
  })

  test('is decided item by item, once, by who does not own it', async () => {
    const decide = (by: Operator, item: number, decision: string) => to(by, 'decide', { item, decision })
    expect(code(await decide(ann, numberOf(agent), 'keep'))).toBe('STATE_CONFLICT')
    expect(code(await decide(ben, numberOf(ben.id), 'keep'))).toBe('SAME_PERSON')
    expect((await decide(ben, numberOf(agent), 'revoke')).status).toBe(200)
    expect(code(await decide(ben, numberOf(agent), 'keep'))).toBe('STATE_CONFLICT')
    expect((await decide(ben, numberOf(ann.id), 'keep')).status).toBe(200)
    expect((await close(ben)).json.error.message).toContain('2 items wait')
    expect((await decide(ann, numberOf(ben.id), 'change')).status).toBe(200)
  })

  test('revokes what is to be revoked, and takes what came after for a change', async () => {
    expect(code(await to(ben, 'act', { item: numberOf(ann.id), entries: [] }))).toBe('STATE_CONFLICT')
    expect(code(await to(ben, 'act', { item: numberOf(ben.id), entries: [] }))).toBe('STATE_CONFLICT')
    expect(code(await to(ben, 'act', { item: numberOf(ben.id), entries: [0] }))).toBe('STATE_CONFLICT')
    expect(code(await to(ben, 'act', { item: numberOf(ben.id), entries: [99_999] }))).toBe('UNKNOWN_ENTRY')
    const { json } = await to(ben, 'act', { item: numberOf(agent), entries: [] })
    expect(json.frames).toHaveLength(1)
    expect((await ann.api.get(`/v1/agents/${agent}`)).json).toMatchObject({ status: 'retired' })
    expect(code(await to(ben, 'act', { item: numberOf(agent), entries: [] }))).toBe('STATE_CONFLICT')
    expect((await to(ben, 'act', { item: numberOf(ben.id), entries: [json.entry] })).status).toBe(200)
  })

  test('is closed by who did not open it, and takes nothing more', async () => {
    expect(code(await close(ann))).toBe('SAME_PERSON')
    expect((await close(ben)).json).toEqual({ acted_alone: false })
    expect(code(await close(ben))).toBe('STATE_CONFLICT')
    expect((await ann.api.get('/v1/access-reviews')).json.reviews).toMatchObject([
      { id: review, items_n: 3, closed: expect.any(Number) },
    ])
    expect(code(await ann.api.get('/v1/access-reviews/acr_none'))).toBe('UNKNOWN_ACCESS_REVIEW')
  })
})
