/** A loop that looks every second, and soon after every commit. It ends when what it began has ended. @module */
import type { RegistryContext } from '../../src/registry/context.ts'

const EVERY_MS = 1_000
/** A busy log is no reason to look more often than this. */
const SOON_MS = 20

export interface PokedOptions {
  readonly registry: RegistryContext
  readonly report: (error: unknown) => void
}

/** What a subclass does at a tick, and for one of those who are due: never two at a time for the same one. */
export abstract class PokedRunner<O extends PokedOptions> {
  protected readonly o: O
  readonly #ended = new AbortController()
  readonly #busy = new Set<string>()
  #soon: NodeJS.Timeout | null = null
  #timer: NodeJS.Timeout | undefined
  #leave: () => void = () => undefined

  constructor(options: O) {
    this.o = options
  }

  /** Aborts what was begun. */
  protected get ended(): AbortSignal {
    return this.#ended.signal
  }

  start(): void {
    this.#leave = this.o.registry.store.onCommit(() => this.#poke())
    this.#timer = setInterval(() => void this.tick(), EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#leave()
    this.#ended.abort()
    while (this.#busy.size > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Never rejects. */
  async tick(): Promise<void> {
    if (this.ended.aborted) return
    try {
      await this.look()
    } catch (error) {
      this.o.report(error) // the next tick tries again
    }
  }

  protected abstract look(): Promise<void>

  /** Never rejects. @param id whom `tell` is for: while it runs no second one begins */
  protected async alone(id: string, tell: () => Promise<void>): Promise<void> {
    if (this.#busy.has(id)) return
    this.#busy.add(id)
    try {
      await tell()
    } catch (error) {
      this.o.report(error)
    } finally {
      this.#busy.delete(id)
    }
  }

  #poke(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null
      void this.tick()
    }, SOON_MS)
  }
}
