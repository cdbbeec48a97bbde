/**
 * What a request gives to the tool server beside its arguments. spec/mcp.md (MCP-18). Pure.
 * Invariant: whatever reaches the server and is no argument is in here, but for what MCP itself has there.
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { stateOf } from './held.ts'
import { CALL_META } from './messages.ts'

/** Members of `params` of a call that are judged as what they are. */
export const CALLED_PARAMS: ReadonlySet<string> = new Set(['name', 'arguments'])
/** Of a request that goes on with one: what it names was made by the server, or is what was asked for. */
export const CONTINUED_PARAMS: ReadonlySet<string> = new Set(['taskId', 'uri'])

/** Of the protocol, in any of its revisions: the client's library writes them, and no model. */
const OWN_META: ReadonlySet<string> = new Set([
  CALL_META,
  'progressToken',
  ...[
    'clientCapabilities',
    'clientInfo',
    'logLevel',
    'protocolVersion',
    'related-task',
    'subscriptionId',
  ].map((name) => `io.modelcontextprotocol/${name}`),
])
/** W3C Trace Context, which MCP lets pass: nothing has room in it but numbers. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** @param known members of `params` that are no part of it */
export function besideOf(params: JsonObject, known: ReadonlySet<string>): JsonObject {
  const isOurs = stateOf(params) !== null
  const beside = Object.entries(params).flatMap(([name, value]): [string, JsonValue][] => {
    if (known.has(name)) return []
    // A state of ours, and what the client answers to it, the server never sees (APR-16).
    if (isOurs && (name === 'requestState' || name === 'inputResponses')) return []
    if (name !== '_meta' || !isJsonObject(value)) return [[name, value]]
    const foreign = Object.entries(value).filter(([each, said]) => !isOwn(each, said))
    return foreign.length === 0 ? [] : [[name, Object.fromEntries(foreign)]]
  })
  return Object.fromEntries(beside)
}

function isOwn(name: string, value: JsonValue): boolean {
  if (name === 'traceparent') return typeof value === 'string' && TRACEPARENT.test(value)
  return OWN_META.has(name)
}
