import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { delegationOf, TestServer, type Answer, type Caller, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let bot: { id: string; key: Caller }
let other: { id: string; key: Caller }
let point: string

const HOUR_MS = 3_600_000
const READ = { type: 'tool', server: 'files', actions: ['read'] }

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  bot = await server.agent(ann, ben)
  other = await server.agent(ann, ben)
  point = (await server.point(ann)).id
  const approvals = { m: 1, of: [ann.id, ben.id] }
  const template = { class: 'coding', ttl_s_max: 14_400, depth_max: 2, grants: [READ], approvals }
  const { template: id } = (await ann.api.post('/v1/templates', template)).json
  const { challenge } = (await ben.api.get(`/v1/templates/${id}/approval`)).json
  await ben.api.post(`/v1/templates/${id}/approve`, ben.authenticator.assert(challenge))
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const inHours = (hours: number): string => rfc3339(Date.now() + hours * HOUR_MS)
const take = (until = inHours(3), agent = bot.id): Promise<Answer> =>
  ann.api.post('/v1/emergency-access', { agent, until, reason: 'The store burns, and Ben is on a plane.' })

async function delegate(by: Operator, edit: JsonObject, agent = bot): Promise<Answer> {
  const draft = await by.api.post('/v1/delegations/drafts', { ...delegationOf(agent, point), ...edit })
  if (draft.status !== 200) return draft
  const seal = by.authenticator.assert(draft.json.challenge)
  return by.api.post(`/v1/delegations/drafts/${draft.json.jti}/seal`, seal)
}

describe('emergency access', () => {
  test('lets its taker delegate to that agent alone, within all else of the template and until it is over', async () => {
    expect((await delegate(ann, {})).json).toMatchObject({ missing: 1 })
    const { access, entry } = (await take()).json
    const { alerts } = (await ben.api.get('/v1/alerts')).json
    expect(alerts).toContainEqual(expect.objectContaining({ rule: 'EMERGENCY_ACCESS', subject: access }))
    expect(code(await take())).toBe('STATE_CONFLICT')
    const { json } = await delegate(ann, { emergency: access })
    expect(json).toMatchObject({ missing: 0, chain: expect.any(String) })
    const { entries } = (await ann.api.get('/v1/entries?limit=500')).json
    const issued = entries.findLast(
      (one: { entry: { type: string } }) => one.entry.type === 'delegation.issued',
    )
    expect(issued.entry.body).toMatchObject({ jti: json.jti, emergency: access })
    const refused: [Operator, JsonObject, typeof bot][] = [
      [ben, {}, bot],
      [ann, {}, other],
      [ann, { ttl_s: 14_000 }, bot],
      [ann, { grants: [{ ...READ, actions: ['write'] }] }, bot],
    ]
    for (const [by, edit, agent] of refused)
      expect(code(await delegate(by, { ...edit, emergency: access }, agent))).toBe('OUTSIDE_TEMPLATE')
    const path = `/v1/emergency-access/${access}/reviewing`
    expect(code(await ben.api.get(path))).toBe('STATE_CONFLICT')
    expect((await ben.api.get('/v1/emergency-access')).json.accesses).toMatchObject([
      { id: access, entry, taker: ann.id, delegations_n: 1, reviewer: null, reason: expect.any(String) },
    ])
  })

  test('is reviewed once it is over, by somebody else, over what was delegated by it', async () => {
    const { access } = (await take(rfc3339(Date.now() + 1_000), other.id)).json
    const path = `/v1/emergency-access/${access}`
    const asked = async () => (await ben.api.get(`${path}/reviewing`)).json
    await expect.poll(async () => (await asked()).act?.access, { timeout: 5_000 }).toBe(access)
    const own = ann.authenticator.assert((await ann.api.get(`${path}/reviewing`)).json.challenge)
    expect(code(await ann.api.post(`${path}/review`, own))).toBe('SAME_PERSON')
    expect(code(await delegate(ann, { emergency: access }, other))).toBe('OUTSIDE_TEMPLATE')
    const { act, challenge } = await asked()
    expect(act).toMatchObject({ delegations_n: 0 })
    const signed = ben.authenticator.assert(challenge)
    expect((await ben.api.post(`${path}/review`, signed)).json).toEqual({ acted_alone: false })
    expect(code(await ben.api.get(`${path}/reviewing`))).toBe('STATE_CONFLICT')
  })

  test.each([
    ['past', -1],
    ['more than four hours ahead', 4.1],
  ])('does not end at a time that is %s', async (_, hours) => {
    expect(code(await take(inHours(hours)))).toBe('STATE_CONFLICT')
  })

  test('that is not there lets nobody delegate', async () => {
    expect(code(await delegate(ann, { emergency: 'ema_none' }))).toBe('UNKNOWN_EMERGENCY')
    expect(code(await take(inHours(1), 'agt_none'))).toBe('UNKNOWN_AGENT')
  })
})
