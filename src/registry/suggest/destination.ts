/** Which arguments say to whom, where to, or on what (LBL-7). @module */
import { typesOf } from './definition.ts'
import type { Judged } from './effect.ts'
import { NAMES, type Kind, type Parameter } from './parameters.ts'

/** Of a label (LBL-3). */
const DESTINATIONS_MAX = 64
const POINTER_LENGTH_MAX = 256

/** A change of one of these sends what comes next somewhere else. */
const WHEREABOUTS = new Set('address shipping delivery billing forwarding'.split(' '))
/** They say where something goes, whatever else the call does. */
const WHERE: ReadonlySet<Kind> = new Set<Kind>([
  'person',
  'account',
  'address',
  'place',
  'secret',
  'code',
  'bought',
])

export interface Destinations {
  readonly destination: readonly string[]
  readonly reasons: readonly string[]
  readonly look: readonly string[]
}

export function destinationsOf(
  { effect, verb, is_new }: Judged,
  parameters: readonly Parameter[],
  words: readonly string[],
): Destinations {
  const chosen = choose()
  const reasons = chosen
    .slice(0, DESTINATIONS_MAX)
    .map(({ name, kind }) => `the parameter \`${name}\` names ${NAMES[kind]}`)
  // Rather every argument than one too few.
  if (chosen.length > DESTINATIONS_MAX || chosen.some(({ pointer }) => pointer.length > POINTER_LENGTH_MAX))
    return {
      destination: [''],
      reasons,
      look: ['more arguments say where it goes than a label names: are they all that?'],
    }
  const look =
    effect === 'none' || chosen.length > 0 || effect === 'internal'
      ? []
      : ['no argument says to whom or on what: after anything untrusted was read, each call asks a person']
  return { destination: chosen.map(({ pointer }) => pointer), reasons, look }

  function choose(): readonly Parameter[] {
    // What a page is fetched from learns its address, and all that was written into it.
    if (effect === 'none') return parameters.filter(({ kind }) => kind === 'address')
    if (effect === 'destructive') {
      const what = parameters.filter(({ kind }) => WHERE.has(kind) || kind === 'thing' || kind === 'right')
      return what.length > 0 ? what : named()
    }
    const changes = (effect === 'internal' || verb?.effect === 'internal') && !is_new
    const what = parameters.filter(
      ({ kind, existing }) => WHERE.has(kind) || existing || (changes && kind === 'thing'),
    )
    if (changes && what.length === 0 && words.some((word) => WHEREABOUTS.has(word)))
      return parameters.filter(({ schema }) => !typesOf(schema).includes('boolean'))
    if (what.length > 0 || (is_new && effect === 'internal')) return what
    const things = parameters.filter(({ kind }) => kind === 'thing')
    return things.length > 0 ? things : named()
  }

  function named(): readonly Parameter[] {
    const called = parameters.filter(({ kind }) => kind === 'name')
    return called.length > 0 ? called : parameters.filter((each) => words.includes(each.words.at(-1) ?? ''))
  }
}
