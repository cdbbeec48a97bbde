/**
 * A tool server at an HTTP address (MCP Streamable HTTP), over connections that are kept. spec/gateway.md (GWH-6).
 * What the gateway was given to authenticate itself goes there and nowhere else; what the client sent of that kind does
 * not.
 * @module
 */
import { createParser } from 'eventsource-parser'
import { Pool, type Dispatcher } from 'undici'
import {
  FRAME_BYTES_MAX,
  readFrame,
  RPC_INVALID_REQUEST,
  type Frame,
  type RpcId,
} from '../../src/enforce/adapters/mcp/frames.ts'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import { keyOf } from '../../src/enforce/adapters/mcp/upstream.ts'
import { bodyOf, onOneLine } from './http-body.ts'
import type { LinkEvents, PassedHeaders, ServerLink } from './server-link.ts'

/** Connections to one server. */
const CONNECTIONS_MAX = 64
const CONNECT_MS = 10_000
/** How long a stream that was cut is waited for before it is asked for again, unless the server says. */
const RETRY_MS = 1000
const RETRY_MS_MAX = 30_000
const RETRIES_MAX = 8
const END_MS = 2000

const LINE_FEED = 0x0a

/** One for each server: its sessions share connections. */
export class HttpServer {
  readonly pool: Pool
  readonly path: string
  readonly headers: Readonly<Record<string, string>>

  constructor(url: string, headers: Readonly<Record<string, string>>, answer_ms: number) {
    const { origin, pathname, search } = new URL(url)
    this.path = pathname + search
    this.headers = headers
    this.pool = new Pool(origin, {
      connections: CONNECTIONS_MAX,
      headersTimeout: answer_ms,
      bodyTimeout: 0, // a stream may say nothing for long; the session's own limit ends it
      connect: { timeout: CONNECT_MS },
    })
  }

  close(): void {
    void this.pool.close().catch(() => undefined)
  }
}

export class HttpLink implements ServerLink {
  readonly #server: HttpServer
  readonly #events: LinkEvents
  readonly #passed: (key: string | undefined) => PassedHeaders
  readonly #stop = new AbortController()
  readonly #requests = new Map<string, AbortController>()
  #session: string | null = null
  #revision: string | null = null
  #sending: Promise<void> = Promise.resolve()
  #hasEnded = false
  #room: Promise<void> | null = null
  #makeRoom: () => void = () => undefined

  /** @param passed headers of the client's request that go on with it */
  constructor(server: HttpServer, events: LinkEvents, passed: (key: string | undefined) => PassedHeaders) {
    this.#server = server
    this.#events = events
    this.#passed = passed
  }

  send(line: string, key?: string): void {
    if (this.#hasEnded) return
    if (key !== undefined) {
      void this.#ask(line, key)
      return
    }
    const sent = this.#post(line, undefined, this.#stop.signal)
      .then(async (response) => {
        await response.body.dump({ limit: FRAME_BYTES_MAX })
        if (response.statusCode === 404 && this.#session !== null) this.#end()
      })
      .catch(() => undefined)
    this.#sending = Promise.all([this.#sending, sent]).then(() => undefined)
  }

  settled(): Promise<void> {
    return this.#sending
  }

  pause(): void {
    this.#room ??= new Promise((resolve) => (this.#makeRoom = resolve))
  }

  resume(): void {
    this.#room = null
    this.#makeRoom()
  }

  abandon(key: string): void {
    this.#requests.get(key)?.abort()
  }

  close(): void {
    if (this.#session !== null && !this.#hasEnded) {
      const { pool, path } = this.#server
      void pool
        .request({ method: 'DELETE', path, headers: this.#headers(), signal: AbortSignal.timeout(END_MS) })
        .then(({ body }) => body.dump())
        .catch(() => undefined)
    }
    this.#hasEnded = true
    this.#stop.abort()
    this.resume()
  }

  async listen(): Promise<number> {
    try {
      const response = await this.#get(null)
      if (response.statusCode !== 200) {
        await response.body.dump()
        return response.statusCode === 405 ? 405 : 502
      }
      void this.#stream(response, null).catch(() => undefined)
      return 200
    } catch {
      return 502
    }
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stop.abort()
    this.#events.ended()
  }

  async #ask(line: string, key: string): Promise<void> {
    const abort = new AbortController()
    const onStop = (): void => abort.abort()
    this.#stop.signal.addEventListener('abort', onStop)
    this.#requests.set(key, abort)
    try {
      await this.#answered(await this.#post(line, key, abort.signal), key)
    } catch {
      this.#lost(key, 'the tool server did not answer')
    } finally {
      this.#requests.delete(key)
      this.#stop.signal.removeEventListener('abort', onStop)
    }
  }

  async #answered(response: Dispatcher.ResponseData, key: string): Promise<void> {
    const { statusCode, headers } = response
    const session = headers['mcp-session-id']
    if (typeof session === 'string' && statusCode < 300) this.#session = session
    if (statusCode === 404 && this.#session !== null) {
      await response.body.dump()
      this.#end()
      return
    }
    const type = String(headers['content-type'] ?? '').split(';', 1)[0]
    if (type === 'text/event-stream' && statusCode === 200) {
      if (!(await this.#stream(response, key))) this.#lost(key, 'the tool server broke off its answer')
      return
    }
    const bytes = await bodyOf(response)
    const frame = type === 'application/json' ? readFrame(onOneLine(bytes)) : null
    if (frame?.kind === 'response' && keyOf(frame.id) === key) this.#events.frame(frame, key, statusCode)
    else if (frame?.kind === 'response' && frame.id === null) this.#refused(frame, key, statusCode)
    else this.#lost(key, `the tool server answered with status ${statusCode}`)
  }

  /** An error that names no request, in answer to one: it is the one's. */
  #refused(frame: Frame & { kind: 'response' }, key: string, status: number): void {
    const body = { ...frame.body, id: idOf(key) }
    this.#events.frame({ ...frame, id: idOf(key), body, line: JSON.stringify(body) }, key, status)
  }

  /** What the server did of it is not known. */
  #lost(key: string, message: string): void {
    const id = idOf(key)
    this.#events.frame({ kind: 'invalid', code: RPC_INVALID_REQUEST, message, id, too_large: false }, key)
  }

  /**
   * Reads a stream to its end, and asks for the rest where the server lets one.
   * @returns whether the answer to the request came
   */
  async #stream(first: Dispatcher.ResponseData, key: string | null): Promise<boolean> {
    let last: string | null = null
    let retry_ms = RETRY_MS
    let isAnswered = false
    const parser = createParser({
      onEvent: ({ data, id }) => {
        if (id !== undefined) last = id
        if (data === '') {
          if (key !== null) this.#events.stream(key, 'primed', retry_ms)
          return
        }
        const frame = readFrame(onOneLine(Buffer.from(data)))
        if (frame.kind === 'response' && keyOf(frame.id) === key) isAnswered = true
        this.#events.frame(frame, key)
      },
      onRetry: (ms) => (retry_ms = Math.min(ms, RETRY_MS_MAX)),
    })
    let response = first
    for (let tries = 0; ; tries++) {
      try {
        await this.#pump(response, parser)
      } catch {
        if (this.#stop.signal.aborted) return false
      }
      if (isAnswered || last === null || tries >= RETRIES_MAX || this.#stop.signal.aborted) return isAnswered
      if (key !== null) this.#events.stream(key, 'cut', retry_ms)
      await pause(retry_ms, this.#stop.signal)
      parser.reset()
      response = await this.#get(last)
      if (response.statusCode !== 200) {
        await response.body.dump()
        return isAnswered
      }
    }
  }

  async #pump({ body }: Dispatcher.ResponseData, parser: { feed(chunk: string): void }): Promise<void> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let since = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      // An event that does not end is not to fill the memory.
      const at = chunk.lastIndexOf(LINE_FEED)
      since = at < 0 ? since + chunk.length : chunk.length - at
      if (since > FRAME_BYTES_MAX) throw new RangeError('an event over the limit')
      parser.feed(decoder.decode(chunk, { stream: true }))
      if (this.#room !== null) await this.#room
    }
  }

  #get(lastEventId: string | null): Promise<Dispatcher.ResponseData> {
    const { pool, path } = this.#server
    const resume = lastEventId === null ? {} : { 'last-event-id': lastEventId }
    const headers = { ...this.#headers(), accept: 'text/event-stream', ...resume }
    return pool.request({ method: 'GET', path, headers, signal: this.#stop.signal })
  }

  #post(line: string, key: string | undefined, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { pool, path } = this.#server
    const passed = this.#passed(key)
    const isOwn = key !== undefined && Object.keys(passed).length === 0
    this.#revision = passed['mcp-protocol-version'] ?? this.#revision
    const headers = {
      ...this.#headers(),
      ...passed,
      ...(isOwn ? this.#ownHeaders(line) : {}),
      ...this.#server.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    return pool.request({ method: 'POST', path, headers, body: line, signal })
  }

  /** Of a request of ours: what its client's would say. */
  #ownHeaders(line: string): Record<string, string> {
    const body = parseJson(line, { bytes_max: FRAME_BYTES_MAX, depth_max: 64 })
    const params = isJsonObject(body) && isJsonObject(body.params) ? body.params : {}
    const meta = isJsonObject(params._meta) ? params._meta : {}
    const revision = meta['io.modelcontextprotocol/protocolVersion']
    if (typeof revision !== 'string' || !isJsonObject(body) || typeof body.method !== 'string') return {}
    return { 'mcp-protocol-version': revision, 'mcp-method': body.method }
  }

  #headers(): Record<string, string> {
    return {
      ...this.#server.headers,
      ...(this.#session === null ? {} : { 'mcp-session-id': this.#session }),
      ...(this.#revision === null ? {} : { 'mcp-protocol-version': this.#revision }),
    }
  }
}

function idOf(key: string): RpcId {
  return JSON.parse(key) as RpcId
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
