/**
 * Says when a quarter passed without a drill of the kill switch, and when a data subject's request is late. spec/kill.md
 * (KIL-20), spec/consent.md (CNS-30). Each node looks; the first one raises the alert.
 * @module
 */
import { alertOverdueDrill } from '../../src/registry/drills.ts'
import { raiseOverdue } from '../../src/registry/subject-requests.ts'
import type { RegistryContext } from '../../src/registry/context.ts'

/** Milliseconds. */
const LOOK_MS = 3600 * 1000

export interface DrillRunnerOptions {
  readonly registry: Pick<RegistryContext, 'store'>
  /** Hears of a database that does not answer: the next look tries again. */
  readonly report: (error: unknown) => void
}

export class DrillRunner {
  readonly #o: DrillRunnerOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: DrillRunnerOptions) {
    this.#o = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS)
    void this.look()
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    this.#running = this.#running.then(async () => {
      if (this.#stopped) return
      for (const alert of [alertOverdueDrill, raiseOverdue])
        await alert(this.#o.registry).catch((cause: unknown) => {
          if (!this.#stopped) this.#o.report(cause)
        })
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }
}
