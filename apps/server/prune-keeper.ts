/**
 * Carries out what was announced to be pruned, once it is published: at the start, and when there is something new.
 * spec/retention.md (RET-5). Several nodes on one database each do their own files.
 * Invariant: one run at a time, and none once it is stopped.
 * @module
 */
import { carryOutPrunings, type PruneRunContext } from '../../src/registry/pruning-run.ts'

/** How often it looks for what another node announced, or what failed; milliseconds. */
const LOOK_MS = 2_000

export interface PruneProgress {
  /** Bundles of the pruning under way. */
  readonly done: number
  readonly of: number
}

export interface PruneKeeperOptions extends PruneRunContext {
  /** Hears of what cannot be carried out. */
  readonly report: (error: unknown) => void
  readonly look_ms?: number
}

export class PruneKeeper {
  readonly #options: PruneKeeperOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #stopped = false
  #progress: PruneProgress | null = null

  constructor(options: PruneKeeperOptions) {
    this.#options = options
  }

  /** Of the pruning under way here; null when there is none. */
  get progress(): PruneProgress | null {
    return this.#progress
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#options.look_ms ?? LOOK_MS)
    this.look()
  }

  /** Looks now. */
  look(): void {
    if (this.#stopped) return
    this.#running ??= this.#run().finally(() => {
      this.#running = null
      this.#progress = null
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      await carryOutPrunings({
        ...this.#options,
        goesOn: () => !this.#stopped,
        onBundle: (done, of) => {
          this.#progress = { done, of }
        },
      })
    } catch (cause) {
      if (!this.#stopped) this.#options.report(cause)
    }
  }
}
