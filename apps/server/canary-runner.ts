/**
 * Looks whether the canaries of the day were found, once the observer had time to. spec/detectors.md (DET-5). Each node
 * looks; the first one says so.
 * @module
 */
import type { AlertRule } from '../../src/core/alert.ts'
import type { Store } from '../../src/ports/store.ts'
import { judgeCanaries, unjudged } from '../../src/registry/canaries.ts'

const EVERY_MS = 60_000
/** Since the day began, and since this process did. */
export const GRACE_MS = 10 * 60_000
const DAY_MS = 24 * 3600 * 1000

export interface CanaryRunnerOptions {
  readonly store: Store
  readonly rules: readonly AlertRule[]
  readonly report: (error: unknown) => void
}

export class CanaryRunner {
  readonly #o: CanaryRunnerOptions
  #timer: NodeJS.Timeout | undefined
  #since_ms: number | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(options: CanaryRunnerOptions) {
    this.#o = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), EVERY_MS)
    void this.look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look()).catch(this.#o.report)
    return this.#looking
  }

  async #look(): Promise<void> {
    const { store, rules } = this.#o
    const now = await store.now()
    this.#since_ms ??= now
    if (now - this.#since_ms < GRACE_MS || now % DAY_MS < GRACE_MS) return
    if ((await store.query((db) => unjudged(db, rules, now))).length === 0) return
    await store.write((tx) => judgeCanaries(tx, rules))
  }
}
