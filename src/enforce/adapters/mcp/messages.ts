/**
 * The JSON-RPC messages that the gateway writes itself, and what it reads out of a call.
 * spec/enforcement.md, Reason codes; spec/mcp.md (MCP-1 to MCP-3, MCP-6, MCP-7).
 * @module
 */
import { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { explain, type Reason } from '../../../decide/reasons.ts'
import type { CallOutcome, Credential } from '../../types.ts'
import { cutMember, replaceMember } from './cut.ts'
import { hasCaseTwins, hasLookalike, type RpcId, type RpcRequest, type RpcResponse } from './frames.ts'

/** JSON-RPC error codes: the specification's own, and ours from its range for implementations. */
export const RPC_INVALID_PARAMS = -32602
export const RPC_INTERNAL_ERROR = -32603
export const RPC_METHOD_NOT_FOUND = -32601
/** Denied. `data` is `{reasons}` or `{reasons, action}`. */
export const RPC_DENIED = -32001
/** A request that ended because it was withdrawn, as the Language Server Protocol numbers it: many servers do. */
const RPC_CANCELLED = -32800
/** The tool server has ended. */
export const RPC_SERVER_ENDED = -32003
/** The tool server has not answered in time. */
export const RPC_TIMED_OUT = -32004
/** Too much in flight: wait for answers. */
export const RPC_BUSY = -32005

export const METHOD_CHALLENGE = 'countersign/challenge'
export const METHOD_OPEN = 'countersign/open'

/** Where a call carries its proof (MCP-2). */
export const CALL_META = 'io.countersign/call'
/** Where a denial carries its decision. */
export const DECISION_META = 'io.countersign/decision'
const PROTOCOL_META = 'io.modelcontextprotocol/'
export const VERSION_META = `${PROTOCOL_META}protocolVersion`

const TEXT_UNDER_WAY =
  'The call was under way when this arrived: the tool was told to stop, and may have done it.'

const CALL_PARAMS = new Set(['name', 'arguments', '_meta'])
/** UTF-16 units; room for what is too large, so that the point gives that its own reason. */
const PRESENTATION_LENGTH_MAX = 128 * 1024
const FIELD_LENGTH_MAX = 64

const field = z.string().max(FIELD_LENGTH_MAX)
const callMetaSchema = z.union([
  z.strictObject({ session: field, n: z.int().nonnegative(), salt: field, mac: field }),
  z.strictObject({ presentation: z.string().max(PRESENTATION_LENGTH_MAX), salt: field }),
])
const openParamsSchema = z.object({ presentation: z.string().max(PRESENTATION_LENGTH_MAX) })

/** What a client asks for with `tools/call`, or with a method that is granted like a tool. */
export interface ReadCall {
  readonly tool: string
  readonly args: JsonObject
  readonly credential: Credential
}

/** @returns text that says what is wrong when the request is not a tool call that every reader reads alike */
export function readToolCall(request: RpcRequest, hosted: boolean): ReadCall | string {
  const { params } = request
  const { name, arguments: args = {} } = params
  if (typeof name !== 'string') return 'tools/call needs the name of a tool'
  if (!isJsonObject(args)) return 'the arguments must be an object'
  if (Object.hasOwn(params, '_meta') && !isJsonObject(params._meta)) return '_meta must be an object'
  if (hasLookalike(params, CALL_PARAMS)) return 'a parameter differs from a known one by case alone'
  if (hasCaseTwins(args)) return 'two arguments differ by case alone'
  if (hasProto(args)) return '__proto__ is no argument'
  return { tool: name, args, credential: readCredential(request, hosted) }
}

/** Names that a call by method has, by their folding: what a careless reader would take for one of them is refused. */
const METHOD_PARAMS = new Set(['_meta', 'argument', 'arguments', 'name', 'ref', 'uri'])

/**
 * MCP-7, MCP-10. @param action the method, or what it counts as
 * @param args null when they could not be told apart
 */
export function readMethodCall(
  request: RpcRequest,
  action: string,
  args: JsonObject | null,
  hosted: boolean,
): ReadCall | string {
  const { params } = request
  if (Object.hasOwn(params, '_meta') && !isJsonObject(params._meta)) return '_meta must be an object'
  if (args === null) return 'the parameters cannot be told apart'
  if (hasLookalike(params, METHOD_PARAMS) || hasCaseTwins(params)) return 'parameters differ by case alone'
  if (hasProto(params)) return '__proto__ is no argument'
  return { tool: action, args, credential: readCredential(request, hosted) }
}

/**
 * Whether, anywhere in `value`, an object has a member `__proto__`. Many readers drop it or take it for something else,
 * so what a call's commitment opens to could not be kept: an agent is not to choose that.
 */
function hasProto(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto)
}

/** A proof that cannot be read is no proof, in a hosted gateway too: who sends one does not mean to be hosted. */
function readCredential(request: RpcRequest, hosted: boolean): Credential {
  const meta = metaOf(request)
  if (!Object.hasOwn(meta, CALL_META)) return request.credential ?? { kind: hosted ? 'hosted' : 'none' }
  const parsed = callMetaSchema.safeParse(meta[CALL_META])
  if (!parsed.success) return { kind: 'none' }
  return 'session' in parsed.data ? { kind: 'session', ...parsed.data } : { kind: 'call', ...parsed.data }
}

/** The session that a request names, whether or not it proves anything (MCP-4 needs no MAC). */
export function sessionNamed(request: RpcRequest): string | null {
  const call = metaOf(request)[CALL_META]
  return isJsonObject(call) && typeof call.session === 'string' ? call.session : null
}

/** @returns null when the parameters do not hold a presentation */
export function readPresentation(request: RpcRequest): string | null {
  const parsed = openParamsSchema.safeParse(request.params)
  return parsed.success ? parsed.data.presentation : null
}

/** The request as the server is to see it: without our member, else byte for byte (MCP-2). */
export function lineForServer(request: RpcRequest): string {
  const meta = metaOf(request)
  if (!Object.hasOwn(meta, CALL_META)) return request.line
  const isAlone = Object.keys(meta).length === 1
  return cutMember(request.line, isAlone ? ['params', '_meta'] : ['params', '_meta', CALL_META])
}

/** With values in place of pseudonyms (LBL-11), where there are any. @param asked as the client gave them */
export function lineWithArguments(line: string, asked: JsonObject, given: JsonObject): string {
  return given === asked ? line : replaceMember(line, ['params', 'arguments'], JSON.stringify(given))
}

/** Under revision 2026-07-28 every request repeats these members; ours must too. */
export function protocolMeta(request: RpcRequest): JsonObject | null {
  const meta = metaOf(request)
  if (!Object.hasOwn(meta, VERSION_META)) return null
  return Object.fromEntries(Object.entries(meta).filter(([name]) => name.startsWith(PROTOCOL_META)))
}

function metaOf(request: RpcRequest): JsonObject {
  return isJsonObject(request.params._meta) ? request.params._meta : {}
}

export function rpcRequest(id: RpcId, method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

export function rpcNotice(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}

export function rpcResult(request: RpcRequest, result: JsonObject): string {
  // Requests say their revision since results say whether they are complete (2026-07-28).
  const isTyped = Object.hasOwn(metaOf(request), VERSION_META)
  const typed = isTyped ? { resultType: 'complete', ...result } : result
  return JSON.stringify({ jsonrpc: '2.0', id: request.id, result: typed })
}

export function rpcError(id: RpcId | null, code: number, message: string, data?: JsonValue): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code, message, ...(data === undefined ? {} : { data }) },
  })
}

/** A denied tool call, as a tool's own error, so that the model reads the reason. */
export function deniedResult(
  request: RpcRequest,
  { action, reasons, underWay, why = [] }: Extract<CallOutcome<unknown>, { decision: 'deny' }>,
): string {
  const lines = [...reasons.map(explain), ...why, ...(underWay ? [TEXT_UNDER_WAY] : [])]
  return rpcResult(request, {
    isError: true,
    content: [{ type: 'text', text: lines.join('\n') }],
    _meta: { [DECISION_META]: { action, decision: 'deny', reasons } },
  })
}

/** A denied request of another kind, or a denied session. */
export function deniedError(
  id: RpcId | null,
  reasons: readonly Reason[],
  action?: string,
  code = RPC_DENIED,
  why: readonly string[] = [],
): string {
  const data = action === undefined ? { reasons } : { reasons, action }
  return rpcError(id, code, [...reasons.map(explain), ...why].join('\n'), data)
}

/** Whether the server says that it stopped as it was told, and did not do it. */
export function hasStopped({ body }: RpcResponse): boolean {
  return isJsonObject(body.error) && body.error.code === RPC_CANCELLED
}

/** Whether the answer to a tool call is an error, of the protocol or of the tool. */
export function hasFailed({ body }: RpcResponse): boolean {
  return !isJsonObject(body.result) || body.result.isError === true
}
