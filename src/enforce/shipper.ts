/**
 * Ships the spool to the control plane: in order, signed, again and again until acknowledged.
 * A control plane that is away costs nothing but disk; a stream that it refuses starts a new epoch (RCP-2).
 * @module
 */
import { StreamRefused } from '../ports/control-plane.ts'
import { Acknowledgements } from './central.ts'
import type { LeaseKeeper } from './ledger.ts'
import type { StreamPlace } from './recorder.ts'
import { Shipments, type ShipmentsOptions } from './shipments.ts'

/** Records are gathered this long, so that a busy point costs the control plane few commits. */
const LINGER_MS = 50
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2000
/** A signed head at least this often, even when idle (protocol: points report a signed spool head every 10 s). */
const HEAD_EVERY_MS = 10_000
/** While leases are to be accounted for. */
const LEASED_HEAD_EVERY_MS = 2_000

export type ShipperOptions = Omit<ShipmentsOptions, 'onShipped'>

export class Shipper {
  readonly #leases: LeaseKeeper | undefined
  readonly #shipments: Shipments
  readonly #acknowledgements = new Acknowledgements()
  #wake: (() => void) | null = null
  /** Poked since the last look at the spool. */
  #poked = false
  #pausing = false
  /** The control plane is away: nobody's hurry shortens the pause. */
  #retrying = false
  #stopping = false
  #flushed: (() => void)[] = []
  readonly #running: Promise<void>

  /** Settles once the control plane has been asked for the first time whether it knows this stream. */
  readonly asked: Promise<void>
  readonly #onAsked: () => void

  constructor(options: ShipperOptions) {
    this.#leases = options.leases
    this.#shipments = new Shipments({ ...options, onShipped: (place) => this.#acknowledgements.upTo(place) })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.asked = promise
    this.#onAsked = resolve
    this.#running = this.#run()
  }

  /** Tells it that there is something to ship. */
  poke(): void {
    this.#poked = true
    // While records gather, or the control plane is away, they come faster than it is worth asking.
    if (!this.#pausing) this.#wake?.()
  }

  /**
   * Ships at once, for a call that waits for it (RCP-10).
   * @returns whether the control plane has the receipt at `place`; false when it did not say so in time
   */
  logged(place: StreamPlace, wait_ms: number): Promise<boolean> {
    const answer = this.#acknowledgements.has(place, wait_ms)
    this.#poked = true
    if (!this.#retrying) this.#wake?.()
    return answer
  }

  /** Ships what there is, once, then stops. @param deadline_ms how long it may take before it gives up */
  async stop(deadline_ms: number): Promise<void> {
    const idle = new Promise<void>((resolve) => this.#flushed.push(resolve))
    this.#poked = true
    this.#wake?.()
    const timer = Promise.withResolvers<void>()
    const handle = setTimeout(timer.resolve, deadline_ms)
    await Promise.race([idle, timer.promise])
    clearTimeout(handle)
    this.#stopping = true
    this.#wake?.()
    await this.#running
    this.#acknowledgements.end()
  }

  async #run(): Promise<void> {
    let retry_ms = RETRY_MIN_MS
    while (!this.#stopping) {
      try {
        this.#poked = false
        const more = await this.#shipments.ship()
        retry_ms = RETRY_MIN_MS
        this.#onAsked()
        if (more) continue
        if (!this.#poked) {
          for (const resolve of this.#flushed.splice(0)) resolve()
          const soon = this.#leases?.pending === true
          await this.#sleep(soon ? LEASED_HEAD_EVERY_MS : HEAD_EVERY_MS)
        }
        const isHurried = this.#flushed.length > 0 || this.#acknowledgements.isAwaited
        if (this.#poked && !isHurried) await this.#pause(LINGER_MS)
      } catch (error) {
        if (error instanceof StreamRefused) await this.#shipments.newEpoch()
        this.#onAsked()
        this.#retrying = true
        await this.#pause(retry_ms)
        this.#retrying = false
        retry_ms = Math.min(retry_ms * 2, RETRY_MAX_MS)
      }
    }
  }

  /** A sleep that records do not end; {@link stop} does. */
  async #pause(ms: number): Promise<void> {
    this.#pausing = true
    await this.#sleep(ms)
    this.#pausing = false
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#stopping) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#wake = resolve
    await promise
    this.#wake = null
    clearTimeout(timer)
  }
}
