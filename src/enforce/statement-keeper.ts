/**
 * Keeps a point and its control plane of one mind about statements: reads what the log has, hands in what came by other
 * paths. spec/kill.md (KIL-10, KIL-13). Nothing waits for it: what holds is in force without.
 * @module
 */
import type { StatementExchange } from '../ports/control-plane.ts'
import type { KillDesk } from './kill-desk.ts'

/** Between two looks at the control plane's, in milliseconds. */
export const READ_EVERY_MS = 10_000
/** Between two tries to hand in. */
const HAND_IN_EVERY_MS = 1_000

export interface StatementKeeperOptions {
  readonly desk: KillDesk
  readonly control: StatementExchange
  readonly onFault: (error: unknown) => void
}

export class StatementKeeper {
  readonly #o: StatementKeeperOptions
  readonly #every: NodeJS.Timeout
  #soon: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #next = 0
  #isStopped = false

  constructor(options: StatementKeeperOptions) {
    this.#o = options
    this.#every = setInterval(() => void this.exchange(), READ_EVERY_MS)
    options.desk.onHeld = () => this.#handInSoon(0)
  }

  /** Resolves when it was tried: never rejects. One at a time. */
  exchange(): Promise<void> {
    this.#running ??= this.#exchange()
      .catch((error: unknown) => {
        this.#o.onFault(error)
        const { held, answers } = this.#o.desk
        if (held.length + answers.length > 0) this.#handInSoon(HAND_IN_EVERY_MS)
      })
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#every)
    clearTimeout(this.#soon)
  }

  #handInSoon(wait_ms: number): void {
    if (this.#isStopped || this.#soon !== undefined) return
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      // One that is running may have begun before there was something to hand in.
      void (this.#running ?? Promise.resolve()).then(() => this.exchange())
    }, wait_ms)
  }

  async #exchange(): Promise<void> {
    const { desk, control } = this.#o
    for (;;) {
      const { statements, next } = await control.statements(this.#next)
      for (const statement of statements) {
        const { taken } = await desk.take(statement, 'log')
        if (taken === 'rejected')
          this.#o.onFault(new Error('the control plane has a statement that does not hold here'))
      }
      this.#next = next
      if (statements.length === 0) break
    }
    for (const statement of desk.held) {
      if (!(await control.handIn(statement)))
        this.#o.onFault(new Error('the control plane refused a statement that holds here'))
      desk.handedIn(statement)
    }
    for (const one of desk.answers) {
      if (!(await control.answerProbe(one)))
        this.#o.onFault(new Error('the control plane refused the answer to a probe that holds here'))
      await desk.answered(one)
    }
  }
}
