/**
 * A baseline: counts of what the sessions did that it was learned from. spec/drift.md (DRF-8 to DRF-10).
 * Invariant: bounded, whatever agents do; the same sessions in the same order give the same document.
 * @module
 */
import { z } from 'zod'
import { utf8 } from '../../core/encoding.ts'
import { evidenceKind, evidenceName, kindOf, symbolOf, type Action } from './action.ts'
import { STEPS_A_BIT, surprisal16 } from './sixteenths.ts'

/** With what a detector keeps of an epoch (ranks.ts) an agent takes less than 64 KiB. */
export const DOCUMENT_BYTES_MAX = 32 * 1024
/** What a name costs beside itself: quotes, a colon, a count, a comma. */
const NAME_BYTES = 16
/** A transition: two places and a count. */
const TRANSITION_BYTES = 20
/** What is there when nothing was learned. */
const EMPTY_BYTES = 512
/** Of a measure, of lengths, of gaps: half powers of two, up to 2^53. */
const BUCKETS_MAX = 108
const BUCKET_BYTES = 14

const count = z.int().nonnegative()
const counts = z.record(z.string(), count)

export const documentSchema = z.strictObject({
  v: z.literal(1),
  sessions: count,
  /** Symbols in the order in which they were first seen, each with how often. */
  symbols: z.array(z.tuple([z.string(), count])),
  /** `from>to`, by place among the symbols: how often. `-1` stands for the beginning. */
  transitions: counts,
  kinds: counts,
  evidence_kinds: counts,
  evidence: counts,
  /** By measure: sessions by the bucket of their largest amount. */
  amounts: z.record(z.string(), counts),
  lengths: counts,
  gaps: counts,
  /** Names that there was no room for. */
  left_out: count,
})

/** What is written while it is learned, and read only from then on. */
export type BaselineDocument = z.infer<typeof documentSchema>

export class Learner {
  readonly document: BaselineDocument
  readonly #places = new Map<string, number>()
  #bytes = EMPTY_BYTES

  /** @param document of a learner that was interrupted */
  constructor(document: BaselineDocument = emptyDocument()) {
    this.document = document
    document.symbols.forEach(([name], place) => this.#places.set(name, place))
    this.#bytes = EMPTY_BYTES + bytesOf(document)
  }

  learn(actions: readonly Action[]): void {
    const { document } = this
    document.sessions += 1
    let from = -1
    for (const action of actions) {
      const to = this.#place(symbolOf(action))
      if (to !== null) this.#add(document.transitions, `${from}>${to}`, TRANSITION_BYTES)
      from = to ?? -1
      this.#add(document.kinds, kindOf(action))
      for (const one of action.evidence) {
        this.#add(document.evidence_kinds, evidenceKind(one))
        this.#add(document.evidence, evidenceName(action.tool, one))
      }
    }
    for (const [measure, amount] of largestAmounts(actions)) {
      const known = document.amounts[measure] ?? (this.#hasRoom(nameBytes(measure)) ? {} : null)
      if (known === null) continue
      document.amounts[measure] = known
      this.#add(known, bucketOf(amount), BUCKET_BYTES)
    }
    this.#add(document.lengths, bucketOf(actions.length), BUCKET_BYTES)
    const gap_ms = meanGap(actions)
    if (gap_ms !== null) this.#add(document.gaps, bucketOf(gap_ms), BUCKET_BYTES)
  }

  #place(symbol: string): number | null {
    const known = this.#places.get(symbol)
    const { symbols } = this.document
    const at = known ?? symbols.length
    if (known === undefined) {
      if (!this.#hasRoom(nameBytes(symbol))) return null
      symbols.push([symbol, 0])
      this.#places.set(symbol, at)
    }
    const entry = symbols[at]
    if (entry !== undefined) entry[1] += 1
    return at
  }

  #add(into: Record<string, number>, name: string, bytes = nameBytes(name)): void {
    const known = Object.hasOwn(into, name) ? (into[name] ?? 0) : 0
    if (known === 0 && !this.#hasRoom(bytes)) return
    into[name] = known + 1
  }

  #hasRoom(bytes: number): boolean {
    const fits = this.#bytes + bytes <= DOCUMENT_BYTES_MAX
    if (fits) this.#bytes += bytes
    else this.document.left_out += 1
    return fits
  }
}

function emptyDocument(): BaselineDocument {
  return {
    v: 1,
    sessions: 0,
    symbols: [],
    transitions: {},
    kinds: {},
    evidence_kinds: {},
    evidence: {},
    amounts: {},
    lengths: {},
    gaps: {},
    left_out: 0,
  }
}

function nameBytes(name: string): number {
  return utf8(JSON.stringify(name)).length + NAME_BYTES
}

function bytesOf(document: BaselineDocument): number {
  const names = [document.kinds, document.evidence_kinds, document.evidence].flatMap(Object.keys)
  const buckets = [document.lengths, document.gaps, ...Object.values(document.amounts)].flatMap(Object.keys)
  const all = [...names, ...document.symbols.map(([name]) => name), ...Object.keys(document.amounts)]
  return (
    all.reduce((sum, name) => sum + nameBytes(name), 0) +
    Object.keys(document.transitions).length * TRANSITION_BYTES +
    buckets.length * BUCKET_BYTES
  )
}

/** Half powers of two; nothing and less than nothing are in the first. */
export function bucketOf(amount: number): string {
  if (amount < 1) return '0'
  return String(Math.min(BUCKETS_MAX, 1 + Math.floor(surprisal16(1 / amount) / (STEPS_A_BIT / 2))))
}

/** By measure: the largest of one call. */
export function largestAmounts(actions: readonly Action[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>()
  for (const { amounts } of actions)
    for (const [measure, amount] of Object.entries(amounts))
      all.set(measure, Math.max(amount, all.get(measure) ?? 0))
  return all
}

/** Milliseconds between a decision and the next, on average; null for a single one. */
export function meanGap(actions: readonly Action[]): number | null {
  const [first, last] = [actions[0], actions.at(-1)]
  if (first === undefined || last === undefined || actions.length < 2) return null
  return Math.max(0, last.time_ms - first.time_ms) / (actions.length - 1)
}
