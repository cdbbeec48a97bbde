/**
 * Drift done again from a log, and held against what the log says of it. spec/drift.md (DRF-30).
 * Invariant: knows nothing but the entries, in order. A log of which entries were pruned cannot be done again.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import type { AnyEntry } from '../../log/entries.ts'
import { DriftCore, type Made } from './core.ts'

export type DriftFaultCode = 'BASELINE_DIFFERS' | 'DRIFT_DIFFERS'

export interface DriftFault {
  readonly code: DriftFaultCode
  readonly message: string
}

export interface Replayed {
  readonly epochs: number
  readonly baselines: number
  readonly scores: number
  /** What follows from the entries, and the log does not hold yet. */
  readonly waiting: number
}

type DriftEntry = Extract<AnyEntry, { type: Made['type'] }>

export class DriftReplay {
  readonly #core: DriftCore
  /** By what they are about. */
  readonly #made = new Map<string, string>()
  #epochs = 0
  #baselines = 0
  #scores = 0

  constructor(crypto: Crypto) {
    this.#core = new DriftCore(crypto, (made) => this.#made.set(nameOf(made), canonicalize(made.body)))
  }

  /** @returns what is wrong with it, or null */
  take(index: number, time_ms: number, entry: AnyEntry): DriftFault | null {
    this.#core.take({ index, time_ms, entry })
    if (!isDrift(entry)) return null
    if (entry.type === 'drift.epoch_started') this.#epochs += 1
    else if (entry.type === 'baseline.proposed') this.#baselines += 1
    else this.#scores += 1
    const name = nameOf(entry)
    const made = this.#made.get(name)
    this.#made.delete(name)
    if (made === canonicalize(entry.body)) return null
    const code = entry.type === 'baseline.proposed' ? 'BASELINE_DIFFERS' : 'DRIFT_DIFFERS'
    const message =
      made === undefined
        ? `${entry.type}: nothing before it comes to that`
        : `${entry.type}: the entries before it come to ${made}`
    return { code, message }
  }

  report(): Replayed {
    const waiting = this.#made.size
    return { epochs: this.#epochs, baselines: this.#baselines, scores: this.#scores, waiting }
  }
}

function isDrift(entry: AnyEntry): entry is DriftEntry {
  const { type } = entry
  return type === 'drift.epoch_started' || type === 'baseline.proposed' || type === 'drift.scored'
}

function nameOf({ type, body }: Pick<DriftEntry, 'type' | 'body'>): string {
  return 'n' in body ? `${type} ${body.epoch} ${body.n}` : `${type} ${body.epoch}`
}
