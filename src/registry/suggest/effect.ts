/**
 * What a call does (LBL-6), by the verb of its name first: what a server says of its tool in words or annotations is its
 * own word, and may only make the effect stricter where the name has a verb.
 * @module
 */
import type { Effect } from '../../core/label.ts'
import type { Definition } from './definition.ts'
import { byNouns } from './by-nouns.ts'
import { domainsOf } from './domains.ts'
import type { Parameter } from './parameters.ts'
import { CREATES, infinitive, verbIn, verbOf, type Verb } from './verbs.ts'

export interface Judged {
  readonly effect: Effect
  /** Null: nothing says what it does. */
  readonly verb: (Verb & { readonly at: number | null }) | null
  /** What it names is new with the call: nothing that exists is named. */
  readonly is_new: boolean
  readonly reasons: readonly string[]
  readonly look: readonly string[]
}

const STRICTER: readonly Effect[] = ['none', 'internal', 'external', 'destructive']

export function stricter(a: Effect, b: Effect): Effect {
  return STRICTER.indexOf(a) > STRICTER.indexOf(b) ? a : b
}

const GONE =
  /\b(?:permanent(?:ly)?|irreversibl[ey]|cannot be undone|can(?:not|'t) be reverted|overwrit(?:es?|ing|ten))\b/i
const SAID_TO_READ = /\bread[- ]only\b|\bdoes not (?:modify|change)\b/i

export function judgeEffect(
  tool: Definition,
  words: readonly string[],
  parameters: readonly Parameter[],
): Judged {
  const reasons: string[] = []
  const look: string[] = []
  const verb = verbIn(words)
  let effect: Effect
  let is_new = verb !== null && CREATES.has(verb.word)
  if (verb !== null) {
    effect = verb.effect
    reasons.push(`"${verb.word}" in its name ${DOES[effect]}`)
    const joined = words.filter(
      (word, at) => at > 0 && ['and', 'or', 'then'].includes(words[at - 1] ?? '') && verbOf(word),
    )
    for (const word of joined) {
      effect = stricter(effect, verbOf(word)?.effect ?? 'none')
      is_new &&= CREATES.has(word)
      reasons.push(`its name also says "${word}"`)
    }
  } else {
    effect = byWords(tool, words, reasons, look)
  }
  const nouns = words.filter((_, at) => at !== verb?.at)
  const more = byNouns({ effect, verb, nouns, parameters })
  if (more !== null) {
    effect = more.effect
    reasons.push(more.why)
  }
  effect = byAnnotations(effect, verb, tool, reasons, look)
  effect = byDescription(effect, tool, reasons, look)
  return { effect, verb, is_new, reasons, look }
}

const DOES: Readonly<Record<Effect, string>> = {
  none: 'reads',
  internal: 'changes something within the system',
  external: 'lets something out, or commits to somebody outside',
  destructive: 'deletes, overwrites, takes or gives rights, or may do anything',
}

/** A name without a verb that is known. */
function byWords(
  { description, annotations }: Definition,
  words: readonly string[],
  reasons: string[],
  look: string[],
): Effect {
  const first = infinitive(/[A-Za-z]+/.exec(description)?.[0] ?? '')
  const thinking = words.some((word) =>
    /^(?:think|reason|reflect|echo|calculator|converter|translator)|thinking$/.test(word),
  )
  if (thinking) {
    reasons.push('it works on its own arguments alone, by its name')
    return 'none'
  }
  const about = domainsOf(words)
  if (about.length > 0 && about.every(({ name }) => name === 'time' || name === 'figures')) {
    reasons.push('its name is that of a fact which nobody changes')
    return 'none'
  }
  if (annotations.readOnlyHint === true) {
    reasons.push('read-only by its annotation')
    look.push('its name does not say what it does: does it only read?')
    return 'none'
  }
  if (annotations.destructiveHint === false) {
    reasons.push('not destructive by its annotation, which is all that says what it does')
    look.push('its name does not say what it does: what does it change?')
    return annotations.openWorldHint === false ? 'internal' : 'external'
  }
  const said = first === null ? null : verbOf(first)
  if (said !== null) {
    reasons.push(`its description begins with "${said.word}", which ${DOES[said.effect]}`)
    look.push('its name does not say what it does, only its description: does it do that and no more?')
    return said.effect
  }
  reasons.push('nothing says what it does, so it counts as destructive')
  look.push('what does it do?')
  return 'destructive'
}

function byAnnotations(
  effect: Effect,
  verb: Verb | null,
  { annotations }: Definition,
  reasons: string[],
  look: string[],
): Effect {
  const { readOnlyHint, destructiveHint, openWorldHint } = annotations
  if (readOnlyHint === true && effect !== 'none' && verb !== null) {
    look.push(`its annotation says read-only, its name says "${verb.word}": which is it?`)
    return effect
  }
  if (readOnlyHint === true) {
    if (verb !== null) reasons.push('read-only by its annotation')
    return effect
  }
  if (readOnlyHint === false && effect === 'none') {
    reasons.push('not read-only by its annotation')
    look.push('its name says that it reads, its annotation that it changes something: what does it change?')
    return destructiveHint === false ? (openWorldHint === true ? 'external' : 'internal') : 'destructive'
  }
  if (destructiveHint === true && effect !== 'destructive' && effect !== 'none') {
    reasons.push('destructive by its annotation')
    return 'destructive'
  }
  if (openWorldHint === true && effect === 'internal') {
    reasons.push('it reaches beyond the system by its annotation')
    return 'external'
  }
  return effect
}

/** Words only ever make it stricter: whoever wrote the server wrote them. */
function byDescription(effect: Effect, tool: Definition, reasons: string[], look: string[]): Effect {
  const gone = GONE.exec(tool.description)?.[0]
  if (effect !== 'none' && effect !== 'destructive' && gone !== undefined) {
    reasons.push(`its description says "${gone.toLowerCase()}"`)
    return 'destructive'
  }
  if (effect !== 'none' && SAID_TO_READ.test(tool.description))
    look.push(
      'its description says that it only reads: if the server holds itself to that, its effect is none',
    )
  if (effect === 'none' && gone !== undefined)
    look.push(`its description says "${gone.toLowerCase()}": does it change anything?`)
  return effect
}
