import { expect, test } from 'vitest'
import { utf8 } from '../../../core/encoding.ts'
import { readFrame } from './frames.ts'
import { headerFault, sessionlessOf, type Headers } from './http-headers.ts'

const NEW = '2026-07-28'
const VERSION = 'io.modelcontextprotocol/protocolVersion'

function call(params: object, version?: string): ReturnType<typeof readFrame> {
  const meta = version === undefined ? {} : { _meta: { [VERSION]: version } }
  return readFrame(
    utf8(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, ...meta } })),
  )
}

const good = { 'mcp-protocol-version': NEW, 'mcp-method': 'tools/call', 'mcp-name': 'read' }

test.each<[string, Headers, ReturnType<typeof readFrame>, RegExp | null]>([
  ['headers that say what the body says', good, call({ name: 'read' }, NEW), null],
  ['none, before they were asked for', {}, call({ name: 'read' }), null],
  [
    'a name that no header can hold',
    { ...good, 'mcp-name': '=?base64?w6Q=?=' },
    call({ name: 'ä' }, NEW),
    null,
  ],
  ['no revision in the body', good, call({ name: 'read' }), /does not state/],
  [
    'another revision',
    { ...good, 'mcp-protocol-version': '2027-01-01' },
    call({ name: 'read' }, NEW),
    /version/,
  ],
  ['another method', { ...good, 'mcp-method': 'tools/list' }, call({ name: 'read' }, NEW), /mcp-method/],
  ['no method', { ...good, 'mcp-method': undefined }, call({ name: 'read' }, NEW), /mcp-method/],
  ['another name', { ...good, 'mcp-name': 'write' }, call({ name: 'read' }, NEW), /mcp-name/],
  ['no name', { ...good, 'mcp-name': undefined }, call({ name: 'read' }, NEW), /mcp-name/],
  ['two names', { ...good, 'mcp-name': ['read', 'write'] }, call({ name: 'read' }, NEW), /mcp-name/],
  [
    'a name that is not base64',
    { ...good, 'mcp-name': '=?base64?!?=' },
    call({ name: 'read' }, NEW),
    /mcp-name/,
  ],
  ['a twin of the name', good, call({ name: 'read', Name: 'write' }, NEW), /by case alone/],
  ['another name, before they were asked for', { 'mcp-name': 'write' }, call({ name: 'read' }), /mcp-name/],
])('%s', (_, headers, frame, fault) => {
  const found = headerFault(headers, frame)
  if (fault === null) expect(found).toBeNull()
  else expect(found?.text).toMatch(fault)
})

test('who states a revision without sessions has none, whatever its header says', () => {
  expect(sessionlessOf({}, call({}, NEW))).toBe(true)
  expect(sessionlessOf({ 'mcp-protocol-version': NEW }, call({}))).toBe(true)
  expect(sessionlessOf({ 'mcp-protocol-version': NEW }, call({}, '2025-11-25'))).toBe(false)
  expect(sessionlessOf({ 'mcp-protocol-version': 'zzz' }, call({}))).toBe(false)
  expect(sessionlessOf({}, call({}, 'v999.0.0'))).toBe(true) // refused by the tool server, which knows its own
})
