/**
 * Keeps a {@link Trust} up to date: a list every 10 seconds, and one more when a chain names a key that it does not
 * know. spec/keys.md (KEY-7).
 * @module
 */
import type { Clock } from '../ports/clock.ts'
import type { ControlPlane } from '../ports/control-plane.ts'
import type { Trust } from './trust.ts'

/** KEY-7. */
export const REFRESH_EVERY_MS = 10_000
/** Anyone can present a chain with an unknown key: it costs the control plane one request in this time at most. */
export const REFRESH_APART_MS = 1_000

export interface TrustKeeperOptions {
  readonly trust: Trust
  readonly control: Pick<ControlPlane, 'trust'>
  readonly clock: Clock
  /** Hears of lists that could not be fetched or were refused: the last good one stands. */
  readonly onFault: (error: unknown) => void
}

export class TrustKeeper {
  readonly #o: TrustKeeperOptions
  readonly #every: NodeJS.Timeout
  #soon: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #started = Number.NEGATIVE_INFINITY

  constructor(options: TrustKeeperOptions) {
    this.#o = options
    this.#every = setInterval(() => void this.refresh(), REFRESH_EVERY_MS)
  }

  /** Resolves when it was tried: never rejects. One at a time. */
  refresh(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** A chain named a key that is not known: there may be a newer list. */
  soon(): void {
    if (this.#soon !== undefined) return
    const wait_ms = this.#started + REFRESH_APART_MS - this.#o.clock.monotonic()
    this.#soon = setTimeout(
      () => {
        this.#soon = undefined
        void this.refresh()
      },
      Math.max(0, wait_ms),
    )
  }

  stop(): void {
    clearInterval(this.#every)
    clearTimeout(this.#soon)
  }

  async #fetch(): Promise<void> {
    const { trust, control, clock, onFault } = this.#o
    this.#started = clock.monotonic()
    try {
      const signed = await control.trust()
      if (trust.take(signed, this.#started) === 'refused') {
        onFault(new Error('the control plane gave a trust list that is not good: the last one stands'))
      }
    } catch (error) {
      onFault(error)
    }
  }
}
