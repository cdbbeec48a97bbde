/**
 * How an MCP client is told that a call waits for a person. spec/approvals.md (APR-15, APR-16). Invariant: nothing that
 * the client answers decides anything: it only hears where people decide, and may come back.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { base64url } from '../../../core/encoding.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Act, CallHooks, CallOutcome, CallRequest, HeldNotice, Point } from '../../types.ts'
import { cutMember } from './cut.ts'
import type { RpcId, RpcRequest } from './frames.ts'
import type { Pending } from './in-flight.ts'
import { lineForServer, rpcNotice, rpcRequest, rpcResult, VERSION_META } from './messages.ts'
import { keyOf } from './upstream.ts'

/** The revision from which a server does not ask clients, but answers that it needs input. */
const INPUT_REQUIRED_VERSION = '2026-07-28'
const CAPABILITIES_META = 'io.modelcontextprotocol/clientCapabilities'
/** In front of the states that are ours: a tool server has others. */
const STATE_PREFIX = 'countersign:'
const STATE_CHARS_MAX = 128
const MESSAGE = 'A person has to approve this call. Whoever may can do so on this page.'

/** What a call gives to the point, and what is to be done once it is decided. */
interface Asking {
  readonly hooks: CallHooks
  /** The held call that this is once more. */
  readonly approval: { readonly approval?: string }
  readonly done: () => void
}

export class HeldCalls {
  readonly #toClient: (line: string, about: string) => void
  readonly #prefix: string
  /** Whether the client, when it began, said that it opens links for people. */
  #opensLinks = false
  #own_n = 0
  /** Our requests that the client has not answered. */
  readonly #asked = new Set<string>()

  /** @param toClient is told which request it is about, by its `keyOf`: the decision comes in a later turn */
  constructor(crypto: Crypto, toClient: (line: string, about: string) => void) {
    this.#toClient = toClient
    this.#prefix = `countersign-${base64url(crypto.randomBytes(16))}-`
  }

  /** An `initialize`. */
  began({ params }: RpcRequest): void {
    this.#opensLinks = opensLinks(params.capabilities)
  }

  /** @returns whether the client answered us: that goes nowhere */
  answered(id: RpcId | null): boolean {
    return id !== null && this.#asked.delete(keyOf(id))
  }

  /** Has the point decide, and tells the client while it waits. A client that cancels it takes it back. */
  async call(
    point: Pick<Point, 'call'>,
    pending: Pending,
    request: RpcRequest,
    call: CallRequest,
    definitionHash: () => string | null,
    act: Act<string>,
  ): Promise<CallOutcome<string>> {
    const { hooks, approval, done } = this.#ask(pending, request, definitionHash)
    try {
      return await point.call({ ...call, ...approval }, act, hooks)
    } finally {
      done()
    }
  }

  #ask(pending: Pending, request: RpcRequest, definitionHash: () => string | null): Asking {
    const onWaits = (withdraw: () => void): void => {
      pending.withdraw = withdraw
      if (pending.isCancelled) withdraw()
    }
    const meta = isJsonObject(request.params._meta) ? request.params._meta : {}
    const approval = stateOf(request.params)
    const about = keyOf(request.id)
    const isLater = meta[VERSION_META] === INPUT_REQUIRED_VERSION
    if (isLater) {
      // A state of the tool server's would be lost.
      const mayLeave = opensLinks(meta[CAPABILITIES_META]) && !hasState(request.params)
      const onHeld = mayLeave ? undefined : this.#progress(meta, about)
      const hooks = { leaves: mayLeave, definitionHash, onWaits, ...(onHeld === undefined ? {} : { onHeld }) }
      return { hooks, approval: approval === null ? {} : { approval }, done: () => undefined }
    }
    if (!this.#opensLinks) {
      const onHeld = this.#progress(meta, about)
      const hooks = { definitionHash, onWaits, ...(onHeld === undefined ? {} : { onHeld }) }
      return { hooks, approval: {}, done: () => undefined }
    }
    let elicited: { readonly id: string; readonly elicitationId: string } | null = null
    const onHeld = ({ approval: elicitationId, url }: HeldNotice): void => {
      elicited = { id: `${this.#prefix}${++this.#own_n}`, elicitationId }
      this.#asked.add(keyOf(elicited.id))
      const params = { mode: 'url', message: MESSAGE, url, elicitationId }
      this.#toClient(rpcRequest(elicited.id, 'elicitation/create', params), about)
    }
    return {
      hooks: { definitionHash, onWaits, onHeld },
      approval: {},
      done: () => this.#over(elicited, about),
    }
  }

  #over(elicited: { readonly elicitationId: string } | null, about: string): void {
    if (elicited === null) return
    const { elicitationId } = elicited
    this.#toClient(rpcNotice('notifications/elicitation/complete', { elicitationId }), about)
  }

  #progress({ progressToken }: JsonObject, about: string): ((held: HeldNotice) => void) | undefined {
    if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return undefined
    return ({ url }) =>
      this.#toClient(
        rpcNotice('notifications/progress', { progressToken, progress: 0, message: `${MESSAGE} ${url}` }),
        about,
      )
  }
}

/** The request as the tool server is to see it: without a state of ours (APR-16). */
export function lineWithoutState(request: RpcRequest): string {
  const line = lineForServer(request)
  if (stateOf(request.params) === null) return line
  return cutMember(cutMember(line, ['params', 'requestState']), ['params', 'inputResponses'])
}

/** What the client gets. @param denied the line for a denial */
export function resultOf(
  request: RpcRequest,
  outcome: CallOutcome<string>,
  denied: (outcome: Extract<CallOutcome<string>, { decision: 'deny' }>) => string,
): string {
  if (outcome.decision === 'allow') return outcome.result
  return outcome.held === undefined ? denied(outcome) : heldResult(request, outcome.held)
}

/** The answer to a client that comes back once the person has been shown the link. */
function heldResult(request: RpcRequest, { approval, url }: HeldNotice): string {
  return rpcResult(request, {
    resultType: 'input_required',
    inputRequests: {
      approval: {
        method: 'elicitation/create',
        params: { mode: 'url', message: MESSAGE, url, elicitationId: approval },
      },
    },
    requestState: `${STATE_PREFIX}${approval}`,
  })
}

function opensLinks(capabilities: JsonValue | undefined): boolean {
  if (!isJsonObject(capabilities) || !isJsonObject(capabilities.elicitation)) return false
  return isJsonObject(capabilities.elicitation.url)
}

function hasState(params: JsonObject): boolean {
  return Object.hasOwn(params, 'requestState') || Object.hasOwn(params, 'inputResponses')
}

/** The approval that a state of ours names, or null. */
export function stateOf({ requestState }: JsonObject): string | null {
  const isOurs =
    typeof requestState === 'string' &&
    requestState.startsWith(STATE_PREFIX) &&
    requestState.length <= STATE_CHARS_MAX
  return isOurs ? requestState.slice(STATE_PREFIX.length) : null
}
