/**
 * One MCP client over HTTP and the tool server that it talks to: the proxy's messages go to the responses that they
 * belong to. spec/gateway.md (GWH-5 to GWH-9).
 * @module
 */
import type { ServerResponse } from 'node:http'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { isJsonObject } from '../../src/core/json.ts'
import type { Frame, RpcRequest } from '../../src/enforce/adapters/mcp/frames.ts'
import { EventMemory, type EventSink, type EventStream } from '../../src/enforce/adapters/mcp/http-events.ts'
import { RPC_BUSY, rpcError, rpcNotice } from '../../src/enforce/adapters/mcp/messages.ts'
import type { McpProxyOptions } from '../../src/enforce/adapters/mcp/proxy-options.ts'
import { McpProxy } from '../../src/enforce/adapters/mcp/proxy.ts'
import { keyOf } from '../../src/enforce/adapters/mcp/upstream.ts'
import type { Point } from '../../src/enforce/types.ts'
import { answerJson, newExchange, ofProgress, statusOf, type Exchange } from './http-exchange.ts'
import type { LinkEvents, PassedHeaders, ServerLink } from './server-link.ts'

/** A request without an answer after this gets a stream, so that nobody between takes the connection for dead. */
const QUIET_MS = 15_000
const RPC_TIMED_OUT = -32004
const SUBSCRIPTION_META = 'io.modelcontextprotocol/subscriptionId'

export interface SessionOptions extends Pick<McpProxyOptions, 'releases'> {
  readonly point: Point
  readonly server: string
  /** Whether a call that proves nothing itself may be under a delegation that the point holds. */
  readonly hosted: boolean
  /** `Mcp-Session-Id`; null: of a revision without sessions. */
  readonly id: string | null
  readonly answer_ms: number
  readonly link: (events: LinkEvents, passed: (key: string | undefined) => PassedHeaders) => ServerLink
  readonly monotonic: () => number
  readonly log: (text: string) => void
  /** The tool server is gone, or the session was closed. */
  readonly onEnd: () => void
}

export class HttpSession {
  readonly #o: SessionOptions
  readonly #proxy: McpProxy
  readonly #link: ServerLink
  readonly #exchanges = new Map<string, Exchange>()
  readonly #memory = new EventMemory()
  /** What belongs to no request. */
  readonly #own: EventStream
  /** Whose message is being handled, when that is known. */
  #current: Exchange | null = null
  /** With what is no request. */
  #told: PassedHeaders = {}
  #holds = 0
  #hasEnded = false
  #isClosing = false
  /** Monotonic. */
  used: number

  constructor(options: SessionOptions) {
    this.#o = options
    this.used = options.monotonic()
    this.#own = this.#memory.stream()
    this.#link = options.link(
      {
        frame: (frame, key, status) => this.#fromServer(frame, key, status),
        stream: (key, what, retry_ms) => this.#streamed(key, what, retry_ms),
        ended: () => this.#serverEnded(),
      },
      (key) => (key === undefined ? this.#told : this.#exchanges.get(key)?.passed) ?? {},
    )
    const { point, server, hosted, releases } = options
    const own = { point, server, hosted, ...(releases === undefined ? {} : { releases }) }
    this.#proxy = new McpProxy({
      crypto: nodeCrypto,
      ...own,
      shared: options.id === null,
      toClient: (line, about) => this.#toClient(line, about),
      onAnswer: (key, line) => this.#answer(key, line),
      toServer: (line, key) => this.#link.send(line, key),
      endServer: () => this.close(),
      log: options.log,
    })
  }

  get load(): number {
    return this.#exchanges.size
  }

  get isIdle(): boolean {
    return this.#exchanges.size === 0 && !this.#own.isOpen
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether a request of that identifier is in flight. */
  has(request: RpcRequest): boolean {
    return this.#exchanges.has(keyOf(request.id))
  }

  /** A request: answered when the proxy has the answer. */
  ask(request: RpcRequest, response: ServerResponse, passed: PassedHeaders): void {
    this.used = this.#o.monotonic()
    const key = keyOf(request.id)
    if (this.#exchanges.has(key)) {
      const text = 'the identifier is in use: number requests without repeats'
      answerJson(response, 400, rpcError(request.id, RPC_BUSY, text))
      return
    }
    const exchange = newExchange(request, response, passed, this.used)
    this.#exchanges.set(key, exchange)
    response.on('close', () => this.#left(exchange))
    this.#within(exchange, () => this.#proxy.fromClient(request))
  }

  /** What is no request. Resolves when the tool server has it. */
  async tell(frame: Frame, passed: PassedHeaders): Promise<void> {
    this.used = this.#o.monotonic()
    this.#told = passed
    this.#proxy.fromClient(frame)
    await this.#link.settled()
  }

  /** The stream of what belongs to no request, or one that was cut off. */
  async listen(response: ServerResponse, lastEventId: string | null): Promise<void> {
    this.used = this.#o.monotonic()
    if (lastEventId === null) {
      const status = await this.#link.listen()
      if (status !== 200) {
        answerJson(response, status, rpcError(null, RPC_BUSY, 'the tool server offers no such stream'))
        return
      }
      this.#attach(this.#own, response, [])
      return
    }
    const found = this.#memory.after(lastEventId)
    if (found === null) answerJson(response, 400, rpcError(null, RPC_BUSY, 'that event is no longer kept'))
    else this.#attach(found.stream, response, found.missed)
  }

  /** Once in a while: what has waited for long is told so, or given up. */
  tick(): void {
    const now = this.#o.monotonic()
    for (const exchange of this.#exchanges.values()) {
      const waited = now - exchange.since
      if (waited >= this.#o.answer_ms) this.#giveUp(exchange)
      else if (waited >= QUIET_MS) this.#streamOf(exchange)
      exchange.stream?.wait()
    }
  }

  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#link.close()
    this.#serverEnded()
  }

  #serverEnded(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#proxy.serverEnded()
    this.#own.end()
    this.#o.onEnd()
    this.#link.close()
  }

  #giveUp(exchange: Exchange): void {
    if (exchange.withdrawn !== null) return
    const { id } = exchange.request
    exchange.withdrawn = rpcError(id, RPC_TIMED_OUT, `no answer in ${this.#o.answer_ms} ms`)
    this.#cancel(exchange, 'timed out')
  }

  #cancel({ request, key }: Exchange, reason: string): void {
    const params = { requestId: request.id, reason }
    const method = 'notifications/cancelled'
    const line = rpcNotice(method, params)
    this.#proxy.fromClient({
      kind: 'notification',
      method,
      params,
      line,
      body: { jsonrpc: '2.0', method, params },
    })
    this.#link.abandon(key)
  }

  /** The client went away before it had its answer. Without sessions it cannot come back for it. */
  #left(exchange: Exchange): void {
    exchange.stream?.detach(exchange.sink)
    exchange.sink = null
    if (this.#exchanges.get(exchange.key) !== exchange || this.#o.id !== null) return
    this.#cancel(exchange, 'the client closed the connection')
  }

  #within(exchange: Exchange | null, work: () => void): void {
    const before = this.#current
    this.#current = exchange
    work()
    this.#current = before
  }

  #fromServer(frame: Frame, key: string | null, status = 200): void {
    const exchange = key === null ? this.#related(frame) : (this.#exchanges.get(key) ?? null)
    if (exchange !== null && key !== null && frame.kind === 'response') exchange.status = status
    this.#within(exchange, () => this.#proxy.fromServer(frame))
  }

  /** A process says of its messages only sometimes which request they belong to. */
  #related(frame: Frame): Exchange | null {
    if (frame.kind === 'notification') {
      const meta = isJsonObject(frame.params._meta) ? frame.params._meta : {}
      const subscription = meta[SUBSCRIPTION_META]
      if (subscription !== undefined) return this.#exchanges.get(keyOf(subscription)) ?? null
      const token = frame.params.progressToken
      if (token !== undefined) return ofProgress(this.#exchanges.values(), keyOf(token))
      if (this.#own.isOpen) return null
    }
    return [...this.#exchanges.values()].at(-1) ?? null
  }

  #toClient(line: string, about?: string): void {
    const exchange = (about === undefined ? undefined : this.#exchanges.get(about)) ?? this.#current
    if (exchange === null) this.#own.send(line)
    else this.#streamOf(exchange).send(line)
  }

  #streamed(key: string, what: 'primed' | 'cut', retry_ms?: number): void {
    const exchange = this.#exchanges.get(key)
    if (exchange === undefined) return
    const stream = this.#streamOf(exchange)
    if (what === 'primed') stream.send('', retry_ms)
    else if (exchange.sink !== null) stream.detach(exchange.sink, true)
  }

  /** From here on its answer comes as an event. */
  #streamOf(exchange: Exchange): EventStream {
    if (exchange.stream !== null) return exchange.stream
    exchange.stream = this.#memory.stream()
    if (!exchange.response.destroyed) exchange.sink = this.#attach(exchange.stream, exchange.response, [])
    return exchange.stream
  }

  #attach(stream: EventStream, response: ServerResponse, missed: readonly string[]): EventSink {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...this.#sessionHeader(),
    })
    response.flushHeaders()
    const sink = this.#sinkOf(response)
    response.on('close', () => stream.detach(sink))
    stream.attach(sink, missed)
    return sink
  }

  #sinkOf(response: ServerResponse): EventSink {
    let isFull = false
    const onRoom = (): void => {
      if (!isFull) return
      isFull = false
      if (--this.#holds === 0) this.#link.resume()
    }
    response.on('drain', onRoom).on('close', onRoom)
    return {
      write: (text) => {
        if (response.destroyed || response.write(text) || isFull) return
        isFull = true
        if (this.#holds++ === 0) this.#link.pause()
      },
      end: () => void response.end(),
    }
  }

  /** @param line null: it was withdrawn */
  #answer(key: string, line: string | null): void {
    const exchange = this.#exchanges.get(key)
    if (exchange === undefined) {
      if (line !== null) this.#o.log('dropped an answer that nobody waits for')
      return
    }
    this.#exchanges.delete(key)
    this.used = this.#o.monotonic()
    const said = line ?? exchange.withdrawn
    if (exchange.stream !== null) {
      if (said !== null) exchange.stream.send(said)
      exchange.stream.end()
      return
    }
    if (exchange.response.destroyed || exchange.response.headersSent) return
    if (said === null) this.#attach(this.#memory.stream(), exchange.response, []).end()
    else answerJson(exchange.response, statusOf(exchange, said, this.#o.id), said, this.#sessionHeader())
  }

  #sessionHeader(): Record<string, string> {
    return this.#o.id === null ? {} : { 'mcp-session-id': this.#o.id }
  }
}
