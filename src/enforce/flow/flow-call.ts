/**
 * One allowed call on its way through flow: its pseudonyms become values, its result is noted and redacted before anybody
 * has it. spec/labels.md (LBL-9 to LBL-11), spec/flow.md (FLW-2). Invariant: what cannot be noted, or redacted where it has
 * to be, is not handed over.
 * @module
 */
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { UNLABELLED, type DataLabel, type ToolLabel } from '../../core/label.ts'
import { isPersonal } from '../../decide/basis/personal.ts'
import { strictestOf } from '../../decide/flow/fields.ts'
import type { Reason } from '../../decide/reasons.ts'
import type { BasisCall } from '../basis/basis-call.ts'
import type { Act, CallRequest, Given, Objection, ToolResult } from '../types.ts'
import type { Part } from './content.ts'
import { BLIND, detectors } from './detectors.ts'
import type { DomainStay } from './domains.ts'
import type { DomainMemory } from './memories.ts'
import type { Pseudonyms, Resolved } from './pseudonyms.ts'
import { isLimited, readJson, redact, type Sight } from './redact.ts'

/** The domains of a call, for as long as it is in them. */
export interface Domain {
  readonly stay: DomainStay
  readonly memory: DomainMemory
}

export interface FlowCallOptions {
  readonly request: CallRequest
  /** In force now. */
  readonly policy: () => Pick<FlowPolicy, 'bases' | 'mode' | 'pseudonyms' | 'detectors'>
  readonly label: ToolLabel | null
  readonly sight: () => Sight
  /** Of a personal tool. */
  readonly bases: BasisCall | undefined
  readonly pseudonyms: () => Pseudonyms
  /** Null: rules do not speak, and nothing is remembered. */
  readonly domain: Domain | null
  /** For what comes after the call (MCP-8). @returns null: another point holds the domains now */
  readonly enter: () => Promise<Domain | null>
  /** What speaks against what the call goes on with (FLW-23). */
  readonly judge: (beside: JsonObject, domain: Domain) => Objection | null
}

/** A result that may not be handed over: it could not be noted, or nobody could take out of it what has to be. */
export class ResultWithheld extends Error {
  constructor(why: string) {
    super(`the result was withheld: ${why}`)
    this.name = 'ResultWithheld'
  }
}

export class FlowCall {
  readonly #o: FlowCallOptions
  /** Values that the tool was given in place of pseudonyms (LBL-11). */
  #used: Resolved['used'] = new Map()

  constructor(options: FlowCallOptions) {
    this.#o = options
  }

  /** Before the call goes out: a result that does not come by here counts now. @returns why it may not go out */
  async before(action: string, onFault: (error: unknown) => void): Promise<readonly Reason[]> {
    try {
      await this.#noteAhead(action)
      return []
    } catch (error) {
      onFault(error)
      return ['NOT_RECORDED']
    }
  }

  async #noteAhead(action: string): Promise<void> {
    const { domain, request } = this.#o
    if (domain === null || request.sight === undefined) return
    if (request.sight === 'elsewhere') {
      const raised = strictestOf(this.#o.label ?? UNLABELLED)
      domain.memory.noteUnseen({ ...this.#read(action), raised })
      await domain.stay.raise(domain.memory.taint)
    }
    domain.stay.leave()
  }

  /** Runs `act` in this turn. What the tool answered comes out as the agent may have it. */
  async run<T>(action: string, signal: AbortSignal, act: Act<T>): Promise<ToolResult<T>> {
    const { domain, request } = this.#o
    // What does not come back by here is not hidden again: the agent would read the value in the answer, or in what it runs.
    const isHere = request.sight === undefined && (domain !== null || isLimited(this.#o.sight()))
    const { args, used } = isHere ? this.#resolved() : { args: request.args, used: this.#used }
    this.#used = used
    const takeLater: Given['takeLater'] = (result) => this.#takeLater(action, result)
    const result = await act(action, signal, { args, takeLater, mayGoOn: (beside) => this.#mayGoOn(beside) })
    return this.#take(action, result, domain)
  }

  #resolved(): Resolved {
    const { label, pseudonyms, request } = this.#o
    return pseudonyms().resolve(request.args, label?.accepts ?? UNLABELLED.accepts)
  }

  /** FLW-23. Under `observe` nothing is stopped, and there is no receipt for it to stand in. */
  async #mayGoOn(beside: JsonObject): Promise<Objection | null> {
    const { mode } = this.#o.policy()
    if (mode === 'off' || mode === 'observe' || Object.keys(beside).length === 0) return null
    const domain = await this.#o.enter()
    if (domain === null) return { reason: 'DOMAIN_ELSEWHERE', why: [] }
    try {
      return this.#o.judge(beside, domain)
    } finally {
      domain.stay.leave()
    }
  }

  /** What comes once the call is over: the result of a task. By what is in force then, whatever was when it was made (ENF-5). */
  async #takeLater<T>(action: string, result: ToolResult<T>): Promise<ToolResult<T>> {
    const { bases, mode } = this.#o.policy()
    const isPerson = bases === 'enforce' && isPersonal(this.#o.label ?? UNLABELLED)
    if (isPerson || this.#o.bases?.mode === 'enforce')
      throw new ResultWithheld('no receipt would name its bases')
    if (mode === 'off') return this.#take(action, result, null)
    const domain = await this.#o.enter()
    if (domain === null) {
      if (mode === 'observe') return this.#take(action, result, null)
      throw new ResultWithheld('another enforcement point holds the memory domain')
    }
    try {
      return await this.#take(action, result, domain)
    } finally {
      domain.stay.leave()
    }
  }

  leave(): void {
    this.#o.domain?.stay.leave()
  }

  async #take<T>(action: string, result: ToolResult<T>, domain: Domain | null): Promise<ToolResult<T>> {
    const { bases, request } = this.#o
    if (request.sight !== undefined) return result
    const { seen } = result
    const sight = this.#o.sight()
    const isUntouched = domain === null && (bases?.mode ?? 'off') === 'off'
    if (isUntouched && this.#used.size === 0 && !isLimited(sight)) return result
    if (seen === undefined) {
      if (bases?.takeWhole() === false) throw new ResultWithheld('nobody can tell whose data is in it')
      if (isLimited(sight) || this.#used.size > 0) throw new ResultWithheld('nothing can be taken out of it')
      domain?.memory.noteUnseen(this.#read(action))
      await domain?.stay.raise(domain.memory.taint)
      return result
    }
    const label = this.#o.label ?? UNLABELLED
    const parts = seen.parts()
    const kept = bases?.take(parts) ?? parts
    const masked = this.#used.size === 0 ? kept : kept.map((part) => this.#masked(part))
    const left = redact(masked, {
      label,
      sight,
      detectors: domain === null ? BLIND : detectors(this.#o.policy().detectors),
      pseudonym: (...of) => this.#pseudonym(...of),
    })
    if (domain !== null) {
      const { raised } = left
      const content = left.parts.flatMap(contentOf)
      const failed = result.failed ? ({ integrity: 'untrusted' } as const) : {}
      domain.memory.note({ ...this.#read(action), content, raised, ...failed })
      await domain.stay.raise(domain.memory.taint)
    }
    const isWhole = left.parts.every((part, at) => part === parts[at])
    return isWhole ? result : { ...result, result: seen.with(left.parts) }
  }

  #read(
    action: string,
  ): { action: string; label: ToolLabel | null } & Pick<CallRequest, 'server' | 'tool' | 'args'> {
    const { label, request } = this.#o
    const { server, tool, args } = request
    return { action, server, tool, args, label }
  }

  /** With pseudonyms for values that the tool was given in their place: it may answer with them. */
  #masked(part: Part): Part {
    if (part.kind === 'opaque') return part
    const given = part.kind === 'json' ? part.value : (readJson(part.text) ?? part.text)
    const left = this.#o.pseudonyms().hidden(given, this.#used)
    if (left === given) return part
    if (part.kind === 'json') return { kind: 'json', value: left }
    return { kind: 'text', text: typeof left === 'string' ? left : JSON.stringify(left) }
  }

  #pseudonym(value: string, label: DataLabel): string | null {
    const { pseudonyms: named = [] } = this.#o.policy()
    if (!named.includes('*') && !label.categories.some((category) => named.includes(category))) return null
    return this.#o.pseudonyms().of(value, label)
  }
}

/** As memory takes it. */
function contentOf(part: Part): (string | JsonObject)[] {
  if (part.kind === 'text') return [part.text]
  return part.kind === 'opaque' || part.value === null ? [] : [textOf(part.value)]
}

function textOf(value: JsonValue): string | JsonObject {
  if (typeof value === 'string') return value
  return isJsonObject(value) ? value : JSON.stringify(value)
}

/** Runs `act` in this turn. @param call undefined: nothing has to be noted or taken out */
export function runCall<T>(
  call: FlowCall | undefined,
  request: CallRequest,
  action: string,
  signal: AbortSignal,
  act: Act<T>,
): Promise<ToolResult<T>> {
  if (call !== undefined) return call.run(action, signal, act)
  return act(action, signal, asAsked(request))
}

/** Nothing is noted and nothing taken out. */
export function asAsked({ args }: Pick<CallRequest, 'args'>): Given {
  return {
    args,
    takeLater: (result) => Promise.resolve(result),
    mayGoOn: () => Promise.resolve(null),
  }
}
