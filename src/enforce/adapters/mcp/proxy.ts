/**
 * The MCP gateway's logic between one client and one tool server, message by message: no process, no stream.
 * spec/mcp.md.
 * Invariant: what passes without a decision is what MCP-5 names; the rest goes the way of {@link Calls}.
 * @module
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { systemClock } from '../../../ports/clock.ts'
import { Calls } from './calls.ts'
import { Continuations } from './continuations.ts'
import { ToolDefinitions } from './definitions.ts'
import {
  RPC_INVALID_REQUEST,
  type Frame,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
} from './frames.ts'
import { HeldCalls } from './held.ts'
import { InFlight, type Pending } from './in-flight.ts'
import { LISTING_MS, MCP_LIMITS, type McpLimits } from './limits.ts'
import { Lists } from './lists.ts'
import {
  deniedError,
  lineForServer,
  METHOD_CHALLENGE,
  METHOD_OPEN,
  protocolMeta,
  readPresentation,
  RPC_BUSY,
  RPC_INTERNAL_ERROR,
  RPC_INVALID_PARAMS,
  RPC_METHOD_NOT_FOUND,
  rpcError,
  rpcResult,
  sessionNamed,
} from './messages.ts'
import { listOf, wayOf } from './methods.ts'
import type { McpProxyOptions } from './proxy-options.ts'
import { ReleaseTool } from './release-tool.ts'
import { AnswerLost, keyOf, Upstream } from './upstream.ts'

export class McpProxy {
  readonly #options: McpProxyOptions
  readonly #limits: McpLimits
  readonly #upstream: Upstream
  readonly #definitions: ToolDefinitions
  readonly #inFlight: InFlight
  readonly #calls: Calls
  readonly #lists: Lists
  readonly #held: HeldCalls
  /** Requests of the server that the client has not answered. */
  readonly #askedByServer = new Set<string>()
  #nameless_n = 0
  #session: string | null = null
  #protocolMeta: JsonObject | null = null

  constructor(options: McpProxyOptions) {
    const { crypto, clock = systemClock, hosted, limits = MCP_LIMITS, log, point, releases, server } = options
    this.#options = options
    this.#limits = limits
    const upstream = new Upstream(crypto, clock, options.toServer)
    const inFlight = new InFlight(options.toClient, limits.in_flight, options.onAnswer)
    const definitions = new ToolDefinitions({
      crypto,
      clock,
      ask: (cursor) => this.#askForPage(cursor),
      onListed: (tool, hash, definition) => point.noteDefinition(server, tool, hash, definition),
      log,
    })
    const continuations = new Continuations(limits.subscriptions)
    const release = releases === undefined ? null : new ReleaseTool(crypto, releases, server)
    const shared = { point, server, hosted, definitions, continuations, release }
    this.#held = new HeldCalls(crypto, options.toClient)
    this.#lists = new Lists(shared)
    this.#calls = new Calls({ ...shared, limits, upstream, inFlight, held: this.#held })
    this.#upstream = upstream
    this.#inFlight = inFlight
    this.#definitions = definitions
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
        if (frame.method === 'notifications/cancelled') this.#endedByServer(frame)
        return
      case 'request':
        this.#fromServerRequest(frame)
    }
  }

  /** Gives up what waited too long; happens by itself once a second. */
  sweep(): void {
    this.#upstream.sweep()
  }

  /** The server is gone: everything in flight is answered with an error, and so is all that follows. */
  serverEnded(): void {
    if (!this.#upstream.hasEnded) this.#upstream.end()
  }

  /** Whether a subscription is open. */
  get lasts(): boolean {
    return this.#inFlight.long_n > 0
  }

  /** Resolves when no request of the client is in flight, but subscriptions: every outcome has been recorded by then. */
  idle(): Promise<void> {
    return this.#inFlight.idle()
  }

  /** A request of its own that it no longer needs answered, or a subscription that it ends. */
  #endedByServer({ params }: RpcNotification): void {
    const key = keyOf(params.requestId)
    this.#askedByServer.delete(key)
    if (this.#inFlight.isLong(key)) this.#cancel(key)
  }

  #fromServerRequest(request: RpcRequest): void {
    if (this.#askedByServer.size >= this.#limits.in_flight) {
      this.#upstream.send(rpcError(request.id, RPC_BUSY, this.#textBusy()))
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
      if (this.#inFlight.isFull) this.#options.toClient(rpcError(null, RPC_BUSY, this.#textBusy()))
      else void this.#answer(this.#inFlight.add(null, key), () => this.#calls.refuse(null, method))
      return
    }
    this.#upstream.send(line)
    if (method === 'notifications/initialized') this.#definitions.refresh()
    if (method === 'notifications/cancelled') this.#cancel(keyOf(params.requestId))
  }

  #textBusy(): string {
    return `back-pressure: ${this.#limits.in_flight} requests are in flight, wait for answers`
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
    if (this.#inFlight.isFull) return toClient(rpcError(request.id, RPC_BUSY, this.#textBusy()))
    this.#protocolMeta = protocolMeta(request) ?? this.#protocolMeta
    const pending = this.#inFlight.add(request.id, key)
    this.#route(pending, request)
  }

  #route(pending: Pending, request: RpcRequest): void {
    const { method } = request
    if (method === 'initialize') this.#held.began(request)
    switch (wayOf(method)) {
      case 'tool':
        return void this.#answer(pending, () => this.#calls.tool(pending, request))
      case 'pass':
        return this.#pass(pending, request, (response) => response.line)
      case 'list':
        return this.#list(pending, request)
      case 'method':
        return void this.#answer(pending, () => this.#calls.method(pending, request))
      case 'listen':
        return void this.#answer(pending, () => this.#calls.listen(pending, request))
      case 'refuse':
        return void this.#answer(pending, () => this.#own(request))
    }
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
    this.#upstream.ask(request.id, lineForServer(request), this.#limits.call_ms, (answer) => {
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

  /** MCP-4, MCP-9. */
  #list(pending: Pending, request: RpcRequest): void {
    const session = sessionNamed(request) ?? this.#session
    const list = listOf(request.method)
    const isFirst = request.params.cursor === undefined
    this.#pass(pending, request, (response) => this.#lists.render(list, session, isFirst, response))
  }

  /** What the gateway answers itself. */
  #own(request: RpcRequest): Promise<string> {
    if (request.method === METHOD_CHALLENGE) return this.#challenge(request)
    if (request.method === METHOD_OPEN) return this.#open(request)
    // To the client it is a method that is not there: what clients that probe for one understand.
    return this.#calls.refuse(request.id, request.method, RPC_METHOD_NOT_FOUND)
  }

  async #challenge(request: RpcRequest): Promise<string> {
    const { point, server } = this.#options
    return rpcResult(request, { ...point.challenge(), server })
  }

  async #open(request: RpcRequest): Promise<string> {
    const presentation = readPresentation(request)
    if (presentation === null) return rpcError(request.id, RPC_INVALID_PARAMS, 'a presentation is needed')
    const outcome = await this.#options.point.open(presentation)
    if (!outcome.ok) return deniedError(request.id, outcome.reasons)
    if (this.#options.shared !== true) this.#session = outcome.session
    return rpcResult(request, { session: outcome.session, expires_at: outcome.expires_at })
  }

  #askForPage(cursor: string | null): Promise<JsonObject | null> {
    const params = {
      ...(cursor === null ? {} : { cursor }),
      ...(this.#protocolMeta === null ? {} : { _meta: this.#protocolMeta }),
    }
    return new Promise((resolve) => {
      this.#upstream.askOwn('tools/list', params, LISTING_MS, (answer) => {
        const result = answer instanceof AnswerLost ? undefined : answer.body.result
        resolve(isJsonObject(result) ? result : null)
      })
    })
  }
}
