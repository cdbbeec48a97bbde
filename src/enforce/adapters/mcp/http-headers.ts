/**
 * What headers of an MCP request over HTTP say of its body, and whether the body says the same: who routes or filters by
 * a header must not be told one thing and the tool server another. spec/gateway.md (GWH-4).
 * @module
 */
import { fromUtf8 } from '../../../core/encoding.ts'
import { CoreError } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'
import { foldCase } from '../../../core/fold.ts'
import type { Frame, RpcRequest } from './frames.ts'
import { RPC_INVALID_PARAMS, VERSION_META } from './messages.ts'

/** The code that the revision 2026-07-28 gives to a header that differs from the body. */
export const RPC_HEADER_MISMATCH = -32020
/** What it gives to a request for which the client would need a capability, or which is of a revision that is not served. */
export const RPC_CAPABILITY_MISSING = -32021
export const RPC_VERSION_UNSUPPORTED = -32022
/** From this revision on there are no sessions, and headers repeat what the body says. */
const SESSIONLESS_FROM = '2026-07-28'
const REVISION = /^\d{4}-\d{2}-\d{2}$/

/** Which parameter the header `mcp-name` repeats. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

/** By name, in small letters; of one that came twice, an array or a joined text. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

function isSessionless(revision: unknown): boolean {
  return typeof revision === 'string' && REVISION.test(revision) && revision >= SESSIONLESS_FROM
}

/**
 * Whether the message is of a revision without sessions, by its body or by its header. A body that states what is no
 * revision at all is of a client of those, and for the tool server to refuse.
 */
export function sessionlessOf(headers: Headers, frame: Frame): boolean {
  const stated = frame.kind === 'request' ? versionIn(frame) : undefined
  if (typeof stated === 'string' && !REVISION.test(stated)) return true
  return isSessionless(stated ?? headers['mcp-protocol-version'])
}

export interface HeaderFault {
  readonly code: typeof RPC_HEADER_MISMATCH | typeof RPC_INVALID_PARAMS
  readonly text: string
}

/** @returns what does not fit, or null */
export function headerFault(headers: Headers, frame: Frame): HeaderFault | null {
  if (frame.kind !== 'request') return null
  const isNew = sessionlessOf(headers, frame)
  if (versionIn(frame) === undefined && isNew)
    return { code: RPC_INVALID_PARAMS, text: `_meta does not state ${VERSION_META}` }
  const text = mismatch(headers, frame, isNew)
  return text === null ? null : { code: RPC_HEADER_MISMATCH, text }
}

function mismatch(headers: Headers, frame: RpcRequest, isNew: boolean): string | null {
  const version = versionIn(frame)
  const header = headers['mcp-protocol-version']
  if (version !== undefined && header !== version && (isNew || header !== undefined))
    return 'mcp-protocol-version is not that of the body'
  const method = headers['mcp-method']
  if (method === undefined ? isNew : method !== frame.method) return 'mcp-method is not that of the body'
  return nameFault(headers, frame, isNew)
}

function nameFault(headers: Headers, { method, params }: RpcRequest, isNew: boolean): string | null {
  const field = NAMED_BY.get(method)
  if (field === undefined) return null
  // A reader that ignores case would be told another name than the header tells.
  if (Object.keys(params).some((name) => name !== field && foldCase(name) === foldCase(field)))
    return `a parameter differs from ${field} by case alone`
  const name = params[field]
  const header = headers['mcp-name']
  if (header === undefined) return isNew && typeof name === 'string' ? 'mcp-name is missing' : null
  return typeof header === 'string' && decoded(header) === name ? null : 'mcp-name is not that of the body'
}

function versionIn({ params }: RpcRequest): unknown {
  return isJsonObject(params._meta) ? params._meta[VERSION_META] : undefined
}

/** Text that no header can hold comes as `=?base64?…?=`. @returns null for what is none */
function decoded(value: string): string | null {
  const found = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(value)
  if (found === null) return value
  const bytes = Uint8Array.from(atobOr(found[1] ?? ''), (char) => char.charCodeAt(0))
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (error instanceof CoreError) return null
    throw error
  }
}

function atobOr(text: string): string {
  try {
    return atob(text)
  } catch {
    return '\u0000'
  }
}
