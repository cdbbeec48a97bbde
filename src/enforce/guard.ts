/**
 * The agent's side of an enforcement point in the same process: ordinary functions are decided, recorded and only then
 * run, as calls of a session that the holder key opened. spec/sdk.md (SDK-3 to SDK-6).
 * Invariant: what runs gets the very arguments that were decided, a copy that nobody else holds.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import type { JsonObject } from '../core/json.ts'
import { explain, type Reason } from '../decide/reasons.ts'
import type { Clock } from '../ports/clock.ts'
import type { DisclosableClaim } from '../token/disclosure.ts'
import { CountersignMcpSession } from './adapters/mcp/client.ts'
import { definitionHash } from './adapters/mcp/definitions.ts'
import { CALL_META, METHOD_CHALLENGE } from './adapters/mcp/messages.ts'
import { checkedArguments } from './checked-arguments.ts'
import { seenValue } from './flow/content.ts'
import { measured, type OutputOptions } from './measured.ts'
import type { ReleaseAnswer, Releases } from './releases.ts'
import { ConnectionDenied, SdkError } from './sdk-errors.ts'
import type { Act, CallOutcome, CallRequest, Credential, HeldNotice, Point, ToolResult } from './types.ts'

export interface GuardOptions {
  /** Closed with the guard. */
  readonly point: Point
  /** Where outputs are released that leave by no tool (OUT-9). */
  readonly releases?: Pick<Releases, 'release'>
  /** What grants call these tools by. */
  readonly server: string
  readonly crypto: Crypto
  readonly clock: Clock
  readonly chain: string
  readonly claims?: readonly DisclosableClaim[]
  readonly holder: Signer
  /** Told of each call that waits for a person (APR-15): where to send them. The call resolves once they decided. */
  readonly onHeld?: (held: HeldNotice) => void
}

export interface GuardedCall {
  readonly tool: string
  /** JSON. */
  readonly args: unknown
  /** The tool as an MCP server would list it, where its registration is to be compared (`TOOL_CHANGED`). */
  readonly definition?: JsonObject
}

export interface Denied {
  readonly decision: 'deny'
  /** Receipts and `countersign verify --action` know the call by this. */
  readonly action: string
  readonly reasons: readonly Reason[]
  /** For a model or a person: each reason, and what to do; then each sentence of `why`. */
  readonly text: string
  /** What rules on flow object to (FLW-12). */
  readonly why?: readonly string[]
  /** It had gone out when it was stopped: the tool may have done it (REV-12). */
  readonly underWay?: true
  /** It waits for a person, for whoever comes back (`leaves` of a point's hooks). */
  readonly held?: HeldNotice
}

/** A denied call is an answer. */
export type Answer<T> = { readonly decision: 'allow'; readonly action: string; readonly result: T } | Denied

/** What a function may want to know of the call that it runs for. */
export interface ToolRun {
  readonly action: string
  /** Aborted when the call is to stop. A function that stops and did nothing throws `ToolStopped`. */
  readonly signal: AbortSignal
}

/** An allowed call whose tool runs elsewhere. Without {@link Begun.end} its outcome is never known. */
export interface Begun {
  readonly decision: 'allow'
  readonly action: string
  readonly args: JsonObject
  readonly signal: AbortSignal
  /** Told once what the tool did; `unknown` when that is not seen from here. */
  end(outcome: 'finished' | 'failed' | 'unknown'): void
}

type Ran<T> = { readonly value: T } | { readonly thrown: unknown }

export class Guard {
  readonly #o: GuardOptions
  #session: CountersignMcpSession
  /** The session that is being opened, so that calls in flight together open one. */
  #opening: Promise<CountersignMcpSession> | null = null

  private constructor(options: GuardOptions, session: CountersignMcpSession) {
    this.#o = options
    this.#session = session
  }

  /**
   * Opens a session of the chain with the holder key (PRF-2).
   * @throws {ConnectionDenied} with the reasons; the point stays open then
   */
  static async open(options: GuardOptions): Promise<Guard> {
    return new Guard(options, await openSession(options))
  }

  get server(): string {
    return this.#o.server
  }

  /** What is presented and handed on. */
  get held(): Pick<GuardOptions, 'chain' | 'holder'> {
    return { chain: this.#o.chain, holder: this.#o.holder }
  }

  /** Whether some grant names the tool: what is not visible need not be offered to a model. */
  isVisible(tool: string): boolean {
    return this.#o.point.isVisible(this.#session.session, this.server, tool)
  }

  /**
   * Decides, records, runs `act`, records what became of it: a function that throws has failed.
   * @param act gets a copy of the arguments
   * @throws what `act` throws; {CoreError}, {SdkError} `ARGUMENTS_INVALID`: the arguments are not JSON that every reader
   * reads alike, and nothing was decided; {ConnectionDenied}: the session had ended, and no other was given
   */
  async call<T>(
    call: GuardedCall,
    act: (args: JsonObject, run: ToolRun) => T | Promise<T>,
  ): Promise<Answer<T>> {
    const outcome = await this.#decided(call, (action, signal, { args }) =>
      running(() => act(args, { action, signal }), signal),
    )
    if (outcome.decision === 'deny') return denied(outcome)
    if ('thrown' in outcome.result) throw outcome.result.thrown
    return { decision: 'allow', action: outcome.action, result: outcome.result.value }
  }

  /** Decides and records; whoever asked runs the tool and says what became of it. Throws what {@link call} throws. */
  begin(call: GuardedCall): Promise<Begun | Denied> {
    return beginning((act) =>
      this.#decided(call, (action, signal, { args }) => act(args, action, signal), { sight: 'elsewhere' }),
    )
  }

  /**
   * Lets an output go that leaves by no tool: registered, and under a gate held until somebody has attested it. Send it
   * once the answer is `allow`, and not before. SDK-17.
   * @param output text, JSON or bytes
   * @throws {SdkError} `RELEASE_UNSUPPORTED`: its point is elsewhere; `ARGUMENTS_INVALID`; {ConnectionDenied}
   */
  async release(output: unknown, options: OutputOptions): Promise<ReleaseAnswer> {
    const { releases, crypto } = this.#o
    if (releases === undefined)
      throw new SdkError('RELEASE_UNSUPPORTED', 'outputs are released in the process of the point')
    const { kind, draft, ttl_ms, onReview } = options
    const made = { kind, ...measured(crypto, output, options), ...(draft === undefined ? {} : { draft }) }
    const hooks = {
      ...(onReview === undefined ? {} : { onHeld: onReview }),
      ...(ttl_ms === undefined ? {} : { ttl_ms }),
    }
    const used = this.#session
    const answer = await releases.release(used.session, made, hooks)
    if (answer.decision === 'allow' || answer.reasons[0] !== 'SESSION_UNKNOWN') return answer
    await this.#renew(used)
    return releases.release(this.#session.session, made, hooks)
  }

  async close(): Promise<void> {
    await this.#o.point.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #decided<T>(
    call: GuardedCall,
    act: Act<T>,
    sight: Pick<CallRequest, 'sight'> = {},
  ): Promise<CallOutcome<T>> {
    const args = checkedArguments(call.args)
    const used = this.#session
    const outcome = await this.#once(call, args, act, sight)
    if (outcome.decision === 'allow' || outcome.reasons[0] !== 'SESSION_UNKNOWN') return outcome
    await this.#renew(used)
    return this.#once(call, args, act, sight)
  }

  #once<T>(
    { tool, definition }: GuardedCall,
    args: JsonObject,
    act: Act<T>,
    sight: Pick<CallRequest, 'sight'>,
  ): Promise<CallOutcome<T>> {
    const meta = this.#session.metaFor(tool, args)[CALL_META] as Omit<
      Extract<Credential, { kind: 'session' }>,
      'kind'
    >
    const request: CallRequest = {
      server: this.server,
      tool,
      args,
      credential: { kind: 'session', ...meta },
      definition_hash: definition === undefined ? null : definitionHash(this.#o.crypto, definition),
      ...sight,
    }
    const { point, onHeld } = this.#o
    return point.call(request, act, {
      definitionHash: () => request.definition_hash,
      ...(onHeld === undefined ? {} : { onHeld }),
    })
  }

  async #renew(dead: CountersignMcpSession): Promise<void> {
    if (this.#session !== dead) return
    this.#opening ??= openSession(this.#o).finally(() => {
      this.#opening = null
    })
    this.#session = await this.#opening
  }
}

/** Lets a call of a point go on outside of it. */
export async function beginning(
  decide: (
    act: (args: JsonObject, action: string, signal: AbortSignal) => Promise<ToolResult<null>>,
  ) => Promise<{ decision: 'allow' } | Omit<Denied, 'text'>>,
): Promise<Begun | Denied> {
  const begun = Promise.withResolvers<Begun | Denied>()
  const decided = decide(async (args, action, signal) => {
    const ended = Promise.withResolvers<ToolResult<null>>()
    begun.resolve({
      decision: 'allow',
      action,
      args,
      signal,
      end: (outcome) => {
        if (outcome === 'unknown') ended.reject(new OutOfSight())
        else ended.resolve({ result: null, failed: outcome === 'failed' })
      },
    })
    return ended.promise
  })
  decided
    .then((outcome) => {
      if (outcome.decision === 'deny') begun.resolve(denied(outcome))
    })
    .catch((error: unknown) => {
      if (!(error instanceof OutOfSight)) begun.reject(error)
    })
  return begun.promise
}

/** The point records `unknown` for a tool that rejects. */
class OutOfSight extends Error {}

export function denied({ action, reasons, underWay, held, why = [] }: Omit<Denied, 'text'>): Denied {
  const text = [...reasons.map(explain), ...why].join('\n')
  return {
    decision: 'deny',
    action,
    reasons,
    text,
    ...(underWay ? { underWay } : {}),
    ...(held ? { held } : {}),
    ...(why.length > 0 ? { why } : {}),
  }
}

async function running<T>(act: () => T | Promise<T>, signal: AbortSignal): Promise<ToolResult<Ran<T>>> {
  try {
    const value = await act()
    const seen = seenValue<Ran<T>>(value, (left) => ({ value: left as T }))
    return { result: { value }, failed: false, seen }
  } catch (thrown) {
    // Of a call that was told to stop it is not known how far it came, unless it says so with ToolStopped.
    if (signal.aborted) throw thrown
    const seen = seenValue<Ran<T>>(thrown, (left) => ({
      thrown: new Error(typeof left === 'string' ? left : 'the tool failed'),
    }))
    return { result: { thrown }, failed: true, seen }
  }
}

function openSession(o: GuardOptions): Promise<CountersignMcpSession> {
  const { point, server, crypto, clock, chain, claims, holder } = o
  return CountersignMcpSession.open({
    crypto,
    clock,
    chain,
    holder,
    ...(claims === undefined ? {} : { claims }),
    request: async (method, params) => {
      if (method === METHOD_CHALLENGE) return { ...point.challenge(), server }
      const opened = await point.open(String(params.presentation))
      if (opened.ok) return opened
      throw new ConnectionDenied(opened.reasons, opened.reasons.map(explain).join('\n'))
    },
  })
}
