/**
 * What one agent did with one tool at one point since it was last brought to the views of that place: most receipts
 * change nothing else. spec/telemetry.md (TEL-6, TEL-9).
 * @module
 */
import { NAMES_MAX, namedOf, type Named, type Place } from './place.ts'
import { AT, COLUMNS, KINDS, LATENCY_BOUNDS_S, type Kind } from './terms.ts'

export interface NamedTally {
  readonly kind: Kind
  /** By view, chosen when the name came first: which names there is room for follows from the entries alone. */
  readonly of: readonly Named[]
  readonly isKept: boolean
  n: number
  total: number
}

export class Tally {
  /** By view. */
  readonly places: readonly Place[]
  /** In the order of {@link COLUMNS}. */
  readonly counts: number[] = COLUMNS.map(() => 0)
  readonly bins: number[] = [...LATENCY_BOUNDS_S.map(() => 0), 0]
  /** Time of the last entry, milliseconds since 1970. */
  seen = 0
  isWaiting = false
  readonly #reasons = new Map<string, NamedTally>()
  readonly #debits = new Map<string, NamedTally>()

  constructor(places: readonly Place[]) {
    this.places = places
  }

  addLatency(latency_ms: number, bound: number): void {
    const add = (column: number, n: number): void => {
      this.counts[column] = (this.counts[column] ?? 0) + n
    }
    this.bins[bound] = (this.bins[bound] ?? 0) + 1
    add(AT.latency_ms, latency_ms)
    add(AT.latencies, 1)
    if (latency_ms <= 100) add(AT.within_100ms, 1)
    if (latency_ms <= 1_000) add(AT.within_1s, 1)
    if (latency_ms <= 10_000) add(AT.within_10s, 1)
  }

  /** Names come from callers: those beyond what is counted apart are looked up each time. */
  named(kind: Kind, name: string): NamedTally {
    const known = kind === 'debit' ? this.#debits : this.#reasons
    const kept = known.get(name)
    if (kept !== undefined) return kept
    const of = this.places.map((place) => namedOf(place, KINDS.indexOf(kind), name))
    const made = { kind, of, isKept: known.size < NAMES_MAX, n: 0, total: 0 }
    if (made.isKept) known.set(name, made)
    return made
  }

  *allNamed(): Generator<NamedTally> {
    yield* this.#reasons.values()
    yield* this.#debits.values()
  }

  clear(): void {
    this.isWaiting = false
    this.counts.fill(0)
    this.bins.fill(0)
  }
}
