/**
 * The rules on flows: what speaks against a call, given what was read before it. spec/flow.md, FLW-7 to FLW-9. Pure; the
 * enforcement point and `countersign replay` ask the same function.
 * @module
 */
import { isAbove, UNLABELLED, type Effect, type ToolLabel } from '../../core/label.ts'
import { globMatches } from '../../token/glob.ts'
import { valuesOf, type ArgumentValue, type CallValues } from './destinations.ts'
import { leadsTo } from './leaves.ts'
import { fold, names, stands } from './text.ts'
import type { Basis, FlowInput, FlowRule, FlowVerdict, Found, NamedPolicy, Provenance } from './types.ts'

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
    basis: basis.map(({ value: _, ...one }) => one),
  }
}

/** With the value, which policies are asked about and nothing else keeps. */
type Judged = Basis & { readonly value?: string }

/** FLW-7 */
function sink(label: ToolLabel, { memory }: FlowInput): Judged[] {
  if (label.effect === 'none' || !isAbove(memory.taint.level, label.accepts)) return []
  return [{ rule: 'sink', argument: null, provenance: null, source: null, verdict: 'objects' }]
}

/** FLW-8: nothing but the principal and the system has had a say before something untrusted was read. */
function whereTo(label: ToolLabel, input: FlowInput): Judged[] {
  if (input.memory.taint.integrity === 'trusted') return []
  const values = valuesOf(input.args, label.destination)
  const instruction = input.instruction === null ? '' : fold(input.instruction)
  const judged = values.destinations.map((one) => destination(label, input, instruction, one, values))
  if (values.too_many) judged.push(objection('destination', '', 'nowhere'))
  if (!leavesTheSystem(label.effect)) return judged
  if (values.destinations.length === 0) judged.push(...withoutDestination(label, input, instruction, values))
  else if (judged.some(({ provenance }) => provenance !== 'instruction'))
    judged.push(...dictated(input, instruction, values))
  return judged
}

function leavesTheSystem(effect: Effect): boolean {
  return effect === 'external' || effect === 'destructive'
}

function objection(rule: FlowRule, argument: string | null, provenance: Provenance | null): Judged {
  return { rule, argument, provenance, source: null, verdict: 'objects' }
}

function destination(
  label: ToolLabel,
  { memory }: FlowInput,
  instruction: string,
  { argument, value }: ArgumentValue,
  values: CallValues,
): Judged {
  const passes = (provenance: Provenance, source: Basis['source']): Judged => {
    const verdict = ENOUGH[label.effect].has(provenance) ? 'passes' : 'objects'
    return { rule: 'destination', argument, provenance, source, verdict, value }
  }
  if (names(instruction, value)) return passes('instruction', null)
  const found = memory.find(value)
  if (found === null) return passes('nowhere', null)
  return passes(weighed(found, value, label, values, instruction), found.source)
}

/** Digits that stand in any longer text by chance. */
const CHANCE = /^\d{1,3}$/

/** FLW-8: where prose names what also stands elsewhere, and its word counts for nothing. Never for what cannot be undone. */
function weighed(
  found: Found,
  value: string,
  label: ToolLabel,
  values: CallValues,
  instruction: string,
): Provenance {
  if (found.provenance !== 'prose' || label.effect === 'destructive') return found.provenance
  if (found.trusted && (CHANCE.test(value) || isOwnWords(values, instruction))) return 'trusted'
  return found.field && CHANCE.test(value) ? 'field' : 'prose'
}

/** Characters from which on a text counts as said and not as a date, a number or a word of a vocabulary. */
const SAID_LENGTH_MIN = 8
const LETTERS = /\p{L}{2}/u

function isSaid(value: string): boolean {
  return value.length >= SAID_LENGTH_MIN && LETTERS.test(value)
}

/** Whether all that a call carries stands in the instruction, and something does. */
function isOwnWords({ contents }: CallValues, instruction: string): boolean {
  const said = contents.filter(({ value }) => isSaid(value))
  return said.length > 0 && said.every(({ value }) => stands(instruction, fold(value)))
}

/** FLW-8, influence: nothing says where it goes, so nothing speaks for it. */
function withoutDestination(
  label: ToolLabel,
  input: FlowInput,
  instruction: string,
  values: CallValues,
): Judged[] {
  if (label.destination.length === 0) return [objection('influence', null, null)]
  return dictated(input, instruction, values)
}

const ADDRESSES = /\b(?:https?:\/\/|www\.)[^\s<>"')\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi

/** FLW-8, influence: what is carried was dictated, word for word, by the prose of somebody else. */
function dictated({ memory }: FlowInput, instruction: string, { contents }: CallValues): Judged[] {
  if (contents.some(({ value }) => isSaid(value) && stands(instruction, fold(value)))) return []
  for (const { argument, value } of contents) {
    const whole = isSaid(value) ? [value] : []
    for (const said of [...whole, ...(value.match(ADDRESSES) ?? [])]) {
      if (names(instruction, said)) continue
      const found = memory.find(said)
      if (found?.provenance === 'prose')
        return [
          {
            rule: 'influence',
            argument,
            provenance: 'prose',
            source: found.source,
            verdict: 'objects',
            value: said,
          },
        ]
    }
  }
  return []
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
  return policy.values.some((glob) => glob === value || globMatches(glob, value))
}
