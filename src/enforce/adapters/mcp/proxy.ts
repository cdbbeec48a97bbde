/**
 * The MCP gateway's logic between one client and one tool server, message by message: no process, no stream, no clock.
 * spec/enforcement.md (MCP-1 to MCP-5). Invariant: no `tools/call` reaches the server but from inside the point's `act`, that is, decided and recorded; and
 * no other request of the client reaches it unless MCP-5 names it.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { STOP_GRACE_MS, ToolStopped } from '../../calls-under-way.ts'
import type { Point, ToolResult } from '../../types.ts'
import { ToolDefinitions } from './definitions.ts'
import {
  RPC_INVALID_REQUEST,
  type Frame,
  type RpcId,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
} from './frames.ts'
import { HeldCalls, lineWithoutState } from './held.ts'
import { IN_FLIGHT_MAX, InFlight, type Pending } from './in-flight.ts'
import {
  deniedError,
  hasFailed,
  hasStopped,
  lineForServer,
  METHOD_CHALLENGE,
  METHOD_OPEN,
  protocolMeta,
  readPresentation,
  readToolCall,
  RPC_BUSY,
  RPC_INTERNAL_ERROR,
  RPC_INVALID_PARAMS,
  rpcError,
  rpcResult,
  sessionNamed,
} from './messages.ts'
import { AnswerLost, keyOf, Upstream } from './upstream.ts'

/** Client requests that go to the server as they are (MCP-5). `tools/list` and `tools/call` have their own ways. */
const PASSING = new Set(['initialize', 'ping', 'logging/setLevel'])
const TEXT_BUSY = `back-pressure: ${IN_FLIGHT_MAX} requests are in flight, wait for answers`
export interface McpProxyOptions {
  readonly crypto: Crypto
  readonly point: Point
  /** The tool server's name, as grants name it. */
  readonly server: string
  /** Whether the point has a delegation of its own for clients that hold no key (MCP-3). */
  readonly hosted: boolean
  /** Each takes one message, without a line end. Must not throw. */
  readonly toClient: (line: string) => void
  readonly toServer: (line: string) => void
  /** The server broke the protocol beyond repair: end it. */
  readonly endServer: () => void
  /** Never told a frame, an argument or a token. */
  readonly log: (message: string) => void
}

export class McpProxy {
  readonly #options: McpProxyOptions
  readonly #upstream: Upstream
  readonly #definitions: ToolDefinitions
  readonly #inFlight: InFlight
  readonly #held: HeldCalls
  /** Requests of the server that the client has not answered. */
  readonly #askedByServer = new Set<string>()
  #nameless_n = 0
  /** The last session that this connection opened. */
  #session: string | null = null
  #protocolMeta: JsonObject | null = null

  constructor(options: McpProxyOptions) {
    this.#options = options
    this.#inFlight = new InFlight(options.toClient)
    this.#held = new HeldCalls(options.crypto, options.toClient)
    this.#upstream = new Upstream(options.crypto, options.toServer)
    this.#definitions = new ToolDefinitions(options.crypto, (cursor) => this.#askForPage(cursor), options.log)
  }

  fromClient(frame: Frame): void {
    switch (frame.kind) {
      case 'invalid':
        this.#options.toClient(rpcError(frame.id, frame.code, frame.message))
        return
      case 'response':
        if (this.#held.answered(frame.id)) return
        if (this.#askedByServer.delete(keyOf(frame.id))) this.#upstream.send(frame.line)
        else this.#options.log('dropped a response of the client that nobody asked for')
        return
      case 'notification':
        this.#fromClientNotification(frame)
        return
      case 'request':
        this.#fromClientRequest(frame)
    }
  }

  fromServer(frame: Frame): void {
    if (this.#upstream.hasEnded) return
    switch (frame.kind) {
      case 'invalid':
        this.#options.log(`the tool server sent a line that is no message: ${frame.message}`)
        this.#upstream.unreadable(frame)
        // Who waits for a line that was too large to read is not known, so nobody may go on waiting.
        if (frame.too_large) {
          this.serverEnded()
          this.#options.endServer()
        }
        return
      case 'response':
        if (!this.#upstream.answered(frame)) this.#options.log('dropped an answer that nobody waits for')
        return
      case 'notification':
        this.#options.toClient(frame.line)
        if (frame.method === 'notifications/tools/list_changed') this.#definitions.refresh()
        if (frame.method === 'notifications/cancelled')
          this.#askedByServer.delete(keyOf(frame.params.requestId))
        return
      case 'request':
        this.#fromServerRequest(frame)
    }
  }

  /** The server is gone: everything in flight is answered with an error, and so is all that follows. */
  serverEnded(): void {
    if (!this.#upstream.hasEnded) this.#upstream.end()
  }

  /** Resolves when no request of the client is in flight: every outcome has been recorded by then. */
  idle(): Promise<void> {
    return this.#inFlight.idle()
  }

  #fromServerRequest(request: RpcRequest): void {
    if (this.#askedByServer.size >= IN_FLIGHT_MAX) {
      this.#upstream.send(rpcError(request.id, RPC_BUSY, TEXT_BUSY))
      return
    }
    this.#askedByServer.add(keyOf(request.id))
    this.#options.toClient(request.line)
  }

  #fromClientNotification(notification: RpcNotification): void {
    const { method, params, line } = notification
    if (!method.startsWith('notifications/')) {
      // A request without an identifier: a server may well act on it, so to us it is a request.
      const key = `nameless ${++this.#nameless_n}`
      if (this.#inFlight.isFull) this.#options.toClient(rpcError(null, RPC_BUSY, TEXT_BUSY))
      else void this.#answer(this.#inFlight.add(null, key), () => this.#refuse(null, method))
      return
    }
    this.#upstream.send(line)
    if (method === 'notifications/initialized') this.#definitions.refresh()
    if (method === 'notifications/cancelled') this.#cancel(keyOf(params.requestId))
  }

  #cancel(key: string): void {
    const pending = this.#inFlight.cancel(key)
    if (pending !== null && pending.id !== null) this.#upstream.withdraw(pending.id)
  }

  #fromClientRequest(request: RpcRequest): void {
    const { toClient } = this.#options
    const key = keyOf(request.id)
    if (this.#inFlight.has(key) || this.#upstream.isTaken(request.id)) {
      // Without the identifier: with it, the client would take this for the answer to the request in flight.
      toClient(
        rpcError(null, RPC_INVALID_REQUEST, 'the identifier is in use: number requests without repeats'),
      )
      return
    }
    if (this.#inFlight.isFull) return toClient(rpcError(request.id, RPC_BUSY, TEXT_BUSY))
    this.#protocolMeta = protocolMeta(request) ?? this.#protocolMeta
    const pending = this.#inFlight.add(request.id, key)
    const { method } = request
    if (method === 'initialize') this.#held.began(request)
    if (method === 'tools/list') this.#list(pending, request)
    else if (PASSING.has(method)) this.#pass(pending, request, (response) => response.line)
    else if (method === 'tools/call') void this.#answer(pending, () => this.#call(pending, request))
    else if (method === METHOD_CHALLENGE) void this.#answer(pending, () => this.#challenge(request))
    else if (method === METHOD_OPEN) void this.#answer(pending, () => this.#open(request))
    else void this.#answer(pending, () => this.#refuse(request.id, method))
  }

  async #answer(pending: Pending, work: () => Promise<string>): Promise<void> {
    let line: string
    try {
      line = await work()
    } catch (cause) {
      line = this.#faultLine(pending, cause)
    }
    this.#inFlight.finish(pending, line)
  }

  #faultLine(pending: Pending, cause: unknown): string {
    if (cause instanceof AnswerLost) return rpcError(pending.id, cause.code, cause.message)
    // The kind of the fault alone: its message may quote what it choked on.
    this.#options.log(`the enforcement point failed: ${cause instanceof Error ? cause.name : typeof cause}`)
    return rpcError(pending.id, RPC_INTERNAL_ERROR, 'the enforcement point failed')
  }

  /** Sends a request on and answers in the turn of the server's answer: messages keep their order. */
  #pass(pending: Pending, request: RpcRequest, render: (response: RpcResponse) => string): void {
    this.#upstream.ask(request.id, lineForServer(request), (answer) => {
      let line: string
      try {
        if (answer instanceof AnswerLost) throw answer
        line = render(answer)
      } catch (cause) {
        line = this.#faultLine(pending, cause)
      }
      this.#inFlight.finish(pending, line)
    })
  }

  /** MCP-4. */
  #list(pending: Pending, request: RpcRequest): void {
    const session = sessionNamed(request) ?? this.#session
    this.#pass(pending, request, ({ line, body }) => {
      if (Object.hasOwn(body, 'error')) return line
      const { result } = body
      if (!isJsonObject(result) || !Array.isArray(result.tools)) {
        return rpcError(request.id, RPC_INTERNAL_ERROR, 'the tool server answered without a list of tools')
      }
      const tools = result.tools as readonly JsonValue[]
      const visible = tools.filter((tool) => this.#isVisible(session, tool))
      this.#definitions.learn(tools, visible)
      if (visible.length === tools.length) return line
      return JSON.stringify({ ...body, result: { ...result, tools: visible } })
    })
  }

  #isVisible(session: string | null, tool: JsonValue): boolean {
    const { hosted, point, server } = this.#options
    if (session === null && !hosted) return false
    return isJsonObject(tool) && typeof tool.name === 'string' && point.isVisible(session, server, tool.name)
  }

  async #call(pending: Pending, request: RpcRequest): Promise<string> {
    const { hosted, point, server } = this.#options
    const call = readToolCall(request, hosted)
    if (typeof call === 'string') return rpcError(request.id, RPC_INVALID_PARAMS, call)
    await this.#definitions.ready()
    if (pending.isCancelled) return ''
    this.#upstream.assertRunning()
    const hash = (): string | null => this.#definitions.hashOf(call.tool)
    return this.#held.call(point, request, { server, ...call, definition_hash: hash() }, hash, (_, signal) =>
      // Withdrawn while the point decided: the server never sees it, so what it did is known.
      pending.isCancelled ? Promise.resolve({ result: '', failed: true }) : this.#asked(request, signal),
    )
  }

  /** What the tool does, as the point sees it. Rejects with {@link AnswerLost}, or {@link ToolStopped}. */
  #asked(request: RpcRequest, signal: AbortSignal): Promise<ToolResult<string>> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => this.#upstream.tellToStop(request.id, STOP_GRACE_MS))
      this.#upstream.ask(request.id, lineWithoutState(request), (answer) => {
        if (answer instanceof AnswerLost) reject(answer)
        else if (signal.aborted && hasStopped(answer)) reject(new ToolStopped())
        else resolve({ result: answer.line, failed: hasFailed(answer) })
      })
    })
  }

  async #challenge(request: RpcRequest): Promise<string> {
    const { point, server } = this.#options
    return rpcResult(request.id, { ...point.challenge(), server })
  }

  async #open(request: RpcRequest): Promise<string> {
    const presentation = readPresentation(request)
    if (presentation === null) return rpcError(request.id, RPC_INVALID_PARAMS, 'a presentation is needed')
    const outcome = await this.#options.point.open(presentation)
    if (!outcome.ok) return deniedError(request.id, outcome.reasons)
    this.#session = outcome.session
    return rpcResult(request.id, { session: outcome.session, expires_at: outcome.expires_at })
  }

  async #refuse(id: RpcId | null, method: string): Promise<string> {
    const { point, server } = this.#options
    const { action, reasons } = await point.refuse(server, method, 'METHOD_NOT_GRANTED')
    return deniedError(id, reasons, action)
  }

  #askForPage(cursor: string | null): Promise<JsonObject | null> {
    const params = {
      ...(cursor === null ? {} : { cursor }),
      ...(this.#protocolMeta === null ? {} : { _meta: this.#protocolMeta }),
    }
    return new Promise((resolve) => {
      this.#upstream.askOwn('tools/list', params, (answer) => {
        const result = answer instanceof AnswerLost ? undefined : answer.body.result
        resolve(isJsonObject(result) ? result : null)
      })
    })
  }
}
