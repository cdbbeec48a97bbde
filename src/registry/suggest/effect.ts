/**
 * What a call does (LBL-6), by the verb of its name first: what a server says of its tool in words or annotations is its
 * own word, and may only make the effect stricter where the name has a verb.
 * @module
 */
import type { Effect } from '../../core/label.ts'
import type { Definition } from './definition.ts'
import { isOf } from './domains.ts'
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

/** What is sent or shown to others when it is made or changed. */
const SENT = new Set(
  'message mail email post comment reply review tweet sms invitation payment transaction transfer order booking reservation issue ticket pull pr discussion release webhook notification announcement subscription refund charge purchase donation call bid offer claim'.split(
    ' ',
  ),
)
/** To open one of these is to make it. */
const FILED = new Set('issue ticket pull pr discussion order case dispute claim account position'.split(' '))
/** Keeping order among such things sends nothing. */
const UPKEEP = new Set(
  'archive bookmark draft label log mark move mute pin record save snooze sort star tag unarchive unpin unstar watch'.split(
    ' ',
  ),
)
/** Parameters that are programs, whatever the verb. */
const RUNS = new Set('code cmd command program script'.split(' '))
/** Where a download lands. */
const LANDS = new Set('destination dest path filename filepath output'.split(' '))
/** What decides who may do what. */
const ACCESS = new Set(
  'password passcode permission role access ownership credential privilege acl mfa visibility secret'.split(
    ' ',
  ),
)
const INVITED = new Set('attendee participant invitee guest recipient'.split(' '))
const OWN_DETAILS = new Set('profile contact account setting preference info information detail'.split(' '))

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
  effect = byNouns(effect, verb, nouns, parameters, reasons)
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

/** The same verb does more to some things than to others. */
function byNouns(
  effect: Effect,
  verb: Verb | null,
  nouns: readonly string[],
  parameters: readonly Parameter[],
  reasons: string[],
): Effect {
  if (verb === null || effect === 'destructive') return effect
  const code = parameters.find(
    ({ kind, words }) => kind === 'code' && (effect !== 'none' || RUNS.has(words.at(-1) ?? '')),
  )
  const query = isOf(nouns, 'data') || nouns.includes('sql') || nouns.length === 0
  const sql = parameters.find(({ words }) => words.includes('sql') || (query && words.at(-1) === 'statement'))
  if (sql ?? code) {
    reasons.push(`the parameter \`${(sql ?? code)?.name}\` says what is done: it may be anything`)
    return 'destructive'
  }
  const method = parameters.find(({ words }) => words.at(-1) === 'method')
  if (method !== undefined && parameters.some(({ kind }) => kind === 'address')) {
    reasons.push(`the parameter \`${method.name}\` may make it a request that changes something elsewhere`)
    return 'external'
  }
  if (verb.word === 'open' && nouns.some((noun) => FILED.has(noun))) {
    reasons.push('what it opens is new, and for others to see')
    return 'external'
  }
  const lands = verb.word === 'download' && parameters.find(({ words }) => LANDS.has(words.at(-1) ?? ''))
  if (lands) {
    reasons.push(`the parameter \`${lands.name}\` says where it writes`)
    return 'internal'
  }
  if (effect === 'none') return effect
  const access = nouns.find((noun) => ACCESS.has(noun))
  if (access !== undefined) {
    reasons.push(`"${access}": it changes who can get in`)
    return 'destructive'
  }
  if (
    ['add', 'enroll', 'link'].includes(verb.word) &&
    isOf(nouns, 'users') &&
    parameters.some(({ kind }) => kind === 'person')
  ) {
    reasons.push('it lets somebody in')
    return 'external'
  }
  if (UPKEEP.has(verb.word)) return effect
  if (nouns.includes('draft')) return effect
  const sent = nouns.find((noun) => SENT.has(noun))
  if (sent !== undefined && effect === 'internal') {
    reasons.push(`"${sent}": it is for others to see`)
    return 'external'
  }
  const invited = parameters.find(({ words }) => INVITED.has(words.at(-1) ?? ''))
  const reached = parameters.find(
    ({ kind, words }) =>
      kind === 'person' && ['email', 'phone', 'to', 'recipient'].includes(words.at(-1) ?? ''),
  )
  const own = nouns.some((noun) => OWN_DETAILS.has(noun))
  const outside = invited ?? (own ? undefined : reached)
  if (outside !== undefined && effect === 'internal') {
    reasons.push(`the parameter \`${outside.name}\` names people whom it may reach`)
    return 'external'
  }
  return effect
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
