/**
 * Runs the observer: soon after a commit, and once a second. spec/telemetry.md (TEL-3). Of several nodes on one database one
 * observes at a time, and another takes over when it is gone.
 * Invariant: one run at a time, and none once it is stopped.
 * @module
 */
import type { Observer } from '../../src/observe/observer.ts'
import type { Store } from '../../src/ports/store.ts'

const LOOK_MS = 1_000
/** Entries that come together are taken together. */
const SOON_MS = 20

export interface ObserveRunnerOptions {
  readonly store: Store
  readonly observer: Pick<Observer, 'hold' | 'catchUp' | 'look' | 'stop'>
  readonly report: (error: unknown) => void
}

export class ObserveRunner {
  readonly #o: ObserveRunnerOptions
  #running: Promise<void> | null = null
  #isWanted = false
  #isLookWanted = false
  #soon: NodeJS.Timeout | null = null
  #timer: NodeJS.Timeout | undefined
  #leave: () => void = () => undefined
  #stopped = false

  constructor(options: ObserveRunnerOptions) {
    this.#o = options
  }

  start(): void {
    this.#leave = this.#o.store.onCommit(() => this.#poke())
    this.#timer = setInterval(() => void this.run(true), LOOK_MS)
    this.#poke()
  }

  /** Saves how far it came. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#leave()
    clearInterval(this.#timer)
    if (this.#soon !== null) clearTimeout(this.#soon)
    await this.#o.observer.stop().catch(this.#o.report)
    await this.#running
  }

  /** Resolves once what was committed before has been taken, or another observes. Never rejects. */
  run(withLook = false): Promise<void> {
    this.#isWanted = true
    this.#isLookWanted ||= withLook
    this.#running ??= this.#loop().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  #poke(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null
      void this.run()
    }, SOON_MS)
  }

  async #loop(): Promise<void> {
    while (this.#isWanted && !this.#stopped) {
      const withLook = this.#isLookWanted
      this.#isWanted = false
      this.#isLookWanted = false
      await this.#once(withLook)
    }
  }

  async #once(withLook: boolean): Promise<void> {
    const { observer, store, report } = this.#o
    try {
      if (!(await observer.hold())) return
      await observer.catchUp()
      if (withLook) await observer.look(await store.now())
    } catch (cause) {
      if (!this.#stopped) report(cause) // the next run takes up what was saved
    }
  }
}
