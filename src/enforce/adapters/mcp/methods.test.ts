import { describe, expect, test } from 'vitest'
import { READ, Rig, WRITE } from '../../../../test/fixtures/mcp-rig.ts'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { definitionHash } from './definitions.ts'
import { MCP_LIMITS } from './limits.ts'
import { CALL_META } from './messages.ts'

/** With these actions allowed, by the hosted delegation. */
async function allowing(...actions: string[]): Promise<Rig> {
  const rig = await Rig.started()
  rig.point.allowed.set(null, actions)
  return rig
}

describe('methods that are granted like tools (MCP-7)', () => {
  test.each([
    ['resources/read', { uri: 'file:///a' }, { uri: 'file:///a' }],
    ['resources/subscribe', { uri: 'file:///a' }, { uri: 'file:///a' }],
    ['prompts/get', { name: 'p', arguments: { a: '1' } }, { name: 'p', arguments: { a: '1' } }],
    ['tasks/cancel', { taskId: 't' }, { taskId: 't' }],
    ['resources/of/later', { x: 1 }, { x: 1 }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: 'b' } },
      { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: 'b' }, name: 'p' },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'file:///{x}' }, argument: { name: 'x', value: '' } },
      {
        ref: { type: 'ref/resource', uri: 'file:///{x}' },
        argument: { name: 'x', value: '' },
        uri: 'file:///{x}',
      },
    ],
    ['prompts/get', { name: 'p', inputResponses: {}, requestState: 's' }, { name: 'p' }],
  ])('%s with %j is decided on, and passes as it came', async (method, params, args) => {
    const rig = await allowing(method)
    rig.request(1, method, params)
    await rig.turn()
    expect(rig.point.asked).toEqual([
      { server: 'files', tool: method, args, credential: { kind: 'hosted' }, definition_hash: null },
    ])
    expect(rig.toServer).toEqual([JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })])
    const answer = '{"jsonrpc":"2.0","id":1, "result":{"n":1.0}}'
    rig.server(answer)
    await rig.turn()
    expect(rig.toClient).toEqual([answer])
    expect(rig.point.outcomes).toEqual(['finished'])
  })

  test('what no grant names is denied, recorded and never at the server', async () => {
    const rig = await allowing('resources/read')
    rig.request(1, 'prompts/get', { name: 'p' })
    await rig.turn()
    expect(rig.toServer).toEqual([])
    expect(rig.last).toMatchObject({
      id: 1,
      error: { code: -32001, data: { reasons: ['NO_MATCHING_GRANT', 'CLOCK_SKEW'], action: 'act_1' } },
    })
  })

  test.each([
    [{ uri: 'a', Uri: 'b' }],
    [{ URI: 'b' }],
    [{ uri: 'a', _meta: 1 }],
    [JSON.parse('{"uri":"a","o":{"__proto__":1}}') as object],
  ])('%j is refused: readers may see two things', async (params) => {
    const rig = await allowing('resources/read')
    rig.request(1, 'resources/read', params)
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32602 } })
    expect(rig.toServer).toEqual([])
  })

  test('a tool that is called like a method is neither shown nor called', async () => {
    const rig = await allowing('resources/read', 'read')
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [READ, { name: 'resources/read' }] })
    expect(rig.last.result).toEqual({ tools: [READ] })
    rig.request(2, 'tools/call', { name: 'resources/read', arguments: { uri: 'a' } })
    await rig.turn()
    expect(rig.point.refused).toEqual(['resources/read'])
    expect(rig.last).toMatchObject({ id: 2, error: { code: -32001 } })
  })

  test('the proof of a session is read and cut out', async () => {
    const rig = await Rig.started(false)
    rig.point.allowed.set('ses_1', ['resources/read'])
    const call = { session: 'ses_1', n: 1, salt: 'c2FsdA', mac: 'bWFj' }
    rig.request(1, 'resources/read', { uri: 'a', _meta: { progressToken: 7, [CALL_META]: call } })
    await rig.turn()
    expect(rig.point.asked[0]).toMatchObject({ credential: { kind: 'session', ...call }, args: { uri: 'a' } })
    expect(JSON.parse(rig.toServer[0] ?? '')).toMatchObject({
      params: { uri: 'a', _meta: { progressToken: 7 } },
    })
  })
})

describe('what a call that was allowed goes on with (MCP-8)', () => {
  test.each([
    ['2025-11-25', { task: { taskId: 't1', status: 'working' } }],
    ['the tasks extension', { resultType: 'task', taskId: 't1', status: 'working' }],
  ])('its own task needs no grant, as %s makes it', async (_, made) => {
    const rig = await allowing('read')
    rig.request(1, 'tools/call', { name: 'read', task: { ttl: 1000 } })
    await rig.turn()
    rig.answer(1, made)
    await rig.turn()
    rig.request(2, 'tasks/result', { taskId: 't1' })
    rig.request(3, 'tasks/result', { taskId: 't2' })
    await rig.turn()
    expect(rig.toServer.at(-1)).toContain('"t1"')
    expect(rig.point.asked.map(({ tool }) => tool)).toEqual(['read', 'tasks/result'])
    expect(rig.last).toMatchObject({ id: 3, error: { code: -32001 } })
    rig.request(4, 'tasks/list')
    rig.answer(4, { tasks: [{ taskId: 't1' }, { taskId: 't2' }] })
    expect(rig.last.result).toEqual({ tasks: [{ taskId: 't1' }] })
    rig.point.allowed.set(null, []) // revoked, say
    rig.request(5, 'tasks/get', { taskId: 't1' })
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 5, error: { code: -32001 } })
  })

  test('what speaks against what its task is told denies it, and is recorded', async () => {
    const rig = await allowing('read')
    rig.point.objection = { reason: 'FLOW_INFLUENCE', why: ['Not that.'] }
    rig.request(1, 'tools/call', { name: 'read', _meta: { progressToken: 1, 'x/y': 'z' }, extra: ['e'] })
    await rig.turn()
    expect(rig.point.asked[0]?.beside).toEqual({ _meta: { 'x/y': 'z' }, extra: ['e'] })
    rig.answer(1, { task: { taskId: 't1', status: 'working' } })
    await rig.turn()
    rig.request(2, 'tasks/update', { taskId: 't1', inputResponses: { a: 'b' } })
    await rig.turn()
    expect(rig.point.besides).toEqual([{ inputResponses: { a: 'b' } }])
    expect(rig.toServer).toHaveLength(1)
    expect(rig.point.refused).toEqual(['tasks/update'])
    expect(rig.last).toMatchObject({ id: 2, error: { code: -32001, data: { reasons: ['FLOW_INFLUENCE'] } } })
  })

  test('who subscribed may unsubscribe', async () => {
    const rig = await allowing('resources/subscribe')
    rig.request(1, 'resources/subscribe', { uri: 'a' })
    await rig.turn()
    rig.answer(1, {})
    await rig.turn()
    rig.request(2, 'resources/unsubscribe', { uri: 'a' })
    rig.request(3, 'resources/unsubscribe', { uri: 'b' })
    await rig.turn()
    expect(rig.toServer).toHaveLength(2)
    expect(rig.last).toMatchObject({ id: 3, error: { code: -32001 } })
  })
})

describe('subscriptions/listen (MCP-10)', () => {
  const listen = (rig: Rig, id: string, notifications: object): void =>
    rig.request(id, 'subscriptions/listen', { notifications })

  test('changes of lists need nothing; resources are subscribed to like before', async () => {
    const rig = await allowing('resources/subscribe')
    listen(rig, 'l1', { toolsListChanged: true, promptsListChanged: false })
    listen(rig, 'l2', { resourceSubscriptions: ['a', 'b'] })
    await rig.turn()
    expect(rig.toServer).toHaveLength(2)
    expect(rig.point.asked.map(({ tool, args }) => [tool, args])).toEqual([
      ['resources/subscribe', { uri: ['a', 'b'] }],
    ])
    await rig.proxy.idle() // a subscription is nothing to wait for
  })

  test.each([
    [{ somethingElse: true }],
    [{ resourceSubscriptions: 'a' }],
    [{ resourceSubscriptions: [1] }],
    [{ toolsListChanged: 'yes' }],
  ])('a filter %j is denied', async (filter) => {
    const rig = await allowing('resources/subscribe')
    listen(rig, 'l1', filter)
    await rig.turn()
    expect(rig.toServer).toEqual([])
    expect(rig.point.refused).toEqual(['subscriptions/listen'])
  })

  test('tasks of others need a grant', async () => {
    const rig = await allowing('read')
    listen(rig, 'l1', { taskIds: ['t9'] })
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 'l1', error: { code: -32001 } })
    rig.point.allowed.set(null, ['tasks/get'])
    listen(rig, 'l2', { taskIds: ['t9'] })
    await rig.turn()
    expect(rig.toServer.at(-1)).toContain('"l2"')
  })

  test('the server may end it by its notification, which needs no answer', async () => {
    const rig = await allowing('resources/subscribe')
    listen(rig, 'l1', { resourceSubscriptions: ['a'] })
    await rig.turn()
    rig.server({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'l1' } })
    await rig.turn()
    expect(rig.toClient).toHaveLength(1)
    expect(rig.last.method).toBe('notifications/cancelled')
    expect(rig.point.outcomes).toEqual(['finished'])
  })

  test('the end of its delegation ends it', async () => {
    const rig = await allowing('resources/subscribe')
    listen(rig, 'l1', { resourceSubscriptions: ['a'] })
    await rig.turn()
    rig.point.stopping.abort()
    expect(JSON.parse(rig.toServer.at(-1) ?? '')).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 'l1' },
    })
  })

  test('there are only so many', async () => {
    const rig = await Rig.started(true, { ...MCP_LIMITS, subscriptions: 1 })
    rig.point.allowed.set(null, ['resources/subscribe'])
    listen(rig, 'l1', { toolsListChanged: true })
    await rig.turn()
    listen(rig, 'l2', { toolsListChanged: true })
    rig.request(1, 'resources/subscribe', { uri: 'a' })
    await rig.turn()
    rig.answer(1, {})
    await rig.turn()
    rig.request(2, 'resources/subscribe', { uri: 'b' })
    await rig.turn()
    const busy = rig.toClient.filter((line) => line.includes('-32005'))
    expect(busy.map((line) => (JSON.parse(line) as { id: unknown }).id)).toEqual(['l2', 2])
  })
})

describe('lists show what a grant could allow (MCP-9)', () => {
  const a = { name: 'a', uri: 'file:///a', n: 1.5 }
  const b = { name: 'b', uri: 'file:///b' }

  test.each([
    ['prompts/list', 'prompts', 'prompts/get', 'a'],
    ['resources/list', 'resources', 'resources/read', 'file:///a'],
    ['resources/list', 'resources', 'resources/subscribe', 'file:///a'],
  ])('%s: by %3$s alone what its constraints accept', async (method, member, action, value) => {
    const rig = await allowing(action)
    rig.point.values.set(action, [value])
    rig.request(1, method)
    rig.answer(1, { [member]: [a, b, { odd: 1 }], cacheScope: 'public', ttlMs: 9000, nextCursor: 'c' })
    expect(rig.last.result).toEqual({ [member]: [a], cacheScope: 'private', ttlMs: 0, nextCursor: 'c' })
  })

  test.each([
    ['prompts/list', 'prompts'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'resourceTemplates'],
  ])('%s is empty without a grant, whole with one that names it', async (method, member) => {
    const rig = await allowing('read')
    rig.request(1, method)
    rig.answer(1, { [member]: [a, b] })
    expect(rig.last.result).toEqual({ [member]: [] })
    rig.point.allowed.set(null, [method])
    rig.request(2, method)
    const line = `{"jsonrpc":"2.0","id":2,"result":{"${member}":[{"name":"a","n":1.0}]}}`
    rig.server(line)
    expect(rig.toClient.at(-1)).toBe(line)
  })

  test('templates are shown to who may read something', async () => {
    const rig = await allowing('resources/read')
    rig.point.values.set('resources/read', ['file:///a'])
    rig.request(1, 'resources/templates/list')
    rig.answer(1, { resourceTemplates: [{ uriTemplate: 'file:///{x}' }] })
    expect(rig.last.result).toEqual({ resourceTemplates: [{ uriTemplate: 'file:///{x}' }] })
  })
})

describe('pinned tools (MCP-12, MCP-15)', () => {
  test('a changed tool is held back from the list, and noted', async () => {
    const rig = await allowing('read', 'write')
    rig.point.pinned.set('read', definitionHash(nodeCrypto, READ))
    const changed = { ...READ, description: 'now it also deletes' }
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [changed, WRITE] })
    expect(rig.last.result).toEqual({ tools: [WRITE] })
    expect(rig.point.noted).toContain(`read ${definitionHash(nodeCrypto, changed)}`)
  })

  test('a server that says nothing of a change is asked again after a minute', async () => {
    const rig = await allowing('read')
    rig.now_ms = 61_000
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    // The call did not wait for the listing.
    expect(rig.toServer.map((line) => (JSON.parse(line) as { method: string }).method)).toEqual([
      'tools/list',
      'tools/call',
    ])
  })
})

test('a request that is not answered in time is given up, here and at the server (MCP-16)', async () => {
  const rig = await Rig.started(true, { ...MCP_LIMITS, call_ms: 1000 })
  rig.request(1, 'tools/call', { name: 'read' })
  await rig.turn()
  rig.now_ms = 1001
  rig.sweep()
  await rig.turn()
  expect(rig.last).toMatchObject({ id: 1, error: { code: -32004 } })
  expect(rig.toServer.at(-1)).toContain('notifications/cancelled')
  expect(rig.point.outcomes).toEqual(['unknown'])
})

test('what passes passes byte for byte, in both directions and revisions (MCP-2)', async () => {
  const rig = await allowing('read')
  const meta =
    '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{ },"x":1.0}'
  const lines = [
    '{"jsonrpc":"2.0", "id":"a","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"x":1e2}}',
    `{"method":"server/discover","jsonrpc":"2.0","id":"b","params":{${meta}}}`,
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1.0}}',
    `{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{${meta},"name":"read","inputResponses":{"k":{"action":"accept"}},"requestState":"s"}}`,
  ]
  for (const line of lines) rig.client(line)
  await rig.turn()
  expect(rig.toServer).toEqual(lines)
  const answers = [
    '{"jsonrpc":"2.0", "id":"a","result":{"capabilities":{},"n":1.0}}',
    '{"jsonrpc":"2.0", "id":"b","result":{"resultType":"complete","supportedVersions":[ ]}}',
    '{"jsonrpc":"2.0", "id":"c","result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create"}}}}',
    '{"jsonrpc":"2.0", "id":1.0,"method":"sampling/createMessage","params":{}}',
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info" }}',
  ]
  for (const line of answers) rig.server(line)
  await rig.turn()
  expect(rig.toClient.toSorted()).toEqual(answers.toSorted())
})
