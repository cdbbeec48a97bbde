/** Which arguments say to whom, where to, or on what (LBL-7). @module */
import type { Judged } from './effect.ts'
import { NAMES, type Kind, type Parameter } from './parameters.ts'

/** Of a label (LBL-3). */
const DESTINATIONS_MAX = 64

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
): Destinations {
  const chosen = choose()
  const look =
    effect === 'none' || chosen.length > 0 || effect === 'internal'
      ? []
      : ['no argument says to whom or on what: after anything untrusted was read, each call asks a person']
  return {
    destination: chosen.slice(0, DESTINATIONS_MAX).map(({ pointer }) => pointer),
    reasons: chosen.map(
      ({ name, kind }) => `the parameter \`${name}\` names ${kind === 'other' ? '' : NAMES[kind]}`,
    ),
    look,
  }

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
    if (what.length > 0 || (is_new && effect === 'internal')) return what
    const things = parameters.filter(({ kind }) => kind === 'thing')
    return things.length > 0 ? things : named()
  }

  function named(): readonly Parameter[] {
    return parameters.filter(({ kind }) => kind === 'name')
  }
}
