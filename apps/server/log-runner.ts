/**
 * Publishes the log after commits, coalesced, and again and again while it fails.
 * Invariant: a fault that means the log and the database disagree ends the server; any other is tried again.
 * @module
 */
import { LogError } from '../../src/log/entries.ts'
import type { Store } from '../../src/ports/store.ts'

/** At most one run in this many milliseconds: a tile is rewritten with every run. */
export const PUBLISH_MS = 100
/** A run at least this often, also without a commit: it repairs what a fault left behind. */
export const RETRY_MS = 2_000

/** On one of several nodes: how soon it follows the one that signs, and takes over from it. */
export const FOLLOW_MS = 500

const FATAL = new Set(['LOG_DIVERGED', 'LOG_LOCKED', 'NOTE_INVALID', 'CHECKPOINT_INVALID'])

export interface Publisher {
  /** The log's verifier key. */
  readonly vkey: string
  start(): Promise<void>
  publish(): Promise<unknown>
  stop(): Promise<void>
}

export interface LogRunnerOptions {
  readonly publisher: Publisher
  readonly store: Store
  /** Called once, when the log cannot go on. */
  readonly onFatal: (error: Error) => void
  /** Hears why it is not published, once for as long as it is for that. */
  readonly onUnpublished?: (error: Error) => void
  /** {@link RETRY_MS} unless told otherwise. */
  readonly retry_ms?: number
}

export class LogRunner {
  readonly #options: LogRunnerOptions
  #fault: Error | null = null
  #soon: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #leave: () => void = () => undefined
  #stopped = false
  #ended = false

  constructor(options: LogRunnerOptions) {
    this.#options = options
  }

  /** Why the last run failed, or null. */
  get fault(): Error | null {
    return this.#fault
  }

  /** @throws {LogError} if the log cannot be taken up: then nothing may be served */
  async start(): Promise<void> {
    const { publisher, store } = this.#options
    try {
      await publisher.start()
      await publisher.publish()
    } catch (cause) {
      await publisher.stop()
      throw cause
    }
    this.#leave = store.onCommit(() => this.#schedule())
    this.#retry = setInterval(() => void this.#run(), this.#options.retry_ms ?? RETRY_MS)
  }

  /** Publishes what is left and gives the log up. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#leave()
    clearTimeout(this.#soon)
    clearInterval(this.#retry)
    await this.#options.publisher.publish().catch(() => undefined)
    await this.#options.publisher.stop()
  }

  #schedule(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      void this.#run()
    }, PUBLISH_MS)
  }

  async #run(): Promise<void> {
    if (this.#stopped) return
    try {
      await this.#options.publisher.publish()
      this.#fault = null
    } catch (cause) {
      const before = this.#fault?.message
      this.#fault = cause instanceof Error ? cause : new Error('the log was not published', { cause })
      const fatal = cause instanceof LogError && FATAL.has(cause.code)
      if (!fatal && this.#fault.message !== before) this.#options.onUnpublished?.(this.#fault)
      if (!fatal || this.#ended) return
      this.#ended = true // whatever failed before: a database that was away may come back as another
      this.#options.onFatal(this.#fault)
    }
  }
}
