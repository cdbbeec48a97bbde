/**
 * Patterns: I-Regexp (RFC 9485) without categories, as position automata. spec/grants.md, GRT-5 and NRW-8.
 * Matching and inclusion are bounded: no pattern and no value makes them slow.
 * @module
 */
import { parsePattern, type CharSet, type Node } from './pattern-syntax.ts'

const PATTERN_CHARS_MAX = 256
const PATTERN_POSITIONS_MAX = 256
/** Pairs in the follow relation (GRT-5): what one character of a value costs at most. */
const PATTERN_FOLLOW_MAX = 1024
/** A longer value matches no pattern. */
const VALUE_CHARS_MAX = 4096
/** Pairs of NRW-8: past this inclusion is not shown. */
const PAIRS_MAX = 10_000
/** And past so many comparisons, so that nobody's pattern holds a verifier up (NRW-8). */
const STEPS_MAX = 400_000
/** Automata kept, some KiB each. */
const KNOWN_MAX = 256

/** Glushkov's automaton. Position 0 is the start; `sets[p]` is what leads into position p. */
interface Automaton {
  readonly sets: readonly CharSet[]
  readonly follow: readonly (readonly number[])[]
  readonly final: readonly boolean[]
}

const known = new Map<string, Automaton | null>()

function automatonOf(pattern: string): Automaton | null {
  const found = known.get(pattern)
  if (found !== undefined) return found
  const node = Array.from(pattern).length > PATTERN_CHARS_MAX ? null : parsePattern(pattern)
  const built = node === null ? null : build(node)
  if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value ?? '')
  known.set(pattern, built)
  return built
}

/** Whether it is a pattern of GRT-5. */
export function isPattern(pattern: string): boolean {
  return automatonOf(pattern) !== null
}

/** A part of an expression: the positions it can begin and end with, and whether it matches nothing at all. */
interface Part {
  readonly nullable: boolean
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const NOTHING: Part = { nullable: true, first: [], last: [] }

class TooManyPositions extends Error {}

class Builder {
  readonly sets: CharSet[] = [[]]
  readonly follow: Set<number>[] = [new Set()]

  part(node: Node): Part {
    switch (node.kind) {
      case 'set':
        return this.#position(node.set)
      case 'sequence':
        return node.items.reduce<Part>((before, item) => this.#then(before, this.part(item)), NOTHING)
      case 'choice':
        return node.items.map((item) => this.part(item)).reduce(either)
      case 'repeat':
        return this.#repeat(node.item, node.min, node.max)
    }
  }

  #position(set: CharSet): Part {
    if (this.sets.length > PATTERN_POSITIONS_MAX) throw new TooManyPositions()
    const at = this.sets.push(set) - 1
    this.follow.push(new Set())
    return { nullable: false, first: [at], last: [at] }
  }

  #then(a: Part, b: Part): Part {
    this.#link(a, b)
    return {
      nullable: a.nullable && b.nullable,
      first: a.nullable ? [...a.first, ...b.first] : a.first,
      last: b.nullable ? [...a.last, ...b.last] : b.last,
    }
  }

  #link(a: Part, b: Part): void {
    for (const from of a.last) for (const to of b.first) this.follow[from]?.add(to)
  }

  /** `a{2,4}` is `aa(a(a)?)?`, `a{2,}` is `aaa*`: NRW-8 counts these positions. */
  #repeat(item: Node, min: number, max: number | null): Part {
    let all = NOTHING
    for (let i = 0; i < min; i++) all = this.#then(all, this.part(item))
    if (max === null) {
      const loop = this.part(item)
      this.#link(loop, loop)
      return this.#then(all, { ...loop, nullable: true })
    }
    return this.#then(all, this.#optional(item, max - min))
  }

  #optional(item: Node, times: number): Part {
    if (times === 0) return NOTHING
    const head = this.part(item)
    return { ...this.#then(head, this.#optional(item, times - 1)), nullable: true }
  }
}

function either(a: Part, b: Part): Part {
  return {
    nullable: a.nullable || b.nullable,
    first: [...a.first, ...b.first],
    last: [...a.last, ...b.last],
  }
}

function build(node: Node): Automaton | null {
  const builder = new Builder()
  try {
    const whole = builder.part(node)
    for (const to of whole.first) builder.follow[0]?.add(to)
    const last = new Set(whole.last)
    const pairs = builder.follow.reduce((sum, targets) => sum + targets.size, 0)
    if (pairs > PATTERN_FOLLOW_MAX) return null
    return {
      sets: builder.sets,
      follow: builder.follow.map((targets) => [...targets]),
      final: builder.sets.map((_, at) => (at === 0 ? whole.nullable : last.has(at))),
    }
  } catch (error) {
    if (!(error instanceof TooManyPositions)) throw error
    return null
  }
}

function holds(set: CharSet, char: number): boolean {
  return set.some(([low, high]) => low <= char && char <= high)
}

/** Whether the whole value matches. A text that is no pattern matches nothing. */
export function patternMatches(pattern: string, value: string): boolean {
  const automaton = automatonOf(pattern)
  if (automaton === null || value.length > 2 * VALUE_CHARS_MAX) return false
  const chars = Array.from(value)
  if (chars.length > VALUE_CHARS_MAX) return false
  const { sets, follow, final } = automaton
  let states: readonly number[] = [0]
  for (const char of chars) {
    const code = char.codePointAt(0) ?? 0
    const next = new Set<number>()
    for (const state of states)
      for (const to of follow[state] ?? []) if (!next.has(to) && holds(sets[to] ?? [], code)) next.add(to)
    if (next.size === 0) return false
    states = [...next]
  }
  return states.some((state) => final[state] === true)
}

/** NRW-8. `unknown`: too many pairs to say. */
export function patternWithin(child: string, parent: string): 'within' | 'outside' | 'unknown' {
  const inner = automatonOf(child)
  const outer = automatonOf(parent)
  if (inner === null || outer === null) return 'outside'
  const seen = new Set<string>()
  let steps = 0
  const queue: { readonly p: number; readonly states: readonly number[] }[] = []
  const reach = (p: number, states: readonly number[]): void => {
    const name = `${p}:${states.join(',')}`
    if (seen.has(name)) return
    seen.add(name)
    queue.push({ p, states })
  }
  reach(0, [0])
  for (let at = 0; at < queue.length; at++) {
    const { p, states } = queue[at] ?? { p: 0, states: [] }
    if (seen.size > PAIRS_MAX) return 'unknown'
    if (inner.final[p] === true && !states.some((state) => outer.final[state] === true)) return 'outside'
    const targets = [...new Set(states.flatMap((state) => outer.follow[state] ?? []))].sort((a, b) => a - b)
    for (const q of inner.follow[p] ?? []) {
      const chars = representatives(inner.sets[q] ?? [], targets, outer.sets)
      steps += (chars.length + 1) * (targets.length + 1)
      if (steps > STEPS_MAX) return 'unknown'
      for (const char of chars)
        reach(
          q,
          targets.filter((target) => holds(outer.sets[target] ?? [], char)),
        )
    }
  }
  return 'within'
}

/** One character of `set` for each way in which the targets tell characters apart. */
function representatives(set: CharSet, targets: readonly number[], sets: readonly CharSet[]): number[] {
  const edges = new Set<number>()
  for (const target of targets)
    for (const [low, high] of sets[target] ?? []) {
      edges.add(low)
      edges.add(high + 1)
    }
  const chars: number[] = []
  for (const [low, high] of set) {
    chars.push(low)
    for (const edge of edges) if (edge > low && edge <= high) chars.push(edge)
  }
  return chars
}
