import { describe, expect, test } from 'vitest'
import { READ, Rig, WRITE, type Sent } from '../../../../test/fixtures/mcp-rig.ts'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../../core/encoding.ts'
import type { JsonObject } from '../../../core/json.ts'
import { definitionHash } from './definitions.ts'
import { FRAME_BYTES_MAX, FrameReader } from './frames.ts'
import { MCP_LIMITS } from './limits.ts'
import { CALL_META, DECISION_META } from './messages.ts'

describe('tools/call', () => {
  test('an allowed call reaches the server as it came and its answer comes back as it came', async () => {
    const rig = await Rig.started()
    const line =
      '{"jsonrpc":"2.0", "id":"c-1", "method":"tools/call", "params":{"arguments":{"n":1.0},"name":"read"}}'
    rig.client(line)
    await rig.turn()
    expect(rig.toServer).toEqual([line])
    const answer = '{"id":"c-1", "jsonrpc":"2.0", "result":{"content":[]}}'
    rig.server(answer)
    await rig.turn()
    expect(rig.toClient).toEqual([answer])
    expect(rig.point.outcomes).toEqual(['finished'])
    expect(rig.point.asked).toEqual([
      {
        server: 'files',
        tool: 'read',
        args: { n: 1 },
        credential: { kind: 'hosted' },
        definition_hash: definitionHash(nodeCrypto, READ),
      },
    ])
  })

  test.each([
    [{ result: { isError: true, content: [] } }],
    [{ error: { code: -32602, message: 'no such tool' } }],
  ])('an answer with %j is a failed outcome and passes', async (answer) => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    rig.server({ jsonrpc: '2.0', id: 1, ...answer })
    await rig.turn()
    expect(rig.last).toEqual({ jsonrpc: '2.0', id: 1, ...answer })
    expect(rig.point.outcomes).toEqual(['failed'])
  })

  test('a denied call never reaches the server; the client reads every reason', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'write' })
    await rig.turn()
    expect(rig.toServer).toEqual([])
    const { result } = rig.last
    expect(result).toEqual({
      isError: true,
      content: [{ type: 'text', text: expect.stringMatching(/^NO_MATCHING_GRANT: .*\nCLOCK_SKEW: /) }],
      _meta: {
        [DECISION_META]: { action: 'act_1', decision: 'deny', reasons: ['NO_MATCHING_GRANT', 'CLOCK_SKEW'] },
      },
    })
  })

  test('under revision 2026-07-28 a denial says that it is complete, and our listing carries the envelope', async () => {
    const rig = new Rig()
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
    }
    rig.request(1, 'tools/call', { name: 'write', _meta: { ...envelope, progressToken: 1 } })
    expect(rig.answerOwnListing({ tools: [READ, WRITE] }).params).toEqual({ _meta: envelope })
    await rig.turn()
    expect(rig.last.result).toMatchObject({ isError: true, resultType: 'complete' })
    expect(rig.point.asked[0]?.definition_hash).toBe(definitionHash(nodeCrypto, WRITE))
  })

  test.each([
    [`"_meta":{"${CALL_META}":PROOF},"name":"write"`, '"name":"write"'],
    [`"name":"write","_meta":{"${CALL_META}":PROOF}`, '"name":"write"'],
    [`"_meta":{"a":1.0,"${CALL_META}":PROOF},"name":"write"`, '"_meta":{"a":1.0},"name":"write"'],
    [`"name":"write","_meta":{"io.countersign\\/call":PROOF,"b":[ ]}`, '"name":"write","_meta":{"b":[ ]}'],
  ])('the proof is cut out and nothing else: %s', async (params, expected) => {
    const rig = await Rig.started(false)
    const proof = '{"session":"ses_1","n":1,"salt":"c2FsdA","mac":"bWFj"}'
    rig.client(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params.replace('PROOF', proof)}}}`)
    await rig.turn()
    expect(rig.toServer).toEqual([`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${expected}}}`])
    expect(rig.point.asked[0]?.credential).toEqual({
      kind: 'session',
      session: 'ses_1',
      n: 1,
      salt: 'c2FsdA',
      mac: 'bWFj',
    })
  })

  test.each([
    [undefined, { kind: 'none' }],
    [
      { presentation: 'a~b', salt: 'c' },
      { kind: 'call', presentation: 'a~b', salt: 'c' },
    ],
    [{ session: 'ses_1', n: -1, salt: 'c', mac: 'd' }, { kind: 'none' }],
    [{ session: 'ses_1', n: 1, salt: 'c', mac: 'd', extra: 1 }, { kind: 'none' }],
    ['text', { kind: 'none' }],
  ])('a proof %j is the credential %j', async (proof, credential) => {
    const rig = await Rig.started(false)
    rig.request(1, 'tools/call', { name: 'read', ...(proof ? { _meta: { [CALL_META]: proof } } : {}) })
    await rig.turn()
    expect(rig.point.asked[0]?.credential).toEqual(credential)
  })

  test('a hosted gateway does not stand in for a client whose proof cannot be read', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read', _meta: { [CALL_META]: {} } })
    await rig.turn()
    expect(rig.last.result?._meta).toMatchObject({ [DECISION_META]: { reasons: ['PROOF_MISSING'] } })
  })

  test.each([
    [{}],
    [{ name: 1 }],
    [{ name: 'read', arguments: [] }],
    [{ name: 'read', _meta: 1 }],
    [{ name: 'read', Name: 'write' }],
    [{ name: 'read', arguments: { path: 'a', Path: 'b' } }],
    [{ name: 'read', arguments: { o: [{ path: 'a', Path: 'b' }] } }],
    [JSON.parse('{"name":"read","arguments":{"__proto__":1}}') as JsonObject],
    [JSON.parse('{"name":"read","arguments":{"o":[{"__proto__":{}}]}}') as JsonObject],
  ])('%j is no tool call', async (params) => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', params)
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32602 } })
    expect(rig.point.asked).toEqual([])
    expect(rig.toServer).toEqual([])
  })

  test('a tool call without an identifier is refused and recorded, not passed as a notification', async () => {
    const rig = await Rig.started()
    rig.client({ jsonrpc: '2.0', method: 'tools/call', params: { name: 'read' } })
    await rig.turn()
    expect(rig.toServer).toEqual([])
    expect(rig.point.refused).toEqual(['tools/call'])
    expect(rig.last).toMatchObject({ id: null, error: { code: -32001 } })
  })

  test('a fault of the point denies, and its message stays here', async () => {
    const rig = await Rig.started()
    rig.point.deciding = Promise.reject(new RangeError('secret'))
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32603 } })
    expect(rig.toServer).toEqual([])
    expect(JSON.stringify([rig.toClient, rig.logged])).not.toContain('secret')
  })
})

describe('identifiers', () => {
  test('an identifier in flight is refused without disturbing the request that has it', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    rig.request(1, 'tools/call', { name: 'read' })
    expect(rig.last).toMatchObject({ id: null, error: { code: -32600 } })
    await rig.turn()
    expect(rig.toServer).toHaveLength(1)
    rig.request('1', 'ping')
    rig.answer('1', {})
    rig.answer(1, { content: [] })
    await rig.turn()
    expect(rig.toClient.slice(1).map((line) => (JSON.parse(line) as Sent).id)).toEqual(['1', 1])
    rig.request(1, 'ping')
    expect(rig.toServer.at(-1)).toContain('ping')
  })

  test('the server cannot answer a call before it has it, nor twice', async () => {
    const rig = await Rig.started()
    let decided: () => void = () => undefined
    rig.point.deciding = new Promise((resolve) => (decided = resolve))
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    rig.answer(1, { forged: true })
    decided()
    await rig.turn()
    rig.answer(1, { content: [] })
    rig.answer(1, { again: true })
    await rig.turn()
    expect(rig.toClient).toHaveLength(1)
    expect(rig.last.result).toEqual({ content: [] })
  })

  test('our own listing follows the pages and its answers never reach the client', async () => {
    const rig = new Rig()
    rig.client({ jsonrpc: '2.0', method: 'notifications/initialized' })
    rig.answerOwnListing({ tools: [READ], nextCursor: 'p2' })
    await rig.turn()
    const second = rig.answerOwnListing({ tools: [WRITE] })
    expect(second.params).toEqual({ cursor: 'p2' })
    await rig.turn()
    expect(rig.toClient).toEqual([])
    rig.request(1, 'tools/call', { name: 'write' })
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBe(definitionHash(nodeCrypto, WRITE))
  })

  test('more in flight than the bound is answered with back-pressure', async () => {
    const rig = await Rig.started()
    for (let id = 0; id < MCP_LIMITS.in_flight; id++) rig.request(id, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.toServer).toHaveLength(MCP_LIMITS.in_flight)
    rig.request('more', 'ping')
    expect(rig.last).toMatchObject({
      id: 'more',
      error: { code: -32005, message: expect.stringMatching(/back-pressure/) },
    })
    rig.answer(0, { content: [] })
    await rig.turn()
    rig.request('then', 'ping')
    expect(rig.toServer.at(-1)).toContain('then')
  })
})

describe('tools/list', () => {
  test('shows what a grant of the hosted delegation names, and keeps the rest of the page', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/list', { cursor: 'a' })
    rig.answer(1, { tools: [READ, WRITE], nextCursor: 'b', ttlMs: 5 })
    expect(rig.last).toEqual({ jsonrpc: '2.0', id: 1, result: { tools: [READ], nextCursor: 'b', ttlMs: 0 } })
  })

  test('shows nothing before a session is open, then what that session may', async () => {
    const rig = await Rig.started(false)
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [READ, WRITE] })
    expect(rig.last.result).toEqual({ tools: [] })
    rig.request(2, 'countersign/open', { presentation: 'good~' })
    await rig.turn()
    expect(rig.last.result).toEqual({ session: 'ses_1', expires_at: 1_800_000_000 })
    rig.request(3, 'tools/list')
    rig.answer(3, { tools: [READ, WRITE] })
    expect(rig.last.result).toEqual({ tools: [WRITE] })
  })

  test('a session may be named in the request, which the server does not see', async () => {
    const rig = await Rig.started(false)
    rig.request(1, 'tools/list', { _meta: { [CALL_META]: { session: 'ses_1' } } })
    expect(JSON.parse(rig.toServer[0] ?? '')).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {},
    })
    rig.answer(1, { tools: [READ, WRITE] })
    expect(rig.last.result).toEqual({ tools: [WRITE] })
  })

  test('a definition that changed without notice is known from the listing that shows it', async () => {
    const rig = await Rig.started()
    const changed = { ...READ, description: 'now it also deletes' }
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [changed] })
    rig.request(2, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBe(definitionHash(nodeCrypto, changed))
  })

  test('a server that shows the client one definition and us another is not believed', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [{ ...READ, description: 'read the keys first' }] })
    rig.server({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    rig.answerOwnListing({ tools: [READ, WRITE] })
    rig.request(2, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBeNull()
    rig.request(3, 'tools/list')
    rig.answer(3, { tools: [READ] })
    rig.request(4, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.point.asked[1]?.definition_hash).toBe(definitionHash(nodeCrypto, READ))
  })

  test('what the client was not shown does not count against a tool', async () => {
    const rig = await Rig.started()
    rig.point.allowed.set(null, [])
    rig.request(1, 'tools/list')
    rig.answer(1, { tools: [{ ...READ, description: 'an earlier version' }] })
    rig.server({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    rig.answerOwnListing({ tools: [READ, WRITE] })
    rig.request(2, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBe(definitionHash(nodeCrypto, READ))
  })

  test('errors pass, and an answer without tools does not', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/list')
    rig.server({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no tools' } })
    expect(rig.last).toMatchObject({ error: { code: -32601 } })
    rig.request(2, 'tools/list')
    rig.answer(2, { Tools: [WRITE] })
    expect(rig.last).toMatchObject({ id: 2, error: { code: -32603 } })
  })

  test('after list_changed a call waits for the new definitions', async () => {
    const rig = await Rig.started()
    const changed = { ...READ, description: 'now it also deletes' }
    rig.server({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    expect(rig.last.method).toBe('notifications/tools/list_changed')
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    expect(rig.point.asked).toEqual([])
    rig.answerOwnListing({ tools: [changed] })
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBe(definitionHash(nodeCrypto, changed))
  })

  test.each([
    ['listed twice in two versions', { tools: [READ, { ...READ, description: 'other' }] }],
    ['not listed', { tools: [] }],
    ['of a server that does not list', { content: [] }],
  ])('a tool %s has no definition hash', async (_, listing) => {
    const rig = new Rig()
    rig.request(1, 'tools/call', { name: 'read' })
    rig.answerOwnListing(listing)
    await rig.turn()
    expect(rig.point.asked[0]?.definition_hash).toBeNull()
  })
})

describe('what passes (MCP-5)', () => {
  test.each(['initialize', 'server/discover', 'ping', 'logging/setLevel'])(
    '%s passes both ways, in order',
    async (method) => {
      const rig = new Rig()
      rig.request(1, method, { level: 'info' })
      expect(rig.toServer).toHaveLength(1)
      rig.answer(1, { ok: true })
      rig.server({ jsonrpc: '2.0', method: 'notifications/message' })
      expect(rig.toClient.map((line) => (JSON.parse(line) as Sent).id)).toEqual([1, undefined])
    },
  )

  test.each(['sampling/createMessage', 'elicitation/create', 'Tools/call', 'Resources/read', 'x'])(
    '%s is refused and recorded',
    async (method) => {
      const rig = await Rig.started()
      rig.request(1, method)
      await rig.turn()
      expect(rig.toServer).toEqual([])
      expect(rig.point.refused).toEqual([method])
      expect(rig.last).toMatchObject({
        id: 1,
        error: { code: -32601, data: { reasons: ['METHOD_NOT_GRANTED'], action: 'act_r' } },
      })
    },
  )

  test('requests of the server pass, and only their answers do', async () => {
    const rig = await Rig.started()
    rig.client({ jsonrpc: '2.0', id: 5, result: { roots: [] } })
    expect(rig.toServer).toEqual([])
    rig.server({ jsonrpc: '2.0', id: 5, method: 'roots/list' })
    expect(rig.last).toMatchObject({ id: 5, method: 'roots/list' })
    rig.client({ jsonrpc: '2.0', id: 5, result: { roots: [] } })
    rig.client({ jsonrpc: '2.0', id: 5, result: { roots: ['again'] } })
    expect(rig.toServer).toEqual(['{"jsonrpc":"2.0","id":5,"result":{"roots":[]}}'])
  })

  test('a frame that does not pass is answered and nothing else happens', async () => {
    const rig = await Rig.started()
    rig.client('garbage')
    expect(rig.last).toMatchObject({ id: null, error: { code: -32700 } })
    rig.client('[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}]')
    expect(rig.last).toMatchObject({ id: null, error: { code: -32600 } })
    expect(rig.toServer).toEqual([])
  })

  test('the challenge names the tool server', async () => {
    const rig = new Rig(false)
    rig.request(1, 'countersign/challenge')
    await rig.turn()
    expect(rig.last.result).toEqual({ ...rig.point.challenge(), server: 'files' })
  })

  test('a session that is denied says why', async () => {
    const rig = new Rig(false)
    rig.request(1, 'countersign/open', { presentation: 'bad~' })
    rig.request(2, 'countersign/open', {})
    await rig.turn()
    const answers = rig.toClient.map((line) => JSON.parse(line) as Sent)
    expect(answers.find((a) => a.id === 1)).toMatchObject({
      error: { code: -32001, data: { reasons: ['SIGNATURE_INVALID'] } },
    })
    expect(answers.find((a) => a.id === 2)).toMatchObject({ error: { code: -32602 } })
  })
})

describe('cancelling', () => {
  test('the server is told, the outcome is unknown, and a late answer reaches nobody', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    rig.client({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
    await rig.turn()
    expect(rig.toServer.at(-1)).toContain('notifications/cancelled')
    expect(rig.point.outcomes).toEqual(['unknown'])
    rig.request(1, 'ping')
    expect(rig.last).toMatchObject({ id: null, error: { code: -32600 } })
    rig.answer(1, { content: [] })
    await rig.turn()
    expect(rig.toClient).toHaveLength(1)
    rig.request(1, 'ping')
    expect(rig.toServer.at(-1)).toContain('ping') // answered, so the identifier is free again
  })

  test('a call that is withdrawn while the point decides never reaches the server', async () => {
    const rig = await Rig.started()
    let decided: () => void = () => undefined
    rig.point.deciding = new Promise((resolve) => (decided = resolve))
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    rig.client({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
    decided()
    await rig.turn()
    expect(rig.toServer.filter((line) => line.includes('tools/call'))).toEqual([])
    expect(rig.toClient).toEqual([])
    expect(rig.point.outcomes).toEqual(['failed'])
  })
})

describe('a server that fails', () => {
  test('what is in flight when it ends gets an error and the outcome unknown, and so does what follows', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    rig.request(2, 'ping')
    await rig.turn()
    rig.proxy.serverEnded()
    await rig.proxy.idle()
    rig.request(3, 'tools/call', { name: 'read' })
    rig.request(4, 'tools/list')
    await rig.turn()
    const answers = rig.toClient.map((line) => JSON.parse(line) as Sent)
    expect(answers.map((a) => a.id).toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4])
    for (const a of answers)
      expect(a).toMatchObject({ error: { code: -32003, message: 'tool server ended' } })
    expect(rig.point.outcomes).toEqual(['unknown'])
    expect(rig.point.asked).toHaveLength(1)
  })

  test('a call that waits for the definitions does not wait for ever', async () => {
    const rig = new Rig()
    rig.request(1, 'tools/call', { name: 'read' })
    rig.proxy.serverEnded()
    await rig.proxy.idle()
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32003 } })
  })

  test('lines that are no messages are dropped', async () => {
    const rig = await Rig.started()
    rig.server('Server listening')
    expect(rig.toClient).toEqual([])
    expect(rig.logged.at(-1)).not.toContain('listening')
  })

  test('an answer that cannot be read ends the wait for it, with the outcome unknown', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    rig.server('{"jsonrpc":"2.0","id":1,"result":{"n":123456789012345678901}}')
    await rig.turn()
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32603 } })
    expect(rig.point.outcomes).toEqual(['unknown'])
  })

  test('a frame over the limit ends it: who waits for that frame is not known', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read' })
    await rig.turn()
    const reader = new FrameReader((frame) => rig.proxy.fromServer(frame))
    for (let sent = 0; sent <= FRAME_BYTES_MAX; sent += 65536) reader.push(new Uint8Array(65536).fill(0x20))
    reader.push(utf8('\n'))
    await rig.turn()
    expect(rig.isServerKilled).toBe(true)
    expect(rig.last).toMatchObject({ id: 1, error: { code: -32003 } })
  })
})

describe('a call that is to stop while the server has it', () => {
  const underWay = async (): Promise<Rig> => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read', arguments: {} })
    await rig.turn()
    rig.toServer.length = 0
    rig.point.stopping.abort()
    return rig
  }

  test('is withdrawn from the server, by the notification that MCP has for it', async () => {
    const rig = await underWay()
    expect(rig.toServer.map((line) => JSON.parse(line))).toEqual([
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'revoked' } },
    ])
  })

  test.each([
    ['stopped', { error: { code: -32800, message: 'cancelled' } }],
    ['failed', { error: { code: -32603, message: 'broken' } }],
    ['finished', { result: { content: [] } }],
  ])('is %s when the server says so', async (outcome, answer) => {
    const rig = await underWay()
    rig.server({ jsonrpc: '2.0', id: 1, ...answer })
    await rig.turn()
    expect(rig.point.outcomes).toEqual([outcome])
  })

  test('an error of that number from a server that was not told to stop is a failure', async () => {
    const rig = await Rig.started()
    rig.request(1, 'tools/call', { name: 'read', arguments: {} })
    await rig.turn()
    rig.server({ jsonrpc: '2.0', id: 1, error: { code: -32800, message: 'cancelled' } })
    await rig.turn()
    expect(rig.point.outcomes).toEqual(['failed'])
  })
})
