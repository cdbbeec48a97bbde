/**
 * How unusual a session is for a baseline, channel by channel. spec/drift.md (DRF-11 to DRF-18).
 * Invariant: a function of the document and of one session, nothing else, so that sessions that could as well have come
 * in another order have scores that could as well have come in another order. The constants were chosen once, on other
 * data than the figures of docs/benchmarks.md are of, and belong to the format.
 * @module
 */
import type { Effect } from '../../core/label.ts'
import {
  evidenceKind,
  evidenceName,
  kindOf,
  symbolOf,
  type Action,
  type Decided,
  type Evidence,
} from './action.ts'
import { DRIVER_CHARS_MAX } from '../../log/drift-bodies.ts'
import { bucketOf, largestAmounts, meanGap, type BaselineDocument } from './document.ts'
import { surprisal16 } from './sixteenths.ts'

/** In the order in which everything lists them. */
export const CHANNELS = [
  'joint',
  'transition_max',
  'transition_mean',
  'magnitude',
  'rate',
  'novelty',
] as const
export type Channel = (typeof CHANNELS)[number]
/** Scores are integers from 0 to one less. */
export const LEVELS_MAX = 1024

export type Scores = Readonly<Record<Channel, number>>

/** Written out, because it is on the way of every session. */
export function byChannel<T>(of: (channel: Channel) => T): Record<Channel, T> {
  return {
    joint: of('joint'),
    transition_max: of('transition_max'),
    transition_mean: of('transition_mean'),
    magnitude: of('magnitude'),
    rate: of('rate'),
    novelty: of('novelty'),
  }
}

/** Something of a session that was unusual: for people. */
export interface Driver {
  readonly channel: Exclude<Channel, 'joint' | 'transition_mean'>
  /** Of the entry of the receipt. */
  readonly entry: number
  readonly what: string
  /** Sixteenths of bits. */
  readonly score: number
}

export interface Scored {
  readonly scores: Scores
  /** Those that the scores of their channels come from: at most one a channel. */
  readonly drivers: readonly Driver[]
}

/** Weight of what is shared by tools before an agent has shown what it does. */
export const PRIOR = { kind: 4, symbol: 2, transition: 2, evidence_kind: 4, evidence: 1 } as const
/** A name that was never seen is one of so many. */
const NAMES = 64

type Provenance = NonNullable<Evidence['provenance']> | 'whole'

/** Before anything was seen: by decision, then by effect. */
const DECISIONS: Readonly<Record<Decided, number>> = { allow: 0.9, step_up: 0.06, deny: 0.04 }
const EFFECTS: Readonly<Record<Effect | '?', number>> = {
  none: 0.5,
  internal: 0.2,
  external: 0.15,
  destructive: 0.1,
  '?': 0.05,
}
/** Evidence that passes, and that objects, by provenance. */
const PASSES: Readonly<Record<Provenance, number>> = {
  instruction: 0.35,
  trusted: 0.2,
  field: 0.25,
  prose: 0.02,
  nowhere: 0.05,
  whole: 0.05,
}
const OBJECTS: Readonly<Record<Provenance, number>> = {
  instruction: 0.01,
  trusted: 0.01,
  field: 0.02,
  prose: 0.005,
  nowhere: 0.025,
  whole: 0.01,
}

/** Reads a document once for many sessions. */
export class Scorer {
  readonly #document: BaselineDocument
  readonly #places: ReadonlyMap<string, number>
  readonly #from = new Map<number, number>()
  readonly #symbols: number
  readonly #kinds: number
  readonly #evidenceKinds: number
  readonly #gaps: number

  constructor(document: BaselineDocument) {
    this.#document = document
    this.#places = new Map(document.symbols.map(([name], place) => [name, place]))
    for (const [name, n] of Object.entries(document.transitions)) {
      const from = Number(name.slice(0, name.indexOf('>')))
      this.#from.set(from, (this.#from.get(from) ?? 0) + n)
    }
    this.#symbols = document.symbols.reduce((sum, [, n]) => sum + n, 0)
    this.#kinds = sumOf(document.kinds)
    this.#evidenceKinds = sumOf(document.evidence_kinds)
    this.#gaps = sumOf(document.gaps)
  }

  score(actions: readonly Action[]): Scored {
    const drivers: Driver[] = []
    const transitions = this.#transitions(actions, drivers)
    const magnitude = this.#magnitude(actions, drivers)
    const rate = this.#rate(actions)
    const novelty = this.#novelty(actions, drivers)
    const joint = Math.floor((transitions.max + magnitude + rate + 2 * novelty) / 4)
    return {
      scores: {
        joint: level(joint),
        transition_max: level(transitions.max),
        transition_mean: level(transitions.mean),
        magnitude: level(magnitude),
        rate: level(rate),
        novelty: level(novelty),
      },
      drivers: drivers.map((driver) => ({ ...driver, what: cutText(driver.what, DRIVER_CHARS_MAX) })),
    }
  }

  #transitions(actions: readonly Action[], drivers: Driver[]): { max: number; mean: number } {
    let from = -1
    let name = 'begin'
    let sum = 0
    let worst: Driver | null = null
    for (const action of actions) {
      const symbol = symbolOf(action)
      const score = surprisal16(this.#transition(from, symbol, action))
      sum += score
      if (worst === null || score > worst.score)
        worst = { channel: 'transition_max', entry: action.entry, what: `${name} > ${symbol}`, score }
      from = this.#places.get(symbol) ?? -2
      name = symbol
    }
    if (worst !== null) drivers.push(worst)
    return { max: worst?.score ?? 0, mean: Math.floor((2 * sum) / Math.max(1, actions.length)) }
  }

  /** Of a symbol after another, by what was seen of the two, of the symbol, of its kind. */
  #transition(from: number, symbol: string, action: Action): number {
    const { kinds, symbols, transitions } = this.#document
    const before = EFFECTS[action.effect ?? '?'] * DECISIONS[action.decision]
    const ofKind = (countOf(kinds, kindOf(action)) + PRIOR.kind * before) / (this.#kinds + PRIOR.kind)
    const place = this.#places.get(symbol)
    const seen = place === undefined ? 0 : (symbols[place]?.[1] ?? 0)
    const ofSymbol = (seen + (PRIOR.symbol * ofKind) / NAMES) / (this.#symbols + PRIOR.symbol)
    const both = place === undefined ? 0 : countOf(transitions, `${from}>${place}`)
    const after = this.#from.get(from) ?? 0
    const mixed = 0.5 * ofSymbol + (0.5 * ofKind) / NAMES
    return (both + PRIOR.transition * mixed) / (after + PRIOR.transition)
  }

  #novelty(actions: readonly Action[], drivers: Driver[]): number {
    const { evidence, evidence_kinds } = this.#document
    let worst: Driver | null = null
    for (const action of actions)
      for (const one of action.evidence) {
        const kind = evidenceKind(one)
        const prior = (one.objects ? OBJECTS : PASSES)[one.provenance ?? 'whole']
        const seen = countOf(evidence_kinds, kind)
        const ofKind = (seen + PRIOR.evidence_kind * prior) / (this.#evidenceKinds + PRIOR.evidence_kind)
        const name = evidenceName(action.tool, one)
        const within = (countOf(evidence, name) + PRIOR.evidence / NAMES) / (seen + PRIOR.evidence)
        // A kind weighs four times what is new within it: tasks bring new arguments, attackers new kinds.
        const score = surprisal16(ofKind) + Math.floor(surprisal16(Math.min(1, within)) / 4)
        if (worst === null || score > worst.score)
          worst = { channel: 'novelty', entry: action.entry, what: name, score }
      }
    if (worst !== null) drivers.push(worst)
    return worst?.score ?? 0
  }

  #magnitude(actions: readonly Action[], drivers: Driver[]): number {
    const { amounts, lengths, sessions } = this.#document
    let worst = tail16(lengths, bucketOf(actions.length), sessions)
    for (const [measure, amount] of largestAmounts(actions)) {
      const score = tail16(amounts[measure] ?? {}, bucketOf(amount), sessions)
      if (score <= worst) continue
      worst = score
      const at = actions.find((action) => action.amounts[measure] === amount)
      const driver = {
        channel: 'magnitude',
        entry: at?.entry ?? 0,
        what: `${measure} ${amount}`,
        score,
      } as const
      drivers.splice(0, drivers.length, ...drivers.filter(({ channel }) => channel !== 'magnitude'), driver)
    }
    return worst
  }

  #rate(actions: readonly Action[]): number {
    const gap_ms = meanGap(actions)
    if (gap_ms === null) return 0
    const { gaps } = this.#document
    const bucket = Number(bucketOf(gap_ms))
    const near = [bucket - 1, bucket, bucket + 1].reduce((sum, one) => sum + countOf(gaps, String(one)), 0)
    return surprisal16((near + 0.5) / (this.#gaps + 1))
  }
}

/** Names of tools are others' words: a cut in the middle of a character would be no text. */
export function cutText(text: string, chars_max: number): string {
  return text.slice(0, chars_max).toWellFormed()
}

/** Of as much or more among `sessions`; each doubling beyond all of them is a bit more. */
function tail16(counts: Readonly<Record<string, number>>, bucket: string, sessions: number): number {
  const at = Number(bucket)
  let above = 0
  let largest = 0
  for (const [name, n] of Object.entries(counts)) {
    if (Number(name) >= at) above += n
    largest = Math.max(largest, Number(name))
  }
  const beyond = Math.max(0, at - largest)
  return surprisal16((above + 0.5) / (sessions + 0.5)) + 8 * beyond
}

function level(score: number): number {
  return Math.min(LEVELS_MAX - 1, Math.max(0, score))
}

function countOf(counts: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0)
}
