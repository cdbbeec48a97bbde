/** Labels of tools and flow policies over the API: proposed by one person, in force by another. spec/labels.md (LBL-8). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ToolLabel } from '../../src/core/label.ts'
import { TestServer, type Operator } from './harness.ts'

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

const READS: ToolLabel = {
  v: 1,
  result: {
    level: 'confidential',
    integrity: 'untrusted',
    categories: ['personal'],
    fields: { '/sender/id': { integrity: 'trusted' } },
  },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
}
const SENDS: ToolLabel = {
  v: 1,
  result: { level: 'confidential', integrity: 'untrusted', categories: [] },
  effect: 'external',
  accepts: 'confidential',
  destination: ['/to', '/cc'],
}
const [A, B, C] = ['A'.repeat(43), 'B'.repeat(42) + 'A', 'C'.repeat(42) + 'A']

interface Tool {
  readonly id: string
  readonly server: string
  readonly tool: string
}

let tools = 0
async function register(by: Operator, name: string, server = `mail${tools++}`): Promise<Tool> {
  const system = (await by.api.post('/v1/systems', { name: `Mail ${server} ${name}` })).json.id
  const tool = { system, server, tool: name, definition_hash: A, measures: {} }
  return { id: (await by.api.post('/v1/tools', tool)).json.id, server, tool: name }
}

async function change(by: Operator, { server, tool }: Tool, definition_hash: string): Promise<string> {
  const known = (await by.api.get(`/v1/tools?server=${server}`)).json.tools.find(
    (each: { tool: string }) => each.tool === tool,
  )
  const { id: _, ...rest } = known
  return (await by.api.post('/v1/tools', { ...rest, definition_hash })).json.waiting
}

const propose = (by: Operator, ...labels: [Tool, ToolLabel, string?][]) =>
  by.api.post('/v1/labels/proposals', {
    labels: labels.map(([{ id }, label, definition_hash = A]) => ({ tool: id, definition_hash, label })),
  })

async function approve(by: Operator, path: string) {
  const asked = await by.api.get(`${path}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`${path}/approve`, by.authenticator.assert(asked.json.challenge))
}
const approveLabels = (by: Operator, id: string) => approve(by, `/v1/labels/proposals/${id}`)

async function inForce(by: Operator, tool: Tool): Promise<ToolLabel | null> {
  const { labels } = (await by.api.get('/v1/labels')).json
  return labels.find((each: { tool: string }) => each.tool === tool.id).label
}

describe('with independent approval', () => {
  const server = new TestServer()
  let ann: Operator
  let ben: Operator
  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben, second of two')
  })
  afterAll(() => server.remove())

  test('labels are in force once another person has approved them, and points have them with their tools', async () => {
    const [search, send] = [await register(ann, 'search', 'office'), await register(ann, 'send', 'office')]
    const point = await server.point(ann, 'office')
    const { labels: id } = (await propose(ann, [search, READS], [send, SENDS])).json
    expect(await inForce(ann, search)).toBeNull()
    expect((await ben.api.get('/v1/labels/proposals')).json.proposals).toMatchObject([
      {
        id,
        proposer: ann.id,
        labels: [
          { server: 'office', name: 'search', label: READS, was: null },
          { server: 'office', name: 'send', label: SENDS, was: null },
        ],
      },
    ])
    expect(code(await approveLabels(ann, id))).toBe('SAME_PERSON')
    expect((await point.api.get('/v1/points/self/tools')).json.tools[0]).not.toHaveProperty('label')
    expect((await approveLabels(ben, id)).json).toEqual({ acted_alone: false })
    expect((await point.api.get('/v1/points/self/tools')).json.tools).toMatchObject([
      { tool: 'search', label: READS },
      { tool: 'send', label: SENDS },
    ])
    expect((await ben.api.get('/v1/labels/proposals')).json.proposals).toEqual([])
    expect(code(await approveLabels(ben, id))).toBe('STATE_CONFLICT')
  })

  test('a label is of one definition: a tool that is pinned to another has none', async () => {
    const tool = await register(ann, 'search')
    await approveLabels(ben, (await propose(ann, [tool, READS])).json.labels)
    expect(await inForce(ann, tool)).toEqual(READS)
    expect(code(await propose(ann, [tool, READS, B]))).toBe('STATE_CONFLICT')
    const waiting = await change(ann, tool, B)
    await approveLabels(ben, (await propose(ann, [tool, SENDS, B])).json.labels)
    expect(await inForce(ann, tool)).toEqual(READS)
    await approve(ben, `/v1/tools/changes/${waiting}`)
    expect(await inForce(ann, tool)).toEqual(SENDS)
    await approve(ben, `/v1/tools/changes/${await change(ann, tool, C)}`)
    expect(await inForce(ann, tool)).toBeNull()
  })

  test('what was proposed before an approval of the same definition is out of date', async () => {
    const [one, two] = [await register(ann, 'search'), await register(ann, 'read')]
    const first = (await propose(ann, [one, SENDS], [two, READS])).json.labels
    const other = (await propose(ann, [two, READS])).json.labels
    const second = (await propose(ann, [one, READS])).json.labels
    await approveLabels(ben, second)
    expect(code(await approveLabels(ben, first))).toBe('STATE_CONFLICT')
    expect(await inForce(ann, one)).toEqual(READS)
    expect((await approveLabels(ben, other)).status).toBe(200)
    expect((await ann.api.get('/v1/labels/proposals')).json.proposals).toEqual([])
  })

  test('a gesture is over one proposal, and a point makes none', async () => {
    const tool = await register(ann, 'search', 'guarded')
    const [first, second] = [
      (await propose(ann, [tool, READS])).json.labels,
      (await propose(ann, [tool, SENDS])).json.labels,
    ]
    const { challenge } = (await ben.api.get(`/v1/labels/proposals/${first}/approval`)).json
    const gesture = ben.authenticator.assert(challenge)
    expect(code(await ben.api.post(`/v1/labels/proposals/${second}/approve`, gesture))).toBe(
      'GESTURE_INVALID',
    )
    const point = await server.point(ann, 'guarded')
    expect((await point.api.get(`/v1/labels/proposals/${first}/approval`)).status).toBe(403)
    await approveLabels(ben, second)
  })

  test('a label that does not fit is refused, and so are two for one definition', async () => {
    const tool = await register(ann, 'search')
    const refused = async (label: object) => code(await propose(ann, [tool, label as ToolLabel]))
    expect(await refused({ ...READS, effect: 'some' })).toBe('REQUEST_INVALID')
    expect(await refused({ ...READS, destination: ['to'] })).toBe('REQUEST_INVALID')
    expect(await refused({ ...READS, made_up: 1 })).toBe('REQUEST_INVALID')
    expect(code(await propose(ann, [tool, READS], [tool, SENDS]))).toBe('LABEL_INVALID')
    expect(code(await propose(ann, [{ ...tool, id: 'tol_none' }, READS]))).toBe('UNKNOWN_TOOL')
    expect(code(await approveLabels(ben, 'lbl_none'))).toBe('UNKNOWN_LABEL')
  })

  test('a flow policy is off until another person approved one, and the last one approved is in force', async () => {
    const point = await server.point(ann, 'files')
    const policy = async () => (await point.api.get('/v1/points/self/flow-policy')).json.policy
    const offer = async (mode: string) =>
      (await ann.api.post('/v1/flow-policies', { v: 1, mode })).json.policy as string
    expect(await policy()).toEqual({ v: 1, mode: 'off' })
    const [older, first] = [await offer('deny'), await offer('observe')]
    expect(code(await approve(ann, `/v1/flow-policies/${first}`))).toBe('SAME_PERSON')
    expect((await approve(ben, `/v1/flow-policies/${first}`)).json).toEqual({ acted_alone: false })
    expect(await policy()).toEqual({ v: 1, mode: 'observe' })
    expect(code(await approve(ben, `/v1/flow-policies/${older}`))).toBe('STATE_CONFLICT')
    const second = await offer('ask')
    await approve(ben, `/v1/flow-policies/${second}`)
    expect((await ann.api.get('/v1/flow-policies')).json.policies).toMatchObject([
      { id: second, status: 'active', policy: { mode: 'ask' }, proposer: ann.id },
      { id: first, status: 'replaced' },
      { id: older, status: 'replaced' },
    ])
  })

  test('a flow policy has names and values that mean something', async () => {
    const named = {
      name: 'partners',
      server: 'mail',
      tool: 'send',
      argument: '/to',
      values: ['*@partner.example'],
    }
    const refused = async (parts: object) =>
      code(await ann.api.post('/v1/flow-policies', { v: 1, mode: 'ask', ...parts }))
    expect(await refused({ policies: [named, named] })).toBe('REQUEST_INVALID')
    expect(await refused({ policies: [{ ...named, argument: 'to' }] })).toBe('REQUEST_INVALID')
    expect(await refused({ aliases: { restricted: 'public' } })).toBe('REQUEST_INVALID')
    expect(await refused({ memory_bytes: 1 })).toBe('REQUEST_INVALID')
    expect(await refused({ policies: [{ ...named, values: ['a/../b'] }] })).toBe('FLOW_POLICY_INVALID')
    expect(code(await approve(ben, '/v1/flow-policies/flp_none'))).toBe('UNKNOWN_FLOW_POLICY')
    expect(
      await refused({ policies: [named], aliases: { amber: 'internal' }, pseudonyms: ['*'] }),
    ).toBeUndefined()
  })
})

describe('with approval after the fact', () => {
  const server = new TestServer({ separation: 'after' })
  afterAll(() => server.remove())

  test('the proposer may approve, and the log says so', async () => {
    await server.start()
    const ann = await server.enrol(server.bootstrapSecret)
    const tool = await register(ann, 'search')
    const { labels } = (await propose(ann, [tool, READS])).json
    expect((await approveLabels(ann, labels)).json).toEqual({ acted_alone: true })
    const { policy } = (await ann.api.post('/v1/flow-policies', { v: 1, mode: 'ask' })).json
    expect((await approve(ann, `/v1/flow-policies/${policy}`)).json).toEqual({ acted_alone: true })
  })
})
