import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { isJsonObject, parseJson, type JsonObject } from '../../../core/json.ts'
import type { CallHooks, CallOutcome, CallRequest } from '../../types.ts'
import { FrameReader, type RpcRequest } from './frames.ts'
import { InFlight } from './in-flight.ts'
import { HeldCalls, lineWithoutState, resultOf } from './held.ts'
import { deniedResult } from './messages.ts'

const NOTICE = { approval: 'apr_1', url: 'https://plane.example/a#secret', expires_at: 9 }
const CALL: CallRequest = {
  server: 'files',
  tool: 'read',
  args: {},
  credential: { kind: 'none' },
  definition_hash: null,
}
const LATER = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
const OPENS = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } }

function requestOf(params: JsonObject, method = 'tools/call'): RpcRequest {
  let found: RpcRequest | null = null
  const reader = new FrameReader((frame) => {
    if (frame.kind === 'request') found = frame
  }, true)
  reader.push(Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`))
  if (found === null) throw new Error('no request')
  return found
}

/** A point that holds every call until it is told what people decided, and minds what it is asked. */
class HoldingPoint {
  readonly asked: { request: CallRequest; leaves: boolean }[] = []
  readonly decided = Promise.withResolvers<void>()

  async call<T>(request: CallRequest, _act: unknown, hooks: CallHooks = {}): Promise<CallOutcome<T>> {
    this.asked.push({ request, leaves: hooks.leaves === true })
    hooks.onWaits?.(this.decided.resolve)
    if (hooks.leaves === true && request.approval === undefined)
      return { decision: 'deny', action: 'act_1', reasons: ['APPROVAL_NEEDED'], held: NOTICE }
    if (request.approval === undefined) hooks.onHeld?.(NOTICE)
    await this.decided.promise
    return { decision: 'deny', action: 'act_1', reasons: ['APPROVAL_REFUSED'] }
  }
}

async function during(params: JsonObject, capabilities: JsonObject = {}) {
  const sent: JsonObject[] = []
  const held = new HeldCalls(nodeCrypto, (line) => {
    const message = parseJson(line)
    if (isJsonObject(message)) sent.push(message)
  })
  held.began(requestOf({ capabilities }, 'initialize'))
  const point = new HoldingPoint()
  const act = () => Promise.reject(new Error('nobody approved it'))
  const request = requestOf({ name: 'read', arguments: {}, ...params })
  const inFlight = new InFlight(() => undefined, 1)
  const pending = inFlight.add(request.id, 'key')
  const outcome = held.call(point, pending, request, CALL, () => null, act)
  const answer = outcome.then((one) => resultOf(request, one, (denied) => deniedResult(request, denied)))
  return { held, inFlight, point, sent, answer: answer.then((line) => parseJson(line) as JsonObject) }
}

describe('a client whose call waits', () => {
  test('is asked to open a link when it said that it can, and its answer goes nowhere', async () => {
    const { held, point, sent, answer } = await during({}, { elicitation: { url: {} } })
    const [elicitation] = sent
    expect(elicitation).toMatchObject({
      method: 'elicitation/create',
      params: { mode: 'url', url: NOTICE.url, elicitationId: 'apr_1' },
    })
    const id = elicitation!.id as string
    expect(held.answered(id)).toBe(true)
    expect(held.answered(id)).toBe(false)
    point.decided.resolve()
    expect(JSON.stringify(await answer)).toContain('APPROVAL_REFUSED')
    expect(sent[1]).toMatchObject({
      method: 'notifications/elicitation/complete',
      params: { elicitationId: 'apr_1' },
    })
  })

  test('hears of it by progress when it gave a token, and else nothing', async () => {
    const told = await during({ _meta: { progressToken: 7 } })
    expect(told.sent).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 7, progress: 0 } },
    ])
    expect(JSON.stringify(told.sent)).toContain(NOTICE.url)
    const silent = await during({}, { elicitation: {} })
    expect(silent.sent).toEqual([])
  })

  test('of the later revision gets what it has to fulfil, and comes back with the state alone', async () => {
    const first = await during({ _meta: { ...LATER, ...OPENS } })
    const { result } = await first.answer
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { approval: { method: 'elicitation/create', params: { mode: 'url', url: NOTICE.url } } },
      requestState: 'countersign:apr_1',
    })
    expect(first.sent).toEqual([])

    const inputResponses = { approval: { action: 'accept' } }
    const state = { requestState: 'countersign:apr_1', inputResponses }
    const back = await during({ ...state, _meta: { ...LATER, ...OPENS } })
    expect(back.point.asked).toMatchObject([{ request: { approval: 'apr_1' }, leaves: false }])
    back.point.decided.resolve()
    expect(JSON.stringify(await back.answer)).toContain('APPROVAL_REFUSED') // whatever it had accepted
  })

  test('of the later revision waits when a state of the tool server would be lost, or it opens no links', async () => {
    const ofServer = await during({ requestState: 'theirs', _meta: { ...LATER, ...OPENS } })
    expect(ofServer.point.asked).toMatchObject([{ leaves: false }])
    expect(ofServer.point.asked[0]!.request.approval).toBeUndefined()
    const plain = await during({ _meta: LATER })
    expect(plain.point.asked).toMatchObject([{ leaves: false }])
  })
})

test('a client that cancels a call takes it back from the point', async () => {
  const { inFlight, sent, answer } = await during({}, { elicitation: { url: {} } })
  inFlight.cancel('key')
  await answer
  expect(sent.at(-1)).toMatchObject({ method: 'notifications/elicitation/complete' })
})

test('the tool server never sees a state of ours, and every state of its own', () => {
  const ours = requestOf({
    name: 'read',
    requestState: 'countersign:apr_1',
    inputResponses: {},
    arguments: {},
  })
  expect(JSON.parse(lineWithoutState(ours)).params).toEqual({ name: 'read', arguments: {} })
  const theirs = requestOf({ name: 'read', requestState: 'theirs', inputResponses: {} })
  expect(lineWithoutState(theirs)).toBe(theirs.line)
})
