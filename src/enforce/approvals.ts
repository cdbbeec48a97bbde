/**
 * Calls that wait for a person: asked of the control plane, answered by a gesture that this point verifies itself.
 * spec/approvals.md (APR-4 to APR-14). Invariants: an approval is of one action and lets one decision be made; nothing
 * that the control plane says by itself, and nothing that the agent says, decides anything.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Approval } from '../core/approval.ts'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, type JsonObject } from '../core/json.ts'
import type { Reason } from '../decide/reasons.ts'
import type { FlowRecord } from '../log/receipt-flow.ts'
import type { Clock } from '../ports/clock.ts'
import type { ApprovalExchange } from '../ports/control-plane.ts'
import { approvalFault, type AskedCall } from '../token/approval.ts'
import type { RelyingParty } from '../token/gesture.ts'
import type { Handle } from '../token/handles.ts'
import type { DecidedChain } from '../token/verify.ts'
import { attestedFault, type OutputNeeded } from './attested.ts'
import type { CallRequest } from './types.ts'

/** Calls held at once: of one agent, so that it cannot keep out the others, and in all. */
export const HELD_PER_AGENT_MAX = 8
export const HELD_MAX = 64
/** How long a call waits unless told otherwise, and at most, in milliseconds (APR-5). */
export const APPROVAL_TTL_MS = 5 * 60 * 1000
export const APPROVAL_TTL_MAX_MS = 3600 * 1000
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 2_000

export interface ApprovalDeskOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly point: string
  readonly control: ApprovalExchange
  /** Whose people decide, as enrolment pinned it; the frame key in force. */
  readonly trust: () => {
    readonly iss: string
    readonly rp: RelyingParty
    readonly frameKey: PublicJwk
    /** Whether who is behind the delegation may approve (APR-9). */
    readonly alone: boolean
  }
  /** By the own issuer. */
  readonly isRevoked: (handle: Handle) => boolean
  readonly onFault: (error: unknown) => void
  /** Registers what a held call would release, before people are asked about it (OUT-4). */
  readonly register?: (call: CallToHold & { readonly output: OutputNeeded }) => Promise<void>
  readonly ttl_ms?: number
}

/** A call for which a person is needed. */
export interface CallToHold {
  readonly action: string
  readonly chain: DecidedChain
  /** Of the last segment. */
  readonly chain_id: string
  /** Digest of the asking grant. */
  readonly grant: string
  readonly request: CallRequest
  readonly args_commit: string
  readonly salt: string
  /** As a person can be shown them, and a commitment opens to; null: they cannot (APR-4). */
  readonly args: JsonObject | null
  /** What people are told that rules on flow object to, and all of it by name (FLW-9). */
  readonly flow?: FlowRecord
  readonly objections?: ReadonlySet<string>
  /** What has to be attested by the same gesture (OUT-3). */
  readonly output?: OutputNeeded
}

/** `reasons` empty: approved. */
export type Decided = readonly Reason[]

export interface HeldCall {
  readonly approval: string
  readonly call: CallToHold
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Where people decide. Resolves once the control plane has the request; never rejects. */
  readonly url: Promise<string>
  readonly decided: Promise<Decided>
  /** It expired, or the point stops: nobody may use it any more. */
  readonly over: Promise<void>
}

class Held implements HeldCall {
  readonly approval: string
  readonly call: CallToHold
  readonly expires: number
  readonly #url = Promise.withResolvers<string>()
  readonly #decided = Promise.withResolvers<Decided>()
  readonly #over = Promise.withResolvers<void>()
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(approval: string, call: CallToHold, now_ms: number, ttl_ms: number) {
    this.approval = approval
    this.call = call
    this.expires = now_ms + ttl_ms
    this.#timer = setTimeout(() => this.end(), ttl_ms)
  }

  get url(): Promise<string> {
    return this.#url.promise
  }

  get decided(): Promise<Decided> {
    return this.#decided.promise
  }

  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Aborted once nothing more is to be asked. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  taken(url: string): void {
    this.#url.resolve(url)
  }

  /** The first counts. */
  decide(decided: Decided): void {
    this.#decided.resolve(decided)
    this.#abort.abort()
  }

  end(): void {
    this.decide(['APPROVAL_TIMED_OUT'])
    clearTimeout(this.#timer)
    this.#over.resolve()
  }
}

export class ApprovalDesk {
  readonly #o: ApprovalDeskOptions
  readonly #held = new Map<string, Held>()
  #isClosed = false

  constructor(options: ApprovalDeskOptions) {
    this.#o = options
  }

  /** Takes a place for it; nobody is asked before {@link ask}. @returns null: too many, or nobody could be shown it */
  open(call: CallToHold): HeldCall | null {
    const { crypto, clock, ttl_ms = APPROVAL_TTL_MS } = this.#o
    const own = [...this.#held.values()].filter((each) => each.call.chain.agent === call.chain.agent)
    const isFull = own.length >= HELD_PER_AGENT_MAX || this.#held.size >= HELD_MAX
    if (this.#isClosed || isFull || call.args === null) return null
    const now = clock.now()
    const held = new Held(newId(crypto, 'apr', now), call, now, ttl_ms)
    this.#held.set(held.approval, held)
    return held
  }

  /** Asks, and goes on asking until it is decided or over. */
  ask({ approval }: HeldCall): void {
    const held = this.#held.get(approval)
    if (held !== undefined) void this.#run(held)
  }

  /** APR-16. @returns the held call of that name, if this is the same call once more */
  comeBack(approval: string, chain_id: string, { server, tool, args }: CallRequest): HeldCall | null {
    const held = this.#held.get(approval)
    if (held === undefined || held.call.chain_id !== chain_id) return null
    const { request } = held.call
    const same =
      request.server === server && request.tool === tool && canonicalize(request.args) === canonicalize(args)
    return same ? held : null
  }

  /** Takes it for the one decision that follows. @returns false: somebody has (APR-13) */
  claim({ approval }: HeldCall): boolean {
    const held = this.#held.get(approval)
    this.#held.delete(approval)
    held?.end()
    return held !== undefined
  }

  /** Its caller no longer wants it (APR-19). */
  withdraw({ approval }: HeldCall): void {
    this.#held.get(approval)?.decide(['APPROVAL_WITHDRAWN'])
  }

  /** Something was revoked or killed. @param stopping why a call may not go out; empty when it may */
  recheck(stopping: (call: CallToHold) => readonly Reason[]): void {
    for (const held of this.#held.values()) {
      const reasons = stopping(held.call)
      if (reasons.length > 0) held.decide(reasons)
    }
  }

  /** What waits is over. */
  close(): void {
    this.#isClosed = true
    for (const held of this.#held.values()) held.end()
  }

  async #run(held: Held): Promise<void> {
    const { control } = this.#o
    const { signal } = held
    const url = await this.#again(signal, async () => {
      await this.#register(held.call)
      return control.requestApproval(this.#requestOf(held))
    })
    if (url === null) return
    held.taken(url.url)
    while (!signal.aborted) {
      const answer = await this.#again(signal, () => control.awaitApproval(held.approval, signal))
      if (answer === null) return
      if (answer.approval === null) continue
      const fault = this.#faultOf(held, answer.approval)
      if (fault === null) {
        held.decide(answer.approval.act.decision === 'approve' ? [] : ['APPROVAL_REFUSED'])
        return
      }
      // Another may follow that holds: until then nobody has decided.
      this.#o.onFault(new Error(`the control plane gave an approval that does not hold here: ${fault}`))
      await pause(RETRY_MAX_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #register({ output, ...call }: CallToHold): Promise<void> {
    if (output !== undefined) await this.#o.register?.({ ...call, output })
  }

  /** @returns null once `signal` is aborted */
  async #again<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    for (let wait_ms = RETRY_MIN_MS; !signal.aborted; wait_ms = Math.min(2 * wait_ms, RETRY_MAX_MS)) {
      try {
        return await work()
      } catch {
        await pause(wait_ms, undefined, { signal }).catch(() => undefined)
      }
    }
    return null
  }

  #requestOf({ approval, call, expires }: Held): Parameters<ApprovalExchange['requestApproval']>[0] {
    const { action, chain, grant, request, args_commit, salt, args, flow } = call
    const { server, tool, definition_hash } = request
    const [{ jti }] = chain.delegations
    const named = { approval, action, agent: chain.agent, iss: chain.iss, jti, grant }
    const asked = { ...named, server, tool, definition_hash, args_commit, salt, args: args ?? {}, expires }
    return flow === undefined ? asked : { ...asked, flow }
  }

  /** APR-11. @returns what does not hold, or null */
  #faultOf({ approval, call, expires }: Held, answer: Approval): string | null {
    const { crypto, clock, point, trust, isRevoked } = this.#o
    const { action, chain, grant, request, args_commit } = call
    const { server, tool } = request
    const [{ jti }] = chain.delegations
    const asked: AskedCall = { approval, point, action, jti, grant, server, tool, args_commit, expires }
    const isBehind = (rev: string): boolean =>
      chain.handles.some(({ kind, handle }) => kind === 'person' && handle === rev)
    const hasLeft = (handle: string): boolean => isRevoked({ kind: 'person', handle })
    const trusted = trust()
    const fault = approvalFault(crypto, { ...trusted, isBehind, hasLeft, now_ms: clock.now() }, asked, answer)
    if (fault !== null || call.output === undefined || answer.act.decision === 'refuse') return fault
    return attestedFault(crypto, trusted.iss, call.output, answer)
  }
}
