/**
 * The rules on flows: what speaks against a call, given what was read before it. spec/flow.md, FLW-7 to FLW-9. Pure; the
 * enforcement point and `countersign replay` ask the same function.
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { isAbove, UNLABELLED, type Effect, type ToolLabel } from '../../core/label.ts'
import { globMatches } from '../../token/glob.ts'
import { valuesOf, type ArgumentValue, type CallValues } from './destinations.ts'
import { dictated, isOwnWords, isSaid, type Dictated, type Scrutiny } from './dictated.ts'
import { leadsTo } from './leaves.ts'
import { fold, hasInvisible, names } from './text.ts'
import type {
  Basis,
  FlowInput,
  FlowRule,
  FlowVerdict,
  Found,
  MemoryView,
  NamedPolicy,
  Provenance,
} from './types.ts'

/** FLW-8: what a destination may come from, by what the call does with it. */
const ENOUGH: Readonly<Record<Effect, ReadonlySet<Provenance>>> = {
  none: new Set<Provenance>(['instruction', 'trusted', 'field', 'prose']),
  internal: new Set<Provenance>(['instruction', 'trusted', 'field']),
  external: new Set<Provenance>(['instruction', 'trusted', 'field']),
  destructive: new Set<Provenance>(['instruction', 'trusted']),
}

export const REASON_OF = {
  sink: 'FLOW_SINK',
  destination: 'FLOW_DESTINATION',
  influence: 'FLOW_INFLUENCE',
} as const satisfies Record<FlowRule, FlowVerdict['reasons'][number]>

export function judgeFlow(input: FlowInput): FlowVerdict {
  const label = input.label ?? UNLABELLED
  const basis = [...sink(label, input), ...whereTo(label, input)].map((one) => endorsed(one, input))
  const objecting = basis.filter(({ verdict }) => verdict === 'objects')
  const rules = new Set(objecting.map(({ rule }) => rule))
  return {
    reasons: [...rules].map((rule) => REASON_OF[rule]),
    basis: basis.map(({ rule, argument, provenance, source, verdict }) => ({
      rule,
      argument,
      provenance,
      source,
      verdict,
    })),
  }
}

/** FLW-23: what a call that was made goes on with. */
export function judgeBeside({
  label,
  memory,
  instruction,
  beside,
}: Pick<FlowInput, 'label' | 'memory' | 'instruction'> & { readonly beside: JsonObject }): readonly Basis[] {
  if (memory.taint.integrity === 'trusted' || !isEffect(label ?? UNLABELLED)) return []
  return besides(beside, memory, foldedInstruction(instruction), 'any')
}

function isEffect({ effect }: ToolLabel): boolean {
  return effect === 'external' || effect === 'destructive'
}

function foldedInstruction(instruction: string | null): string {
  return instruction === null ? '' : fold(instruction)
}

/** By the member that it stands in: what is below may be data. */
function besides(beside: JsonObject, memory: MemoryView, instruction: string, scrutiny: Scrutiny): Basis[] {
  if (Object.keys(beside).length === 0) return []
  const { contents, too_long } = valuesOf(beside, [])
  const found_in = dictated(contents, memory, instruction, scrutiny)
  if (found_in === null) return too_long ? [objection('influence', 'params')] : []
  const [, member = ''] = found_in.argument.split('/')
  const { source } = found_in.found
  return [{ ...objection('influence', member === '' ? 'params' : member), provenance: 'prose', source }]
}

/** With the value, which policies are asked about and nothing else keeps. */
type Judged = Basis & { readonly value?: string }

/** FLW-7 */
function sink(label: ToolLabel, { memory }: FlowInput): Judged[] {
  if (label.effect === 'none' || !isAbove(memory.taint.level, label.accepts)) return []
  return [objection('sink', null)]
}

/** FLW-8: before something untrusted was read, nothing but the principal and the system has had a say. */
function whereTo(label: ToolLabel, input: FlowInput): Judged[] {
  return input.memory.taint.integrity === 'trusted' ? [] : new Call(label, input).judged()
}

function objection(rule: FlowRule, argument: string | null): Judged {
  return { rule, argument, provenance: null, source: null, verdict: 'objects' }
}

/** Digits that stand in any longer text by chance. */
const CHANCE = /^\d{1,3}$/
const LETTER = /\p{L}/u

class Call {
  readonly #label: ToolLabel
  readonly #memory: MemoryView
  readonly #instruction: string
  readonly #values: CallValues
  readonly #beside: JsonObject
  #any: Dictated | null | undefined

  constructor(label: ToolLabel, { args, beside = {}, memory, instruction }: FlowInput) {
    this.#label = label
    this.#memory = memory
    this.#instruction = foldedInstruction(instruction)
    this.#values = valuesOf(args, label.destination, label.effect !== 'none')
    this.#beside = beside
  }

  judged(): Judged[] {
    const { destinations, too_many, too_long } = this.#values
    const judged = destinations.map((one) => this.#held('destination', one))
    if (too_many) judged.push(objection('destination', ''))
    if (!isEffect(this.#label)) return judged
    // Behind as many texts as anybody looks at may stand whatever somebody else wants said.
    if (too_long) judged.push(objection('influence', ''))
    const told = destinations.length > 0 && judged.every(({ provenance }) => provenance === 'instruction')
    judged.push(...besides(this.#beside, this.#memory, this.#instruction, told ? 'all' : 'any'))
    if (this.#label.destination.length === 0) return [...judged, ...this.#withoutDestination()]
    const found_in = told ? this.#dictated('all') : this.#dictation()
    if (found_in === null) return judged
    const { argument, value, found } = found_in
    return [
      ...judged,
      { ...objection('influence', argument), provenance: 'prose', source: found.source, value },
    ]
  }

  /** The label names no destination: whatever the call says may be one, and if it says nothing, nothing speaks for it. */
  #withoutDestination(): Judged[] {
    const saying = this.#values.contents.filter(({ value }) => LETTER.test(value))
    return saying.length === 0
      ? [objection('influence', null)]
      : saying.map((one) => this.#held('influence', one))
  }

  #held(rule: FlowRule, { argument, value }: ArgumentValue): Judged {
    const of = (provenance: Provenance, source: Basis['source']): Judged => {
      const verdict = ENOUGH[this.#label.effect].has(provenance) ? 'passes' : 'objects'
      return { rule, argument, provenance, source, verdict, value }
    }
    if (names(this.#instruction, value)) return of('instruction', null)
    const found = this.#memory.find(value)
    // What the agent composed and read back is still what it composed.
    const composed = found !== null && found.composed && !found.trusted && this.#label.effect === 'none'
    return found === null || composed ? of('nowhere', null) : of(this.#weighed(found, value), found.source)
  }

  /** Where prose names what also stands elsewhere, and its word counts for little. Never for what cannot be undone. */
  #weighed(found: Found, value: string): Provenance {
    if (found.provenance !== 'prose' || this.#label.effect === 'destructive') return found.provenance
    if (CHANCE.test(value)) return found.trusted ? 'trusted' : found.field ? 'field' : 'prose'
    // A known place, and words that nobody dictated: what the prose chose is at most which of them hears it.
    const { contents } = this.#values
    if (found.trusted && contents.some((one) => isSaid(one.value)) && this.#dictation() === null)
      return 'trusted'
    return found.field && isOwnWords(contents, this.#instruction) ? 'field' : 'prose'
  }

  #dictation(): Dictated | null {
    if (this.#any === undefined) this.#any = this.#dictated('any')
    return this.#any
  }

  #dictated(scrutiny: Scrutiny): Dictated | null {
    return dictated(this.#values.contents, this.#memory, this.#instruction, scrutiny)
  }
}

/** FLW-9: by a named policy. Approvals are the caller's. */
function endorsed(one: Judged, { policies, server, tool }: FlowInput): Judged {
  const { argument, value } = one
  if (one.verdict !== 'objects' || argument === null || value === undefined) return one
  const found = policies.find(
    (policy) => policy.server === server && policy.tool === tool && covers(policy, argument, value),
  )
  return found === undefined ? one : { ...one, verdict: { endorsed_by: found.name } }
}

function covers(policy: NamedPolicy, argument: string, value: string): boolean {
  if (!leadsTo(policy.argument.split('/'), argument.split('/'))) return false
  if (policy.values.includes(value)) return true
  // What nobody sees all of is not what it looks like.
  if (hasInvisible(value)) return false
  const signs = signsOf(value)
  return policy.values.some((glob) => globMatches(glob, value) && hasSigns(glob, signs))
}

/** What a star of a policy stands for: names, numbers and the parts of a host. No sign at which some reader ends one. */
const NO_SIGN = /[\p{L}\p{M}\p{N}._~+=/-]/u
/** Whatever: who writes it means it. But two addresses go to either, as their reader has it. */
const ANYTHING = /^[*/]+$/

/** The others, by how often each is there. */
function signsOf(text: string): ReadonlyMap<string, number> {
  const signs = new Map<string, number>()
  for (const sign of text.normalize('NFKC'))
    if (!NO_SIGN.test(sign)) signs.set(sign, (signs.get(sign) ?? 0) + 1)
  return signs
}

/** FLW-10: a glob that matches says each sign of the value itself. */
function hasSigns(glob: string, signs: ReadonlyMap<string, number>): boolean {
  if (ANYTHING.test(glob)) return (signs.get('@') ?? 0) < 2
  const said = signsOf(glob)
  return [...signs].every(([sign, count]) => count <= (said.get(sign) ?? 0))
}
