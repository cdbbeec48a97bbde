/**
 * One allowed call on its way through flow: its pseudonyms become values, its result is noted and redacted before anybody
 * has it. spec/labels.md (LBL-9 to LBL-11), spec/flow.md (FLW-2). Invariant: what cannot be noted, or redacted where it has
 * to be, is not handed over.
 * @module
 */
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { UNLABELLED, type DataLabel, type ToolLabel } from '../../core/label.ts'
import { fieldsOf, strictestOf } from '../../decide/flow/fields.ts'
import type { Reason } from '../../decide/reasons.ts'
import type { BasisCall } from '../basis/basis-call.ts'
import type { Act, CallRequest, Given, ToolResult } from '../types.ts'
import type { Part } from './content.ts'
import type { Detectors } from './detectors.ts'
import type { DomainStay } from './domains.ts'
import type { DomainMemory } from './memories.ts'
import { hidden, type Pseudonyms, type Resolved } from './pseudonyms.ts'
import { isLimited, maySee, readJson, redact, type Sight } from './redact.ts'

/** The domains of a call, for as long as it is in them. */
export interface Domain {
  readonly stay: DomainStay
  readonly memory: DomainMemory
}

export interface FlowCallOptions {
  readonly request: CallRequest
  readonly policy: Pick<FlowPolicy, 'pseudonyms'>
  readonly label: ToolLabel | null
  readonly sight: Sight
  readonly detectors: Detectors
  /** Of a personal tool, where bases are asked for. */
  readonly bases: BasisCall | undefined
  readonly pseudonyms: Pseudonyms
  /** Null: rules do not speak, and nothing is remembered. */
  readonly domain: Domain | null
  /** For what comes after the call (MCP-8). @returns null: another point holds the domains now */
  readonly enter: () => Promise<Domain | null>
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
    const { label, pseudonyms, request } = this.#o
    // What does not come back by here is not hidden again: the agent would read the value in the answer, or in what it runs.
    const { args, used } =
      request.sight === undefined
        ? pseudonyms.resolve(request.args, label?.accepts ?? UNLABELLED.accepts)
        : { args: request.args, used: this.#used }
    this.#used = used
    const takeLater: Given['takeLater'] = (result) => this.#takeLater(action, result)
    const result = await act(action, signal, { args, takeLater })
    return this.#take(action, result, this.#o.domain)
  }

  /** What comes once the call is over: the result of a task. */
  async #takeLater<T>(action: string, result: ToolResult<T>): Promise<ToolResult<T>> {
    if (this.#o.bases?.mayTakeLater() === false) throw new ResultWithheld('no receipt would name its bases')
    if (this.#o.domain === null) return this.#take(action, result, null)
    const domain = await this.#o.enter()
    if (domain === null) throw new ResultWithheld('another enforcement point holds the memory domain')
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
    const { request, sight, detectors, bases } = this.#o
    if (request.sight !== undefined) return result
    const { seen } = result
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
    const masked = kept.map((part) => maskedPart(part, this.#used))
    const left = redact(masked, {
      label,
      sight,
      detectors,
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

  #pseudonym(value: string, label: DataLabel): string | null {
    const { pseudonyms: named = [] } = this.#o.policy
    if (!named.includes('*') && !label.categories.some((category) => named.includes(category))) return null
    return this.#o.pseudonyms.of(value, label)
  }
}

/** With pseudonyms for values that the tool was given in their place: it may answer with them. */
function maskedPart(part: Part, used: Resolved['used']): Part {
  if (used.size === 0 || part.kind === 'opaque') return part
  const given = part.kind === 'json' ? part.value : (readJson(part.text) ?? part.text)
  const left = hidden(given, used)
  if (left === given) return part
  if (part.kind === 'json') return { kind: 'json', value: left }
  return { kind: 'text', text: typeof left === 'string' ? left : JSON.stringify(left) }
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

/** Whether results of the tool may hold what the agent may not see. */
export function mayHold(label: ToolLabel, sight: Sight): boolean {
  return isLimited(sight) && fieldsOf(label).some((field) => !maySee(sight, field.label))
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
  return { args, takeLater: (result) => Promise.resolve(result) }
}
