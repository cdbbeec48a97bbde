/** Counts by subject in windows that follow each other, in bounded memory. spec/detectors.md (DET-2). @module */
import type { JsonValue } from '../../core/json.ts'

/** Subjects that are counted at once: the one that was quiet for longest makes room. */
const SUBJECTS_MAX = 4_096

export class Windows<T extends JsonValue> {
  readonly #fresh: () => T
  readonly #subjects_max: number
  readonly #by: Map<string, { window: number; value: T }>

  /** @param state of {@link state} */
  constructor(fresh: () => T, state: JsonValue, subjects_max: number = SUBJECTS_MAX) {
    this.#fresh = fresh
    this.#subjects_max = subjects_max
    this.#by = new Map(Array.isArray(state) ? (state as [string, { window: number; value: T }][]) : [])
  }

  /** What was counted of a subject in this window so far, to be changed in place. */
  at(subject: string, window: number): T {
    const known = this.#by.get(subject)
    if (known !== undefined && known.window === window) return known.value
    if (known !== undefined)
      this.#by.delete(subject) // it is the newest again
    else if (this.#by.size >= this.#subjects_max) {
      const oldest = this.#by.keys().next()
      if (oldest.done !== true) this.#by.delete(oldest.value)
    }
    const value = this.#fresh()
    this.#by.set(subject, { window, value })
    return value
  }

  state(): JsonValue {
    return [...this.#by].map(([subject, { window, value }]) => [subject, { window, value }])
  }
}

const MINUTE_MS = 60_000

export function windowOf(time_ms: number, window_min: number): number {
  return Math.floor(time_ms / (window_min * MINUTE_MS))
}
