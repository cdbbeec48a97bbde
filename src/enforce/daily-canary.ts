/**
 * When a point tries a caller whom nobody registered: once on each day of UTC on which it runs, from the day after its
 * first. spec/enforcement.md (ENF-10).
 * @module
 */
import type { Clock } from '../ports/clock.ts'
import type { CanaryOutcome } from './canary.ts'

const DAY_MS = 86_400_000
const LOOK_EVERY_MS = 60_000
/** Of a day that turns while points run: a fleet does not do it at once. */
const SPREAD_MS = 30 * 60_000

/** The last day that is done with, over restarts. */
export interface CanaryDay {
  /** `2026-03-01`; null: the point never ran before. */
  read(): Promise<string | null>
  write(day: string): Promise<void>
}

export interface DailyCanaryOptions {
  readonly clock: Clock
  readonly day: CanaryDay
  readonly attempt: () => Promise<CanaryOutcome>
  readonly onFault: (error: unknown) => void
  /** Of the spread, from 0 to 1. */
  readonly share?: number
}

export class DailyCanary {
  readonly #o: DailyCanaryOptions
  readonly #after_ms: number
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: DailyCanaryOptions) {
    this.#o = options
    this.#after_ms = (options.share ?? Math.random()) * SPREAD_MS
  }

  start(): void {
    void this.look(0)
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  /** Resolves once a try that is under way is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Never rejects. @param after_ms into the day: none for a point that has just been started */
  look(after_ms = this.#after_ms): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(after_ms)).catch(this.#o.onFault)
    return this.#looking
  }

  async #look(after_ms: number): Promise<void> {
    const { clock, day, attempt, onFault } = this.#o
    const now_ms = clock.now()
    const today = new Date(now_ms).toISOString().slice(0, 10)
    const last = await day.read()
    if (last === null) return day.write(today)
    if (last >= today || now_ms % DAY_MS < after_ms) return
    const { reasons, reached } = await attempt()
    if (reached || reasons.length === 0)
      onFault(new Error('an agent that nobody registered was allowed here'))
    if (!reasons.includes('NOT_RECORDED')) await day.write(today)
  }
}
