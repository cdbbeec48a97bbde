/**
 * MCP over Streamable HTTP, as clients of the gateway meet it: on Node's own server, without a framework, since every
 * call passes here. spec/gateway.md (GWH-1 to GWH-9).
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  FRAME_BYTES_MAX,
  readFrame,
  RPC_INVALID_REQUEST,
  type Frame,
} from '../../src/enforce/adapters/mcp/frames.ts'
import { headerFault, sessionlessOf } from '../../src/enforce/adapters/mcp/http-headers.ts'
import { rpcError } from '../../src/enforce/adapters/mcp/messages.ts'
import type { Access, AccessQuestion, Caller } from './access.ts'
import type { ServerConfig } from './config.ts'
import { GatewayError } from './errors.ts'
import { onOneLine } from './http-body.ts'
import { allowOrigin, bodyOf, passedOf, preflight, refuse, RPC_REFUSED } from './http-request.ts'
import { answerJson } from './http-exchange.ts'
import { Full, isStranger, type Sessions } from './http-sessions.ts'

const CONNECTIONS_MAX = 4096
/** How long the whole of a request may take to come, and its headers. */
const REQUEST_MS = 30_000
const HEADERS_MS = 10_000
const KEEP_ALIVE_MS = 65_000
const CHECK_EVERY_MS = 5000
/** Large messages that are held for strangers: 256 MiB. */
const STRANGERS_LARGE_MAX = 64

const PATH = /^\/servers\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/mcp$/
const METADATA_PREFIX = '/.well-known/oauth-protected-resource'

export interface FrontOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** What clients call it; undefined: where it listens. */
  readonly public_url: string | undefined
  readonly origins: () => readonly string[]
  readonly servers: () => ReadonlyMap<string, ServerConfig>
  readonly access: Access
  readonly sessions: Sessions
  /** The issuer of access tokens; null: none are taken. */
  readonly issuer: string | null
  readonly onFault: (error: unknown) => void
}

export interface Front {
  /** What clients call it, without a path. */
  readonly url: string
  close(): Promise<void>
}

/** @throws {GatewayError} `LISTEN_FAILED` */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { host, port } = options.listen
  const server = createServer({ connectionsCheckingInterval: CHECK_EVERY_MS })
  server.requestTimeout = REQUEST_MS
  server.headersTimeout = HEADERS_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `cannot listen at ${host}:${port} (${cause.code ?? 'unknown'}): choose another "listen"`
      reject(new GatewayError('LISTEN_FAILED', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
  server.on('error', options.onFault)
  const front = new HttpFront(options, server)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    front.handle(request, response).catch((error: unknown) => {
      options.onFault(error)
      refuse(response, 500, 'the gateway failed')
    })
  })
  return {
    url: front.url,
    close: async () => {
      options.sessions.closeAll()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

class HttpFront {
  readonly url: string
  readonly #o: FrontOptions
  readonly #hosts: ReadonlySet<string>
  /** Bodies of strangers over what is read unasked. */
  #large = 0

  constructor(options: FrontOptions, server: Server) {
    this.#o = options
    const { port, address, family } = server.address() as AddressInfo
    const bound = `${family === 'IPv6' ? `[${address}]` : address}:${port}`
    this.url = options.public_url ?? `http://${bound}`
    const named = options.listen.host.includes(':') ? `[${options.listen.host}]` : options.listen.host
    this.#hosts = new Set([bound, `${named}:${port}`, `localhost:${port}`, new URL(this.url).host])
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers
    // A page whose name was bound to this address says its own name (DNS rebinding).
    if (!this.#hosts.has(request.headers.host ?? ''))
      return refuse(response, 403, 'this is not the host of the gateway')
    if (origin !== undefined && !this.#isAllowed(origin))
      return refuse(response, 403, 'pages of that origin may not call the gateway')
    if (origin !== undefined) allowOrigin(response, origin)
    const path = (request.url ?? '').replace(/[?#].*$/, '')
    if (path.startsWith(METADATA_PREFIX))
      return this.#metadata(request, response, path.slice(METADATA_PREFIX.length))
    const name = PATH.exec(path)?.[1]
    const server = name === undefined ? undefined : this.#o.servers().get(name)
    if (server === undefined) return refuse(response, 404, 'no server of that name: /servers/NAME/mcp')
    if (request.method === 'OPTIONS' && origin !== undefined) return preflight(response)
    if (request.method === 'POST') return this.#post(request, response, server)
    if (request.method === 'GET') return this.#get(request, response, server)
    if (request.method === 'DELETE') return this.#delete(request, response, server)
    refuse(response, 405, 'POST, GET or DELETE', { allow: 'POST, GET, DELETE' })
  }

  #isAllowed(origin: string): boolean {
    return origin === new URL(this.url).origin || this.#o.origins().includes(origin)
  }

  #question(request: IncomingMessage, { name, access }: ServerConfig): AccessQuestion {
    const path = `/servers/${name}/mcp`
    return {
      server: name,
      access,
      url: this.url + path,
      metadata: this.url + METADATA_PREFIX + path,
      request,
    }
  }

  /** RFC 9728. */
  #metadata(request: IncomingMessage, response: ServerResponse, path: string): void {
    const server = this.#o.servers().get(PATH.exec(path)?.[1] ?? '')
    if (server === undefined || this.#o.issuer === null || server.access !== 'oauth')
      return refuse(response, 404, 'no such resource')
    if (request.method !== 'GET') return refuse(response, 405, 'GET', { allow: 'GET' })
    const metadata = {
      resource: this.url + path,
      authorization_servers: [this.#o.issuer],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519'],
      resource_name: server.name,
    }
    answerJson(response, 200, JSON.stringify(metadata))
  }

  /** @returns null: it was answered */
  async #caller(question: AccessQuestion, response: ServerResponse): Promise<Caller | null> {
    const caller = await this.#o.access.authorize(question)
    if (!('status' in caller)) return caller
    refuse(response, caller.status, caller.text, caller.headers)
    return null
  }

  async #post(request: IncomingMessage, response: ServerResponse, server: ServerConfig): Promise<void> {
    const { headers } = request
    if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      return refuse(response, 415, 'the body is application/json')
    const accept = headers.accept ?? ''
    if (
      !accept.includes('*/*') &&
      !(accept.includes('application/json') && accept.includes('text/event-stream'))
    )
      return refuse(response, 406, 'accept application/json and text/event-stream')
    const question = this.#question(request, server)
    // The body is read meanwhile: a client that waits for its answer is not to wait twice.
    const asked = this.#caller(question, response)
    const [caller, body] = await Promise.all([asked, bodyOf(request, () => this.#mayGoOn(asked, response))])
    if (caller === null || body === 'gone') return
    if (body === 'too_large') return refuse(response, 413, `a message is at most ${FRAME_BYTES_MAX} bytes`)
    if (body === 'refused')
      return refuse(response, 503, 'too many large messages of strangers', { 'retry-after': '5' })
    const frame = readFrame(onOneLine(body), true)
    if (frame.kind === 'invalid')
      return answerJson(response, 400, rpcError(frame.id, frame.code, frame.message))
    const fault = headerFault(headers, frame)
    if (fault !== null) return answerJson(response, 400, rpcError(idIn(frame), fault.code, fault.text))
    if (!this.#o.access.mayBeDenied(caller, frame)) {
      const { status, text, headers: said } = this.#o.access.ended(question)
      return refuse(response, status, text, said)
    }
    await this.#deliver(frame, request, response, server, caller)
  }

  /** A body is a large one: whether it is read to its end, and held (GWH-10). */
  async #mayGoOn(asked: Promise<Caller | null>, response: ServerResponse): Promise<boolean> {
    const caller = await asked
    if (caller === null || !isStranger(caller)) return caller !== null
    if (this.#large >= STRANGERS_LARGE_MAX || response.destroyed) return false
    this.#large++
    response.once('close', () => this.#large--)
    return true
  }

  async #deliver(
    frame: Exclude<Frame, { kind: 'invalid' }>,
    { headers }: IncomingMessage,
    response: ServerResponse,
    server: ServerConfig,
    caller: Caller,
  ): Promise<void> {
    const { sessions } = this.#o
    const id = headers['mcp-session-id']
    const isBeginning = frame.kind === 'request' && frame.method === 'initialize' && id === undefined
    const isSessionless = id === undefined && sessionlessOf(headers, frame)
    if (!isBeginning && !isSessionless && typeof id !== 'string')
      return answerJson(
        response,
        400,
        rpcError(idIn(frame), RPC_INVALID_REQUEST, 'Mcp-Session-Id is missing'),
      )
    const sharer = this.#o.access.inSession(caller, frame)
    // GWH-10: it could only be meant for somebody else's request.
    if (isSessionless && id === undefined && frame.kind !== 'request' && isStranger(sharer)) {
      response.writeHead(202).end()
      return
    }
    try {
      const session =
        typeof id === 'string'
          ? sessions.find(id, server.name, caller.identity)
          : isSessionless
            ? sessions.lane(server, sharer, frame.kind === 'request' ? frame : null)
            : sessions.begin(server, caller)
      if (session === null)
        return answerJson(response, 404, rpcError(idIn(frame), RPC_REFUSED, 'no such session: begin again'))
      if (frame.kind !== 'request') {
        await session.tell(frame, passedOf(headers))
        response.writeHead(202).end()
        return
      }
      const { credential } = caller
      session.ask(credential === undefined ? frame : { ...frame, credential }, response, passedOf(headers))
    } catch (error) {
      if (!(error instanceof Full)) throw error
      answerJson(response, 503, rpcError(idIn(frame), RPC_REFUSED, error.message), { 'retry-after': '5' })
    }
  }

  async #get(request: IncomingMessage, response: ServerResponse, server: ServerConfig): Promise<void> {
    const caller = await this.#caller(this.#question(request, server), response)
    if (caller === null) return
    if (!(request.headers.accept ?? '').includes('text/event-stream'))
      return refuse(response, 406, 'accept text/event-stream')
    const session = this.#named(request, response, server, caller)
    const last = request.headers['last-event-id']
    await session?.listen(response, typeof last === 'string' ? last : null)
  }

  async #delete(request: IncomingMessage, response: ServerResponse, server: ServerConfig): Promise<void> {
    const caller = await this.#caller(this.#question(request, server), response)
    if (caller === null) return
    const session = this.#named(request, response, server, caller)
    if (session === null) return
    session.close()
    response.writeHead(200, { 'content-length': '0' }).end()
  }

  #named(
    request: IncomingMessage,
    response: ServerResponse,
    server: ServerConfig,
    caller: Caller,
  ): ReturnType<Sessions['find']> {
    const id = request.headers['mcp-session-id']
    if (typeof id !== 'string') {
      refuse(response, 405, 'Mcp-Session-Id is missing: without a session there is POST alone', {
        allow: 'POST',
      })
      return null
    }
    const session = this.#o.sessions.find(id, server.name, caller.identity)
    if (session === null) refuse(response, 404, 'no such session: begin again')
    return session
  }
}

function idIn(frame: Frame): string | number | null {
  return frame.kind === 'request' ? frame.id : null
}
