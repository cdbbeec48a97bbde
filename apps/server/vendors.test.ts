import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const DAY_MS = 86_400_000
const inDays = (days: number): string => rfc3339(Date.now() + days * DAY_MS)
const record = (edit: JsonObject = {}, path = ''): Promise<Answer> =>
  ann.api.post(`/v1/vendors${path}`, {
    name: 'Models Ltd',
    kind: 'model',
    servers: [],
    models: ['large-*'],
    owner: ann.id,
    subservice: 'carve_out',
    ...edit,
  })
const assess = (id: string, edit: JsonObject = {}): Promise<Answer> =>
  ann.api.post(`/v1/vendors/${id}/assess`, {
    outcome: 'accepted',
    valid_until: inDays(365),
    next_review: inDays(300),
    report: { type: 'soc2_type2', from: '2025-01-01', to: '2025-12-31', exceptions_n: 1 },
    complementary: ['Keys are rotated.'],
    text: 'Read the report.',
    ...edit,
  })
async function approve(by: Operator, id: string): Promise<Answer> {
  const asked = await by.api.get(`/v1/vendors/${id}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`/v1/vendors/${id}/approve`, by.authenticator.assert(asked.json.challenge))
}
const show = async (id: string) => (await ben.api.get(`/v1/vendors/${id}`)).json

describe('a vendor', () => {
  test('is on record, assessed by one and approved by another, for what was on record then', async () => {
    const id = (await record()).json.vendor
    expect(await show(id)).toMatchObject({ status: 'unassessed', valid_until: null, assessments: [] })
    expect(code(await approve(ben, id))).toBe('STATE_CONFLICT')
    expect((await assess(id)).status).toBe(200)
    expect((await show(id)).status).toBe('waiting')
    expect(code(await approve(ann, id))).toBe('SAME_PERSON')
    expect((await approve(ben, id)).json).toEqual({ acted_alone: false })
    expect(code(await approve(ben, id))).toBe('STATE_CONFLICT')
    expect(await show(id)).toMatchObject({
      status: 'in_force',
      assessments: [{ assessor: ann.id, approver: ben.id, text: 'Read the report.' }],
    })
    expect((await record({ models: ['large-*', 'small'] }, `/${id}/record`)).status).toBe(200)
    expect((await show(id)).status).toBe('unassessed')
    await assess(id, { outcome: 'refused' })
    await approve(ben, id)
    expect((await show(id)).status).toBe('refused')
    expect((await ann.api.post(`/v1/vendors/${id}/end`, { reason: 'contract-ended' })).status).toBe(200)
    expect(code(await assess(id))).toBe('STATE_CONFLICT')
    expect((await ann.api.get('/v1/vendors')).json.vendors).toMatchObject([{ id, status: 'ended' }])
  })

  test('that is the company itself needs no assessment', async () => {
    const { vendor } = (await record({ kind: 'own', servers: ['files'], models: [] })).json
    expect((await show(vendor)).status).toBe('own')
  })

  test('does not share a server or a model with another', async () => {
    await record({ models: ['wide-*'], servers: ['mail'] })
    const refused = [
      { models: ['wide-1'], servers: [] },
      { models: ['w*'], servers: [] },
      { models: [], servers: ['mail'] },
    ]
    for (const edit of refused) expect(code(await record(edit))).toBe('STATE_CONFLICT')
    expect((await record({ models: ['wide'], servers: ['mails'] })).status).toBe(200)
  })

  test.each([
    ['past', inDays(-1)],
    ['more than two years ahead', inDays(800)],
  ])('is not assessed until a date that is %s', async (_, valid_until) => {
    const { vendor } = (await record({ models: [] })).json
    expect(code(await assess(vendor, { valid_until }))).toBe('STATE_CONFLICT')
  })

  test('that is not there is said to be', async () => {
    expect(code(await assess('vnd_none'))).toBe('UNKNOWN_VENDOR')
    expect(code(await approve(ben, 'vnd_none'))).toBe('UNKNOWN_VENDOR')
    expect(code(await record({}, '/vnd_none/record'))).toBe('UNKNOWN_VENDOR')
    expect(code(await record({ owner: 'per_none' }))).toBe('UNKNOWN_PERSON')
    expect(code(await record({ kind: 'friend' }))).toBe('REQUEST_INVALID')
  })
})
