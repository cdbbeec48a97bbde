/**
 * What a client asks for that has to be decided: calls of tools, methods that are granted like tools, subscriptions.
 * spec/mcp.md (MCP-2, MCP-7, MCP-8, MCP-10).
 * Invariant: none of them reaches the server but from inside the point's `act`, that is, decided and recorded; or as the
 * continuation of one that did (MCP-8).
 * @module
 */
import { isMethodAction } from '../../../token/method-action.ts'
import { STOP_GRACE_MS, ToolStopped } from '../../calls-under-way.ts'
import type { Act, CallOutcome, CallRequest, Credential, Given, Point, ToolResult } from '../../types.ts'
import { besideOf, CALLED_PARAMS, CONTINUED_PARAMS } from './beside.ts'
import { seenOf } from './content.ts'
import type { Continuations, Origin } from './continuations.ts'
import type { ToolDefinitions } from './definitions.ts'
import type { RpcId, RpcRequest, RpcResponse } from './frames.ts'
import { lineWithoutState, resultOf, type HeldCalls } from './held.ts'
import type { InFlight, Pending } from './in-flight.ts'
import type { McpLimits } from './limits.ts'
import {
  deniedError,
  deniedResult,
  hasFailed,
  hasStopped,
  lineWithArguments,
  readMethodCall,
  readToolCall,
  RPC_BUSY,
  RPC_DENIED,
  RPC_INVALID_PARAMS,
  rpcError,
  type ReadCall,
} from './messages.ts'
import { argumentsOf, readListen, taskMadeBy, type ListenFilter } from './methods.ts'
import { RELEASE_TOOL, type ReleaseTool } from './release-tool.ts'
import { AnswerLost, type Upstream } from './upstream.ts'

const TEXT_SUBSCRIPTIONS = 'too many subscriptions: end one of them first'

/** Of a call that was withdrawn before the server saw it. */
const NOTHING: ToolResult<string> = { result: '', failed: true, seen: { parts: () => [], with: () => '' } }

export interface CallsOptions {
  readonly point: Point
  readonly server: string
  readonly hosted: boolean
  readonly limits: McpLimits
  readonly upstream: Upstream
  readonly definitions: ToolDefinitions
  readonly continuations: Continuations
  readonly inFlight: InFlight
  readonly held: HeldCalls
  readonly release: ReleaseTool | null
}

export class Calls {
  readonly #o: CallsOptions

  constructor(options: CallsOptions) {
    this.#o = options
  }

  /** @returns the line that answers it, here and below. Rejects with {@link AnswerLost}, or what the point rejects with. */
  async tool(pending: Pending, request: RpcRequest): Promise<string> {
    const { definitions, held, hosted, point, release, server, upstream } = this.#o
    const call = readToolCall(request, hosted)
    if (typeof call === 'string') return rpcError(request.id, RPC_INVALID_PARAMS, call)
    if (release !== null && call.tool === RELEASE_TOOL) return release.call(request, call)
    if (isMethodAction(call.tool)) return this.refuse(request.id, call.tool)
    await definitions.ready()
    if (pending.isCancelled) return ''
    upstream.assertRunning()
    const hash = (): string | null => definitions.hashOf(call.tool)
    const beside = besideOf(request.params, CALLED_PARAMS)
    const asked = {
      server,
      ...call,
      definition_hash: hash(),
      ...(Object.keys(beside).length === 0 ? {} : { beside }),
    }
    const outcome = await held.call(point, pending, request, asked, hash, (_, signal, given) => {
      // Withdrawn while the point decided: the server never sees it, so what it did is known.
      if (pending.isCancelled) return Promise.resolve(NOTHING)
      const line = lineWithArguments(lineWithoutState(request), call.args, given.args)
      return this.#asked(request, line, signal, originOf(call.credential, call.tool, given))
    })
    return resultOf(request, outcome, (denied) => deniedResult(request, denied))
  }

  /** A method that is granted like a tool. */
  async method(pending: Pending, request: RpcRequest): Promise<string> {
    const { method, params } = request
    const { continuations, hosted } = this.#o
    const continued = this.#continued(request)
    if (continued !== null) return this.#goOn(request, continued)
    const call = readMethodCall(request, method, argumentsOf(method, params), hosted)
    if (typeof call === 'string') return rpcError(request.id, RPC_INVALID_PARAMS, call)
    const uri = method === 'resources/subscribe' && typeof params.uri === 'string' ? params.uri : null
    if (uri !== null && !continuations.hasRoomFor(uri))
      return rpcError(request.id, RPC_BUSY, TEXT_SUBSCRIPTIONS)
    const outcome = await this.#decide(pending, request, call, async (_, signal, given) => {
      const own = originOf(call.credential, method, given)
      const done = await this.#asked(request, lineWithoutState(request), signal, own)
      const origin = own ?? { session: '', action: method, given }
      if (uri !== null && !done.failed) continuations.subscribed(uri, origin)
      return done
    })
    return resultOf(request, outcome, ({ reasons, action, why }) =>
      deniedError(request.id, reasons, action, RPC_DENIED, why),
    )
  }

  /** `subscriptions/listen`: lasts until either side ends it, or its delegation does. */
  async listen(pending: Pending, request: RpcRequest): Promise<string> {
    const { hosted, inFlight, limits } = this.#o
    const filter = readListen(request.params)
    if (filter === null) return this.refuse(request.id, request.method)
    if (inFlight.long_n >= limits.subscriptions) return rpcError(request.id, RPC_BUSY, TEXT_SUBSCRIPTIONS)
    const denied = await this.#tasksDenied(pending, request, filter)
    if (denied !== null) return denied
    if (filter.uris.length === 0) {
      const { result } = await this.#lasting(pending, request, new AbortController().signal)
      return result
    }
    const call = readMethodCall(request, 'resources/subscribe', { uri: [...filter.uris] }, hosted)
    if (typeof call === 'string') return rpcError(request.id, RPC_INVALID_PARAMS, call)
    const outcome = await this.#decide(
      pending,
      request,
      call,
      (_, signal) => this.#lasting(pending, request, signal),
      'nothing',
    )
    return resultOf(request, outcome, ({ reasons, action, why }) =>
      deniedError(request.id, reasons, action, RPC_DENIED, why),
    )
  }

  /** Records that something is denied which no grant could allow. @param code that of a denial unless told otherwise */
  async refuse(id: RpcId | null, what: string, code?: number): Promise<string> {
    const { point, server } = this.#o
    const { action, reasons } = await point.refuse(server, what, 'METHOD_NOT_GRANTED')
    return deniedError(id, reasons, action, code)
  }

  async #decide(
    pending: Pending,
    request: RpcRequest,
    call: ReadCall,
    act: Act<string>,
    sight?: CallRequest['sight'],
  ): Promise<CallOutcome<string>> {
    const { held, point, server, upstream } = this.#o
    upstream.assertRunning()
    const asked = { server, ...call, definition_hash: null, ...(sight === undefined ? {} : { sight }) }
    return held.call(
      point,
      pending,
      request,
      asked,
      () => null,
      (action, signal, given) =>
        pending.isCancelled ? Promise.resolve(NOTHING) : act(action, signal, given),
    )
  }

  /** MCP-10: tasks of others need a grant. @returns the denial, or null */
  async #tasksDenied(pending: Pending, request: RpcRequest, { tasks }: ListenFilter): Promise<string | null> {
    const foreign = tasks.filter((task) => !this.#goesOn(this.#o.continuations.task(task)))
    if (foreign.length === 0) return null
    const call = readMethodCall(request, 'tasks/get', { taskId: foreign }, this.#o.hosted)
    if (typeof call === 'string') return rpcError(request.id, RPC_INVALID_PARAMS, call)
    const nothing: Act<string> = () => Promise.resolve({ result: '', failed: false })
    const outcome = await this.#decide(pending, request, call, nothing, 'nothing')
    return outcome.decision === 'allow'
      ? null
      : deniedError(request.id, outcome.reasons, outcome.action, RPC_DENIED, outcome.why)
  }

  /** MCP-8. @returns what it goes on with, or null */
  #continued({ method, params }: RpcRequest): Origin | null {
    const { continuations } = this.#o
    const { taskId, uri } = params
    let origin: Origin | null = null
    if (method === 'resources/unsubscribe' && typeof uri === 'string')
      origin = continuations.subscription(uri)
    else if (method.startsWith('tasks/') && typeof taskId === 'string') origin = continuations.task(taskId)
    return this.#goesOn(origin) ? origin : null
  }

  #goesOn(origin: Origin | null): origin is Origin {
    const { point, server } = this.#o
    return origin !== null && point.isVisible(origin.session, server, origin.action)
  }

  /** What a task of an earlier call is told goes beside that call, and what it says is a result of it (MCP-18). */
  async #goOn(request: RpcRequest, origin: Origin): Promise<string> {
    const { continuations, point, server } = this.#o
    const { method, params } = request
    const objection = await origin.given.mayGoOn(besideOf(params, CONTINUED_PARAMS))
    if (objection !== null) {
      const { action, reasons } = await point.refuse(server, method, objection.reason)
      return deniedError(request.id, reasons, action, RPC_DENIED, objection.why)
    }
    if (!this.#goesOn(origin)) return this.refuse(request.id, method)
    const answer = await this.#asked(request, lineWithoutState(request), new AbortController().signal, null)
    if (method === 'resources/unsubscribe' && typeof params.uri === 'string' && !answer.failed)
      continuations.unsubscribe(params.uri)
    return (await origin.given.takeLater(answer)).result
  }

  /** What the tool does, as the point sees it. Rejects with {@link AnswerLost}, or {@link ToolStopped}. */
  #asked(
    request: RpcRequest,
    line: string,
    signal: AbortSignal,
    origin: Origin | null,
  ): Promise<ToolResult<string>> {
    const { continuations, limits, upstream } = this.#o
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => upstream.tellToStop(request.id, STOP_GRACE_MS))
      upstream.ask(request.id, line, limits.call_ms, (answer) => {
        if (answer instanceof AnswerLost) reject(answer)
        else if (signal.aborted && hasStopped(answer)) reject(new ToolStopped())
        else {
          const task = origin === null ? null : taskMadeBy(answer.body)
          if (task !== null && origin !== null) continuations.taskMade(task, origin)
          resolve({
            result: answer.line,
            failed: hasFailed(answer),
            seen: seenOf(answer, request.params.uri),
          })
        }
      })
    })
  }

  /** As above, for what has no answer while it lasts: that it ended is how it should be, whoever ended it. */
  #lasting(pending: Pending, request: RpcRequest, signal: AbortSignal): Promise<ToolResult<string>> {
    const { inFlight, upstream } = this.#o
    inFlight.lasts(pending)
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => upstream.tellToStop(request.id, STOP_GRACE_MS))
      upstream.ask(request.id, lineWithoutState(request), Infinity, (answer: RpcResponse | AnswerLost) => {
        if (answer instanceof AnswerLost)
          resolve({ result: rpcError(request.id, answer.code, answer.message), failed: false })
        else resolve({ result: answer.line, failed: hasFailed(answer) })
      })
    })
  }
}

/** Null for a proof of one call: nothing shows later on that its delegation still holds. */
function originOf(credential: Credential, action: string, given: Given): Origin | null {
  if (credential.kind === 'session') return { session: credential.session, action, given }
  return credential.kind === 'hosted' ? { session: null, action, given } : null
}
