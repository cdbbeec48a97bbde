/**
 * Envoy's `ext_authz` over HTTP: a proxy asks about each request and lets it pass on 200. spec/sdk.md (SDK-13).
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CountersignError } from '../../src/core/errors.ts'
import {
  BODY_BYTES_MAX,
  parseBody,
  parseTool,
  routeIn,
  type RouteCall,
} from '../../src/enforce/adapters/http/arguments.ts'
import { hasBody, isJson } from '../../src/enforce/adapters/http/body.ts'
import { HttpDoor, type Asked, type DoorOptions } from '../../src/enforce/adapters/http/door.ts'
import type { Served } from '../../src/enforce/served.ts'

/** The proxy is one of ours and keeps its connections; still nobody holds one open with half a request. */
const REQUEST_MS_MAX = 10_000
const CONNECTIONS_MAX = 1024
const ROUTES_MAX = 4096
/** A chain with its proof stands in headers, 64 KiB at most (TOKEN_TOO_LARGE), and a proxy adds its own. */
const HEADER_BYTES_MAX = 128 * 1024

export type ExtAuthzErrorCode = 'LISTEN_FAILED' | 'ROUTES_INVALID'

export class ExtAuthzError extends CountersignError<ExtAuthzErrorCode> {}

export interface ExtAuthzOptions extends DoorOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** `METHOD /path/:parameter`; the first that matches takes the request. */
  readonly routes: readonly string[]
  /** In front of every path, where Envoy is told one (`path_prefix`). */
  readonly prefix?: string
  readonly onFault: (error: unknown) => void
}

export interface ExtAuthz {
  readonly url: string
  close(): Promise<void>
}

/** @throws {ExtAuthzError}; {SdkError} `ROUTE_INVALID`. The point stays its owner's to close. */
export async function listenForChecks(served: Served, options: ExtAuthzOptions): Promise<ExtAuthz> {
  if (options.routes.length === 0 || options.routes.length > ROUTES_MAX)
    throw new ExtAuthzError('ROUTES_INVALID', `list 1 to ${ROUTES_MAX} routes`)
  const routes = options.routes.map(parseTool)
  const door = new HttpDoor(served, options)
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    check(request, response, door, routes, options.prefix ?? '').catch((error: unknown) => {
      options.onFault(error)
      response.writeHead(403).end() // whatever goes wrong in here is a denial
    })
  })
  server.requestTimeout = REQUEST_MS_MAX
  server.maxConnections = CONNECTIONS_MAX
  const { host, port } = options
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = `cannot listen at ${host}:${port} (${cause.code ?? 'unknown'})`
      reject(new ExtAuthzError('LISTEN_FAILED', `${why}: choose another --listen`, { cause }))
    })
    server.listen(port, host, resolve)
  })
  server.on('error', options.onFault)
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function check(
  request: IncomingMessage,
  response: ServerResponse,
  door: HttpDoor,
  routes: readonly RouteCall[],
  prefix: string,
): Promise<void> {
  const answer = await door.ask(await askedOf(request, routes, prefix))
  if (answer.decision === 'allow') {
    answer.end('unknown') // the service is not seen from here
    response.writeHead(200, answer.headers).end()
    return
  }
  const { status, headers, body } = answer
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function askedOf(
  request: IncomingMessage,
  routes: readonly RouteCall[],
  prefix: string,
): Promise<Asked> {
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  const { method = '', url = '' } = request
  const [, path = '', query = ''] =
    /^([^?#]*)(\?[^#]*)?$/.exec(url.startsWith(prefix) ? url.slice(prefix.length) : '') ?? []
  const body = hasBody(header) ? jsonIn(await bytesOf(request)) : undefined
  const found = path.startsWith('/') ? routeIn(routes, method, path) : null
  return {
    method,
    path,
    query: new URLSearchParams(query),
    header,
    body: isJson(header) ? body : undefined,
    ...(found ?? { route: null, params: {} }),
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > BODY_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function jsonIn(bytes: Buffer | null): unknown {
  try {
    return bytes === null ? undefined : parseBody(bytes)
  } catch {
    return undefined
  }
}
