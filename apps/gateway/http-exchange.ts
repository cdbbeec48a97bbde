/** A request of a client that has no answer yet, and an answer that is one JSON text. @module */
import type { ServerResponse } from 'node:http'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import type { RpcRequest } from '../../src/enforce/adapters/mcp/frames.ts'
import type { EventSink, EventStream } from '../../src/enforce/adapters/mcp/http-events.ts'
import {
  RPC_CAPABILITY_MISSING,
  RPC_HEADER_MISMATCH,
  RPC_VERSION_UNSUPPORTED,
} from '../../src/enforce/adapters/mcp/http-headers.ts'
import { RPC_METHOD_NOT_FOUND } from '../../src/enforce/adapters/mcp/messages.ts'
import { keyOf } from '../../src/enforce/adapters/mcp/upstream.ts'
import type { PassedHeaders } from './server-link.ts'

export interface Exchange {
  readonly key: string
  readonly request: RpcRequest
  readonly response: ServerResponse
  readonly passed: PassedHeaders
  readonly since: number
  stream: EventStream | null
  sink: EventSink | null
  /** Of the server's answer, when it came as the whole of one. */
  status: number
  /** What it is told when it is withdrawn; null: nothing. */
  withdrawn: string | null
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(body)
}

/** Errors that say so by their status, in revisions without sessions. */
const STATUS_OF: ReadonlyMap<unknown, number> = new Map([
  [RPC_METHOD_NOT_FOUND, 404],
  [RPC_HEADER_MISMATCH, 400],
  [RPC_CAPABILITY_MISSING, 400],
  [RPC_VERSION_UNSUPPORTED, 400],
])
/** Longer answers are results. */
const ERROR_CHARS_MAX = 65_536

/** @param session null: there are none */
export function statusOf({ status }: Exchange, line: string, session: string | null): number {
  if (session !== null || status !== 200 || line.length > ERROR_CHARS_MAX || !line.includes('"error"'))
    return status
  const body = parseJson(line)
  return isJsonObject(body) && isJsonObject(body.error) ? (STATUS_OF.get(body.error.code) ?? status) : status
}

/** The request that wants to hear how far it is under that token. */
export function ofProgress(exchanges: Iterable<Exchange>, token: string): Exchange | null {
  for (const exchange of exchanges) {
    const meta = exchange.request.params._meta
    if (isJsonObject(meta) && meta.progressToken !== undefined && keyOf(meta.progressToken) === token)
      return exchange
  }
  return null
}

/** @param since monotonic milliseconds */
export function newExchange(
  request: RpcRequest,
  response: ServerResponse,
  passed: PassedHeaders,
  since: number,
): Exchange {
  const none = { stream: null, sink: null, status: 200, withdrawn: null }
  return { key: keyOf(request.id), request, response, passed, since, ...none }
}
