/**
 * What spoke against a call, in one sentence for people. spec/flow.md, FLW-12. The value itself is said, since a person
 * decides on it; where sentences go that must hold no data, use the basis.
 * @module
 */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { isBeside, type Basis, type Provenance } from './types.ts'

/** Characters of a value, and of a name of a tool, that a sentence shows. */
const SHOWN_MAX = 80
/** Characters that are looked at for that: white space may go. */
const READ_MAX = 1024
/** Places that are looked at where a receipt does not say which. */
const PLACES_MAX = 64

const FROM: Readonly<Record<Exclude<Provenance, 'nowhere'>, string>> = {
  instruction: 'the instruction',
  trusted: 'a trusted result',
  field: 'a field of a result that somebody else may have written',
  prose: 'the text of a result that somebody else may have written',
}

/** Who may let the call go out all the same: a person who is asked, or nobody (mode `deny`, ENF-3). */
export type Arbiter = 'person' | 'nobody'

/** The first objection, else what the first destination rests on. */
export function explainFlow(basis: readonly Basis[], args: JsonObject, arbiter: Arbiter = 'person'): string {
  const objects = basis.filter(({ verdict }) => verdict === 'objects')
  const [first] = objects.length > 0 ? objects : basis.filter(({ verdict }) => verdict !== 'passes')
  if (first === undefined) return 'Nothing that was read speaks against this call.'
  const more = objects.length > 1 ? ` (and ${objects.length - 1} more)` : ''
  if (first.verdict !== 'objects' && first.verdict !== 'passes')
    return `${subject(first, args)} was agreed on before: ${shown(first.verdict.endorsed_by)}.`
  return `${reason(first, args)}${more}: ${endOf(first, arbiter)}.`
}

function endOf(one: Basis, arbiter: Arbiter): string {
  if (isBeside(one)) return 'send the call without that'
  return arbiter === 'person' ? 'a person has to agree' : 'the flow policy lets nobody agree to that'
}

function reason(one: Basis, args: JsonObject): string {
  if (one.argument === '') return 'This call holds more values than anybody looks at'
  switch (one.rule) {
    case 'sink':
      return 'Data was read that is more sensitive than this tool may be given'
    case 'influence':
      return one.argument === null
        ? 'Nothing says where this call goes, and texts that somebody else may have written were read before it'
        : `${subject(one, args)} repeats ${FROM.prose}${place(one)}, and the instruction does not say where it goes`
    case 'destination':
      return one.provenance === null || one.provenance === 'nowhere'
        ? `${subject(one, args)} stands neither in the instruction nor in anything that was read`
        : `${subject(one, args)} stands only in ${FROM[one.provenance]}${place(one)}`
  }
}

function subject({ argument }: Basis, args: JsonObject): string {
  if (argument === null || argument === '') return 'This call'
  if (!argument.startsWith('/')) return `What goes beside the arguments ("${shown(argument)}")`
  const tokens = argument.split('/').slice(1)
  const [place, ...others] = placesAt(args, tokens)
  if (place !== undefined && others.length === 0) return `The ${shown(place.name)} "${shown(place.value)}"`
  return tokens[0] === '*' ? 'An argument' : `The argument "${shown(tokens[0] ?? '')}"`
}

function place({ source }: Basis): string {
  return source === null ? '' : ` (${shown(source.tool)}, action ${shown(source.action)})`
}

interface Place {
  /** Of the argument. */
  readonly name: string
  readonly value: string
}

/** What a pointer leads to, where a receipt hides names as `*` (RCP-11): two of them, if there are more than one. */
function placesAt(args: JsonObject, tokens: readonly string[]): readonly Place[] {
  let reached: { readonly name: string; readonly value: JsonValue }[] = [{ name: '', value: args }]
  for (const token of tokens) {
    const plain = token.replaceAll('~1', '/').replaceAll('~0', '~')
    reached = reached.flatMap(({ name, value }) => {
      if (typeof value !== 'object' || value === null) return []
      const members = token === '*' ? Object.keys(value).slice(0, PLACES_MAX) : [plain]
      return members.flatMap((member) =>
        Object.hasOwn(value, member)
          ? [{ name: name === '' ? member : name, value: (value as JsonObject)[member] ?? null }]
          : [],
      )
    })
    if (reached.length > PLACES_MAX) return []
  }
  return reached.flatMap(({ name, value }) =>
    typeof value === 'string' || typeof value === 'number' ? [{ name, value: String(value) }] : [],
  )
}

/** On one line, no longer than a person reads, and with no end of a quotation in it: what follows is our word. */
function shown(text: string): string {
  const line = text
    .slice(0, READ_MAX)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replaceAll(/["\u201c-\u201f\u2033\u3003\uff02]/g, "'")
    .trim()
    .toWellFormed()
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX - 1).toWellFormed()}…` : line
}
