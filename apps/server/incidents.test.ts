import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let cleo: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cleo = await server.invite(ann, 'Cleo')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
async function sign(by: Operator, path: string, ends: readonly [string, string]): Promise<Answer> {
  const asked = await by.api.get(`${path}/${ends[0]}`)
  if (asked.status !== 200) return asked
  return by.api.post(`${path}/${ends[1]}`, by.authenticator.assert(asked.json.challenge))
}
const close = (by: Operator, incident: string) => sign(by, `/v1/incidents/${incident}`, ['closing', 'close'])
const lift = (by: Operator, agent: string) => sign(by, `/v1/agents/${agent}/isolation`, ['lifting', 'lift'])
const end = (by: Operator, agent: string) => sign(by, `/v1/agents/${agent}/oversight`, ['ending', 'end'])
const open = async (by: Operator, edit: JsonObject = {}): Promise<string> => {
  const opening = {
    kind: 'manual',
    severity: 'high',
    title: 'Something is odd',
    agent: null,
    alerts: [],
    entries: [],
  }
  return (await by.api.post('/v1/incidents', { ...opening, ...edit })).json.incident
}
const say = (by: Operator, incident: string, phase: string) =>
  by.api.post(`/v1/incidents/${incident}/notes`, { phase, text: `${phase} in words` })

describe('an incident', () => {
  test('is opened, contained, explained, and closed by somebody else; nothing of it is lost', async () => {
    const incident = await open(ann)
    expect((await ben.api.get(`/v1/incidents/${incident}`)).json).toMatchObject({
      status: 'open',
      title: 'Something is odd',
      opener: ann.id,
    })
    expect(code(await close(ben, incident))).toBe('STATE_CONFLICT')
    await ann.api.post(`/v1/incidents/${incident}/contain`, { how: 'fixed', entries: [] })
    await say(ann, incident, 'cause')
    expect((await close(ben, incident)).json.error.message).toContain('lessons')
    await say(ben, incident, 'lessons')
    await ann.api.post(`/v1/incidents/${incident}/assign`, { owner: cleo.id })
    expect([code(await close(ann, incident)), code(await close(cleo, incident))]).toEqual([
      'SAME_PERSON',
      'SAME_PERSON',
    ])
    expect((await close(ben, incident)).json).toEqual({ acted_alone: false })
    expect(code(await say(ann, incident, 'note'))).toBe('STATE_CONFLICT')
    const { json } = await ann.api.get(`/v1/incidents/${incident}`)
    expect(json).toMatchObject({ status: 'closed', owner: cleo.id, contained_by: 'fixed' })
    expect(json.notes.map(({ phase, text }: JsonObject) => [phase, text])).toEqual([
      ['cause', 'cause in words'],
      ['lessons', 'lessons in words'],
    ])
    const timeline = (await ann.api.get(`/v1/incidents/${incident}/timeline`)).json
    expect(timeline.lines.map(({ what }: JsonObject) => what)).toEqual([
      'incident opened, high',
      'contained: fixed',
      'cause',
      'lessons',
      'incident assigned',
      'incident closed',
    ])
  })

  test('that is an exercise contains nothing, and counts apart', async () => {
    const exercise = await open(ann, { kind: 'tabletop' })
    expect(
      code(await ann.api.post(`/v1/incidents/${exercise}/contain`, { how: 'killed', entries: [0] })),
    ).toBe('STATE_CONFLICT')
    expect(
      (await ann.api.post(`/v1/incidents/${exercise}/contain`, { how: 'not_needed', entries: [] })).status,
    ).toBe(200)
    const { year } = (await ann.api.get('/v1/incidents')).json
    expect(year).toMatchObject({ exercises: 1, incidents: 1, open: 0, closed: { n: 1 } })
  })

  test('names what contained it, and nothing else', async () => {
    const agent = (await server.agent(ann, ben)).id
    const other = (await server.agent(ann, ben)).id
    const incident = await open(ann, { agent })
    const contain = (how: string, entries: number[]) =>
      ann.api.post(`/v1/incidents/${incident}/contain`, { how, entries })
    expect(code(await contain('suspended', []))).toBe('STATE_CONFLICT')
    expect(code(await contain('suspended', [0]))).toBe('STATE_CONFLICT')
    expect(code(await contain('suspended', [99_999]))).toBe('UNKNOWN_ENTRY')
    const suspend = async (id: string): Promise<number> => {
      await ann.api.post(`/v1/agents/${id}/suspend`, { reason: 'odd' })
      return lastOf('agent.suspended')
    }
    expect(code(await contain('suspended', [await suspend(other)]))).toBe('STATE_CONFLICT')
    expect((await contain('suspended', [await suspend(agent)])).status).toBe(200)
  })

  test('is of nobody who is not there, and says so', async () => {
    expect(code(await ann.api.get('/v1/incidents/inc_none'))).toBe('UNKNOWN_INCIDENT')
    expect(code(await close(ann, 'inc_none'))).toBe('UNKNOWN_INCIDENT')
    const opening = { kind: 'isolation', severity: 'high', title: 'x', agent: null, alerts: [], entries: [] }
    expect(code(await ann.api.post('/v1/incidents', opening))).toBe('REQUEST_INVALID')
    expect(code(await ann.api.post('/v1/incidents', { ...opening, kind: 'manual', agent: 'agt_x' }))).toBe(
      'UNKNOWN_AGENT',
    )
  })
})

/** Of the last entry of that type. */
async function lastOf(type: string): Promise<number> {
  const { entries } = (await ann.api.get('/v1/entries?limit=500')).json
  return entries.findLast((one: { entry: { type: string } }) => one.entry.type === type).index
}

describe('an isolated agent', () => {
  test('is dead at once, cannot be activated, and is let go by who does not own it, once its cause is said', async () => {
    const agent = await server.agent(ann, ben)
    const { json } = await ann.api.post(`/v1/agents/${agent.id}/isolate`, { title: 'It wrote to strangers' })
    expect(json.frames).toHaveLength(1)
    const isolation = async () => (await ann.api.get(`/v1/agents/${agent.id}/isolation`)).json
    expect(await isolation()).toMatchObject({ level: 'isolated', isolated: json.entry })
    expect((await ann.api.get(`/v1/incidents/${json.incident}`)).json).toMatchObject({
      kind: 'isolation',
      severity: 'critical',
      status: 'contained',
      contained_by: 'isolated',
    })
    expect(code(await ben.api.post(`/v1/agents/${agent.id}/activate`, { reason: 'go' }))).toBe(
      'STATE_CONFLICT',
    )
    expect(code(await ben.api.post(`/v1/agents/${agent.id}/isolate`, { title: 'again' }))).toBe(
      'STATE_CONFLICT',
    )
    expect(code(await lift(ben, agent.id))).toBe('STATE_CONFLICT')
    await say(cleo, json.incident, 'cause')
    expect(code(await lift(ann, agent.id))).toBe('SAME_PERSON')
    expect((await lift(ben, agent.id)).json).toEqual({ acted_alone: false })
    expect((await isolation()).level).toBe('none')
    expect((await ann.api.get(`/v1/agents/${agent.id}`)).json).toMatchObject({
      status: 'active',
      keys: [{ revoked: true }],
    })
    expect(code(await lift(ben, agent.id))).toBe('STATE_CONFLICT')
  })
})

describe('an overseen agent', () => {
  test('is overseen until somebody who does not own it ends that, as often as it takes', async () => {
    const agent = (await server.agent(ann, ben)).id
    for (const n of [1, 2]) {
      expect((await cleo.api.post(`/v1/agents/${agent}/oversight`, {})).json).toMatchObject({ n })
      expect(code(await cleo.api.post(`/v1/agents/${agent}/oversight`, {}))).toBe('STATE_CONFLICT')
      expect((await ann.api.get('/v1/isolation')).json.agents).toMatchObject([
        { agent, level: 'step_up', because: 'person' },
      ])
      expect(code(await end(ann, agent))).toBe('SAME_PERSON')
      expect((await end(ben, agent)).json).toEqual({ acted_alone: false })
    }
    expect(code(await end(ben, agent))).toBe('STATE_CONFLICT')
    expect((await ann.api.get('/v1/isolation')).json.agents).toEqual([])
    expect(code(await ann.api.post('/v1/agents/agt_none/oversight', {}))).toBe('UNKNOWN_AGENT')
  })
})

describe('a response policy', () => {
  const policy = { v: 1, isolate: 'either', window_s: 3600, unseen: 'watch', signs: ['SCOPE_BURST'] }
  test('is in force once somebody else approved it', async () => {
    const { policy: id } = (await ann.api.post('/v1/response-policies', policy)).json
    const path = `/v1/response-policies/${id}`
    expect(code(await sign(ann, path, ['approval', 'approve']))).toBe('SAME_PERSON')
    expect((await ann.api.get('/v1/response-policies')).json.in_force.isolate).toBe('two_keys')
    expect((await sign(ben, path, ['approval', 'approve'])).status).toBe(200)
    expect((await ann.api.get('/v1/response-policies')).json).toMatchObject({
      in_force: policy,
      policies: [{ id, status: 'active' }],
    })
    expect(code(await sign(ben, path, ['approval', 'approve']))).toBe('STATE_CONFLICT')
    expect(code(await sign(ben, '/v1/response-policies/rsp_none', ['approval', 'approve']))).toBe(
      'UNKNOWN_RESPONSE_POLICY',
    )
  })

  test.each([
    ['window_s', 59],
    ['isolate', 'always'],
    ['signs', ['a b']],
    ['signs', ['A', 'A']],
  ])('with a bad %s is refused', async (name, value) => {
    expect(code(await ann.api.post('/v1/response-policies', { ...policy, [name]: value }))).toBe(
      'REQUEST_INVALID',
    )
  })
})

test('capacity is sampled as soon as the control plane runs, once an hour', async () => {
  const { samples } = (await ann.api.get('/v1/capacity')).json
  expect(samples).toHaveLength(1)
  expect(samples[0]).toMatchObject({ hour: expect.stringMatching(/:00:00/), points: { enrolled: 0 } })
  expect(samples[0].disk_free_bytes).toBeGreaterThan(0)
})
