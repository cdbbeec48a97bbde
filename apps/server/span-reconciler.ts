/** Holds spans from outside against receipts, on the node that observes. spec/telemetry.md (TEL-17). @module */
import type { Store } from '../../src/ports/store.ts'
import { reconcile, type RaiseFinding } from '../../src/registry/spans.ts'

const EVERY_MS = 10_000

export interface SpanReconcilerOptions {
  readonly store: Store
  readonly raise: RaiseFinding
  readonly isObserver: () => Promise<boolean>
  readonly report: (error: unknown) => void
}

export class SpanReconciler {
  readonly #o: SpanReconcilerOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #stopped = false

  constructor(options: SpanReconcilerOptions) {
    this.#o = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), EVERY_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }

  /** Never rejects. */
  look(): Promise<void> {
    this.#running ??= this.#run()
      .catch((cause: unknown) => {
        if (!this.#stopped) this.#o.report(cause) // the next look tries again
      })
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }

  async #run(): Promise<void> {
    if (!(await this.#o.isObserver()) || !(await this.#isAnything())) return
    while (!this.#stopped && (await reconcile(this.#o.store, this.#o.raise)) > 0);
  }

  /** Who was never handed a span writes nothing. */
  async #isAnything(): Promise<boolean> {
    const day = await this.#o.store.query((db) =>
      db
        .selectFrom('span_days')
        .select('day')
        .union(db.selectFrom('spans').select('trace as day'))
        .executeTakeFirst(),
    )
    return day !== undefined
  }
}
