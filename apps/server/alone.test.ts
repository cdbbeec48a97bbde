import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PACKAGED_ALERT_POLICY } from '../../src/core/alert.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer({ separation: 'after' })
let ann: Operator
let ben: Operator
let agent: string

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = (await server.agent(ann, ann)).id
})
afterAll(() => server.remove())

interface Listed extends JsonObject {
  entry: number
  type: string
}

const DAY_MS = 86_400_000
const TEXT = 'I read its instructions, and tried what it may do.'
const code = (answer: Answer): string | undefined => answer.json.error?.code
const listed = async (query = ''): Promise<Listed[]> => (await ben.api.get(`/v1/alone${query}`)).json.alone
const approvalOf = async (id: string): Promise<Listed | undefined> =>
  (await listed()).find((one) => one.type === 'agent.approved' && one.subject === id)

async function review(
  by: Operator,
  entry: number,
  said: { outcome: string; text?: string },
): Promise<Answer> {
  const path = `/v1/alone/${entry}`
  const asked = await by.api.get(`${path}/reviewing?outcome=${said.outcome}`)
  if (asked.status !== 200) return asked
  const signed = by.authenticator.assert(asked.json.challenge)
  return by.api.post(`${path}/review`, { text: TEXT, ...said, ...signed })
}

describe('what one person did alone', () => {
  test('is told in the same transaction, and waits for another', async () => {
    const one = await approvalOf(agent)
    expect(one).toMatchObject({ person: ann.id, subject: agent, review: null, outcome: null, text: null })
    expect(Number(one?.due) - Number(one?.time)).toBeGreaterThanOrEqual(5 * DAY_MS)
    const { alerts } = (await ben.api.get('/v1/alerts')).json
    const [alert] = alerts.filter((each: JsonObject) => each.rule === 'ACTED_ALONE' && each.subject === agent)
    expect(alert).toMatchObject({ severity: 'medium' })
    const { entries } = (await ben.api.get('/v1/entries?limit=500')).json
    const raised = entries.find((each: { index: number }) => each.index === Number(alert.id.slice(4)))
    const detail = { type: 'agent.approved', person: ann.id }
    expect(raised.entry.body).toMatchObject({ key: `alone/${one?.entry}`, entries: [one?.entry], detail })
    expect(raised.entry.time).toBe(entries.find((each: Listed) => each.index === one?.entry).entry.time)
  })

  test('is not the endorsement with which the log begins, nor what two people did', async () => {
    expect((await listed()).filter(({ type }) => type === 'person.endorsed')).toEqual([])
    const { id } = await server.agent(ann, ben)
    expect(await approvalOf(id)).toBeUndefined()
    expect((await listed()).map(({ type }) => type)).toContain('agent.approved')
  })

  test('is reviewed once, by somebody else, in words that the log commits to', async () => {
    const entry = (await approvalOf(agent))?.entry ?? -1
    expect(code(await review(ann, entry, { outcome: 'agreed' }))).toBe('SAME_PERSON')
    const asked = await ben.api.get(`/v1/alone/${entry}/reviewing?outcome=objected`)
    const other = ben.authenticator.assert(asked.json.challenge)
    const bent = { outcome: 'agreed', text: TEXT, ...other }
    expect(code(await ben.api.post(`/v1/alone/${entry}/review`, bent))).toBe('GESTURE_INVALID')
    const done = await review(ben, entry, { outcome: 'agreed' })
    expect(done.json).toMatchObject({ review: expect.stringMatching(/^aln_/), entry: expect.any(Number) })
    expect(await approvalOf(agent)).toMatchObject({
      review: done.json.entry,
      reviewer: ben.id,
      outcome: 'agreed',
      text: TEXT,
    })
    const { entries } = (await ben.api.get('/v1/entries?limit=500')).json
    const logged = entries.find((each: { index: number }) => each.index === done.json.entry).entry
    expect(logged).toMatchObject({ type: 'alone.reviewed', commitments: { text: expect.any(String) } })
    expect(JSON.stringify(logged)).not.toContain(TEXT)
    expect(code(await review(ben, entry, { outcome: 'objected' }))).toBe('STATE_CONFLICT')
    expect((await listed('?status=waiting')).map((one) => one.entry)).not.toContain(entry)
  })

  test('can be objected to, and changes nothing that is in force', async () => {
    const { id } = await server.agent(ann, ann)
    const entry = (await approvalOf(id))?.entry ?? -1
    expect((await listed('?status=waiting')).map((one) => one.entry)).toContain(entry)
    expect((await review(ben, entry, { outcome: 'objected' })).status).toBe(200)
    expect(await approvalOf(id)).toMatchObject({ outcome: 'objected' })
    expect((await ann.api.get(`/v1/agents/${id}`)).json.status).toBe('active')
  })

  test('is handled by the alert policy that it puts in force', async () => {
    const policy = { ...PACKAGED_ALERT_POLICY, rules: { ACTED_ALONE: { severity: 'critical' } } }
    const { policy: id } = (await ann.api.post('/v1/alert-policies', policy)).json
    const path = `/v1/alert-policies/${id}`
    const { challenge } = (await ann.api.get(`${path}/approval`)).json
    const approved = await ann.api.post(`${path}/approve`, ann.authenticator.assert(challenge))
    expect(approved.json).toEqual({ acted_alone: true })
    const { entries } = (await ben.api.get('/v1/entries?limit=500')).json
    const [approval, raised] = entries.slice(-2)
    expect(approval.entry).toMatchObject({ type: 'alert_policy.approved', subject: id })
    expect(raised.entry.body).toMatchObject({
      rule: 'ACTED_ALONE',
      severity: 'critical',
      policy: approval.index,
      entries: [approval.index],
    })
  })

  test.each([
    ['an entry that nobody made alone', '0', 'UNKNOWN_ENTRY'],
    ['an entry that is not there', '999999', 'UNKNOWN_ENTRY'],
    ['what is no index', 'ten', 'REQUEST_INVALID'],
  ])('is no %s', async (_, index, fault) => {
    expect(code(await ben.api.get(`/v1/alone/${index}/reviewing?outcome=agreed`))).toBe(fault)
  })
})
