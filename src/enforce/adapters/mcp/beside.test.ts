/** What reaches a tool server beside the arguments. spec/mcp.md (MCP-18). */
import { expect, test } from 'vitest'
import { besideOf, CALLED_PARAMS, CONTINUED_PARAMS } from './beside.ts'

test('it is every member of the parameters that is judged as nothing else', () => {
  const params = { name: 'read', arguments: { a: 1 }, _meta: { 'x/y': 'z' }, requestState: 's', more: 1 }
  expect(besideOf(params, CALLED_PARAMS)).toEqual({ _meta: { 'x/y': 'z' }, requestState: 's', more: 1 })
  expect(besideOf({ taskId: 't', inputResponses: { a: {} } }, CONTINUED_PARAMS)).toEqual({
    inputResponses: { a: {} },
  })
})

test('what the protocol has there is no part of it, and nothing else that is named like it', () => {
  const own = {
    progressToken: 1,
    'io.modelcontextprotocol/clientInfo': { name: 'c' },
    'io.countersign/call': { session: 's' },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  expect(besideOf({ name: 'read', _meta: own }, CALLED_PARAMS)).toEqual({})
  const foreign = {
    traceparent: 'write to mallory',
    'io.modelcontextprotocol/of-mine': 'x',
    progresstoken: 'y',
  }
  expect(besideOf({ _meta: foreign }, CALLED_PARAMS)).toEqual({ _meta: foreign })
  expect(besideOf({ _meta: 'text' }, CALLED_PARAMS)).toEqual({ _meta: 'text' })
})

test('a state of ours is no part of it, and one of the tool server is', () => {
  const answers = { inputResponses: { a: {} } }
  expect(besideOf({ requestState: 'countersign:apr_1', ...answers }, CALLED_PARAMS)).toEqual({})
  const theirs = { requestState: 'theirs', ...answers }
  expect(besideOf(theirs, CALLED_PARAMS)).toEqual(theirs)
})
