/**
 * Outputs at the enforcement point: what leaves by a call or by `release` is registered, and held where the policy says
 * so. spec/outputs.md (OUT-1 to OUT-9). Invariant: what a gate holds goes out only once it is attested in a role that is
 * good enough, as far as this point can see for itself.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Crypto } from '../core/crypto.ts'
import { hex, utf8 } from '../core/encoding.ts'
import { canonicalize, type JsonObject } from '../core/json.ts'
import { isAtLeast, kindOfTool, type OutputKind, type OutputPolicy } from '../core/output.ts'
import type { Reason } from '../decide/reasons.ts'
import type { OutgoingOutput, OutputExchange, OutputState, OutputSubject } from '../ports/outputs.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { HeldCall } from './approvals.ts'
import type { OutputNeeded } from './attested.ts'
import type { Outcome } from './calls-under-way.ts'
import { ChainCalls } from './chain-calls.ts'
import { deniedAs, type Judged } from './judged.ts'
import type { CallRequest } from './types.ts'

const RETRY_MIN_MS = 200
const RETRY_MAX_MS = 10_000
/** What has left and is not counted yet: more of them are a fault that is told. */
const UNCOUNTED_MAX = 4_096
/** How long a point that stops goes on telling, in milliseconds. */
const TELL_ON_CLOSE_MS = 3_000
const NEEDED: readonly Reason[] = ['ATTESTATION_NEEDED']

export interface OutputsOptions {
  readonly crypto: Crypto
  /** In force now, as of the last answer; null: none. */
  readonly policy: () => OutputPolicy | null
  readonly control: OutputExchange
  readonly system: (server: string, tool: string) => string | undefined
  readonly onFault: (error: unknown) => void
}

/** What leaves by `release`. */
export interface ToRelease extends Pick<OutgoingOutput, 'kind' | 'action' | 'subject' | 'content' | 'draft'> {
  readonly chain: DecidedChain
}

export class Outputs {
  readonly #o: OutputsOptions
  readonly #calls = new ChainCalls()
  readonly #telling = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(options: OutputsOptions) {
    this.#o = options
  }

  #kindOf({ server, tool }: Pick<CallRequest, 'server' | 'tool'>): OutputKind | null {
    return kindOfTool(this.#o.policy(), server, tool)
  }

  /** OUT-3. @param approved as a person attested it */
  gated(judged: Judged, request: CallRequest, approved?: HeldCall): Judged {
    const { verdict } = judged
    const kind = this.#kindOf(request)
    if (verdict.decision === 'deny' || kind?.release !== 'gate' || kind.minimum === 'directed') return judged
    const needed = this.#neededOf(kind, request)
    if (approved !== undefined) return isMet(needed, approved.call.output) ? judged : deniedAs(judged, NEEDED)
    const asked = verdict.decision === 'step_up' ? verdict.reasons : []
    return {
      ...judged,
      output: needed,
      verdict: { decision: 'step_up', grant: verdict.grant, reasons: [...asked, ...NEEDED] },
    }
  }

  #neededOf({ kind, minimum }: OutputKind, { args }: CallRequest): OutputNeeded {
    return { kind, minimum, ...this.#measured(args) }
  }

  #measured(args: JsonObject): { sha256: string; bytes: number } {
    const bytes = utf8(canonicalize(args))
    return { sha256: hex(this.#o.crypto.sha256(bytes)), bytes: bytes.length }
  }

  /** What a held call would release, as people are asked about it (OUT-4). */
  outgoing({ request, chain, action, args, output }: HeldOutput): OutgoingOutput {
    const shown = args === null ? {} : { content: canonicalize(args) }
    return { ...this.#outgoing(request, chain, action, output.kind), ...shown }
  }

  #outgoing(request: CallRequest, chain: DecidedChain, action: string, kind: string): OutgoingOutput {
    const { iss, delegations } = chain
    const [{ jti }] = delegations
    const { server, tool, args } = request
    const { sha256, bytes } = this.#measured(args)
    const name = `${server}/${tool}`.toWellFormed().slice(0, 256).toWellFormed()
    const subject: OutputSubject = { name, digest: { sha256 }, annotations: { form: 'json', bytes } }
    const system = this.#o.system(server, tool)
    const of = system === undefined ? {} : { system }
    return { kind, action, subject: [subject], iss, jti, calls: this.#calls.of(chain), ...of }
  }

  /** OUT-7: a gate that asks for `directed` holds nothing back for people; without the root's word nothing leaves. */
  async before(judged: Judged, request: CallRequest, action: string): Promise<readonly Reason[]> {
    const kind = this.#kindOf(request)
    const { chain } = judged.authenticated
    if (kind?.release !== 'gate' || kind.minimum !== 'directed' || chain === null) return []
    try {
      const output = this.#outgoing(request, chain, action, kind.kind)
      const { role } = await this.#o.control.registerOutput(output)
      return role !== null && isAtLeast(role, kind.minimum) ? [] : NEEDED
    } catch (error) {
      this.#o.onFault(error)
      return NEEDED
    }
  }

  /** OUT-8: it may have left. Told until the control plane has it. */
  ended(judged: Judged, request: CallRequest, action: string, outcome: Outcome): void {
    const { chain } = judged.authenticated
    if (chain === null) return
    const kind = this.#kindOf(request)
    if (kind !== null && outcome !== 'failed' && outcome !== 'stopped')
      this.#tell(this.#outgoing(request, chain, action, kind.kind))
    this.#calls.note(chain, action)
  }

  #tell(output: OutgoingOutput): void {
    if (this.#telling.size >= UNCOUNTED_MAX) {
      this.#o.onFault(new Error('an output that left is not counted: too many are under way'))
      return
    }
    const { control } = this.#o
    const told = this.#again(async () => {
      const { output: id, released } = await control.registerOutput(output)
      if (!released) await control.releaseOutput(id, { wait: false, left: true })
    }).finally(() => this.#telling.delete(told))
    this.#telling.add(told)
  }

  async #again(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    for (let wait_ms = RETRY_MIN_MS; ; wait_ms = Math.min(2 * wait_ms, RETRY_MAX_MS)) {
      try {
        return await work()
      } catch (error) {
        if (signal.aborted) return this.#o.onFault(error)
        await pause(wait_ms, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  /**
   * OUT-9: registers it and, under a gate, waits until it is attested. @param onHeld told where people review it
   * @returns how it stands; not released: `signal` was aborted first. Rejects when the control plane refuses
   */
  async release(
    { chain, ...output }: ToRelease,
    onHeld: (state: OutputState) => void,
    signal: AbortSignal,
  ): Promise<OutputState> {
    const { control } = this.#o
    const { iss, delegations } = chain
    const calls = this.#calls.of(chain)
    const registered = await control.registerOutput({ ...output, iss, jti: delegations[0].jti, calls })
    let state = registered.released ? registered : await control.releaseOutput(registered.output, ONCE)
    if (!state.released) onHeld(state)
    while (!state.released && !signal.aborted) {
      try {
        state = await control.releaseOutput(state.output, WAITING, signal)
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
    return state
  }

  /** Resolves once what has left so far is told. */
  async idle(): Promise<void> {
    await Promise.all(this.#telling)
  }

  /** What has left is told for a little longer. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), TELL_ON_CLOSE_MS)
    await Promise.all(this.#telling)
    clearTimeout(timer)
    this.#stop.abort()
  }
}

const ONCE = { wait: false, left: false }
const WAITING = { wait: true, left: false }

type HeldOutput = HeldCall['call'] & { readonly output: OutputNeeded }

function isMet(needed: OutputNeeded, attested: OutputNeeded | undefined): boolean {
  return (
    attested !== undefined &&
    attested.kind === needed.kind &&
    attested.sha256 === needed.sha256 &&
    isAtLeast(attested.minimum, needed.minimum)
  )
}
