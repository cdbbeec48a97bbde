/** Parts of an HTTP request of a client, and answers that hold no result. spec/gateway.md (GWH-2, GWH-3, GWH-6). @module */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FRAME_BYTES_MAX } from '../../src/enforce/adapters/mcp/frames.ts'
import { rpcError } from '../../src/enforce/adapters/mcp/messages.ts'
import { answerJson } from './http-exchange.ts'
import type { PassedHeaders } from './server-link.ts'

export const RPC_REFUSED = -32000

/** Headers of the protocol that go on to the tool server. `mcp-session-id` is each side's own. */
const PASSED = ['mcp-protocol-version', 'mcp-method', 'mcp-name'] as const
const PASSED_PREFIX = 'mcp-param-'

export function passedOf(headers: IncomingMessage['headers']): PassedHeaders {
  const passed: Record<string, string> = {}
  for (const name of PASSED) {
    const value = headers[name]
    if (typeof value === 'string') passed[name] = value
  }
  if (passed['mcp-method'] === undefined) return passed
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith(PASSED_PREFIX) && typeof value === 'string') passed[name] = value
  return passed
}

/** What is read of a body before it is known who sends it. */
const UNASKED_BYTES_MAX = 64 * 1024

/**
 * @param mayGoOn asked once when the body is a larger one; `refused`: it said no
 * @returns what is over a limit is dropped as it comes; `gone`: whoever sent it went away before its end
 */
export async function bodyOf(
  request: IncomingMessage,
  mayGoOn: () => Promise<boolean>,
): Promise<Uint8Array | 'too_large' | 'refused' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > FRAME_BYTES_MAX) return 'too_large'
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = []
    let total = 0
    let asked = false
    let isDropped = false
    request.on('data', (part: Buffer) => {
      if (isDropped) return
      total += part.length
      if (total > FRAME_BYTES_MAX) {
        request.pause()
        resolve('too_large')
        return
      }
      parts.push(part)
      if (asked || total <= UNASKED_BYTES_MAX) return
      asked = true
      request.pause()
      mayGoOn().then((may) => {
        if (!may) {
          isDropped = true
          parts = []
          resolve('refused')
        }
        request.resume()
      }, reject)
    })
    request.on('end', () =>
      resolve(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts)),
    )
    // Anybody may begin a body and go away: no fault of ours.
    request.on('error', () => resolve('gone'))
    request.on('close', () => resolve('gone'))
  })
}

export function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // What is left of the body is not read.
  const closes = status === 413 ? { connection: 'close' } : {}
  answerJson(response, status, rpcError(null, RPC_REFUSED, text), { ...headers, ...closes })
}

export function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate, dpop-nonce')
  response.setHeader('vary', 'origin')
}

export function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'POST, GET, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, dpop, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, countersign-proof, countersign-salt',
    'access-control-max-age': '600',
  })
  response.end()
}
