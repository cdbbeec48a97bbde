/**
 * Ships the spool to the control plane: in order, signed, again and again until acknowledged.
 * A control plane that is away costs nothing but disk; a stream that it refuses starts a new epoch (RCP-2).
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import { rfc3339 } from '../core/time.ts'
import { signHead } from '../log/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import {
  StreamRefused,
  type ControlPlane,
  type Opening,
  type ShippedSegment,
} from '../ports/control-plane.ts'
import type { Spool, SpoolRecord } from '../ports/spool.ts'
import { Acknowledgements } from './central.ts'
import type { LeaseKeeper, Promised } from './ledger.ts'
import { type Recorder, type StreamPlace } from './recorder.ts'
import { ownSpoolLine } from './spool-line.ts'

const BATCH_MAX = 500
/** The control plane takes bodies of 4 MiB; base64 and framing leave room. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024
/** Records are gathered this long, so that a busy point costs the control plane few commits. */
const LINGER_MS = 50
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2000
/** A signed head at least this often, even when idle (protocol: points report a signed spool head every 10 s). */
const HEAD_EVERY_MS = 10_000
/** While leases are to be accounted for. */
const LEASED_HEAD_EVERY_MS = 2_000

export interface ShipperOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly spool: Spool
  readonly recorder: Recorder
  readonly control: Pick<ControlPlane, 'ship' | 'openEpoch'>
  readonly signer: Signer
  readonly point: string
  readonly leases?: LeaseKeeper
}

export class Shipper {
  readonly #options: ShipperOptions
  #acknowledged = 0
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
    this.#options = options
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
        const more = await this.#shipOnce()
        retry_ms = RETRY_MIN_MS
        this.#onAsked()
        if (more) continue
        if (!this.#poked) {
          for (const resolve of this.#flushed.splice(0)) resolve()
          const soon = this.#options.leases?.pending === true
          await this.#sleep(soon ? LEASED_HEAD_EVERY_MS : HEAD_EVERY_MS)
        }
        const isHurried = this.#flushed.length > 0 || this.#acknowledgements.isAwaited
        if (this.#poked && !isHurried) await this.#pause(LINGER_MS)
      } catch (error) {
        if (error instanceof StreamRefused) await this.#newEpoch()
        this.#onAsked()
        this.#retrying = true
        await this.#pause(retry_ms)
        this.#retrying = false
        retry_ms = Math.min(retry_ms * 2, RETRY_MAX_MS)
      }
    }
  }

  /** @returns whether there may be more to ship at once */
  async #shipOnce(): Promise<boolean> {
    const { spool, recorder, control, leases } = this.#options
    // What is durable: a head says nothing of records that are being written.
    const durable = spool.position
    if (durable === null || durable === 'damaged') return false
    const records = await spool.read(this.#acknowledged, BATCH_MAX)
    const batch = withinBytes(records)
    const last = batch.at(-1)
    const position = last === undefined ? durable : { epoch: durable.epoch, seq: last.seq, hash: last.hash }
    const promised = leases?.promise(position) ?? {}
    const answer = await control.ship(this.#shipment(batch, position, promised))
    // It has more of this stream than was ever in this spool, which is an older copy of itself.
    if (answer.seq > recorder.head.seq)
      throw new StreamRefused('STREAM_REFUSED', 'the log has more of this stream than the spool')
    leases?.shipped(promised, answer)
    this.#acknowledged = answer.seq
    this.#acknowledgements.upTo({ epoch: position.epoch, seq: answer.seq })
    await spool.acknowledge(this.#acknowledged)
    return batch.length < records.length || records.length === BATCH_MAX
  }

  #shipment(
    batch: readonly SpoolRecord[],
    position: { epoch: number; seq: number; hash: string },
    promised: Promised,
  ): Parameters<ControlPlane['ship']>[0] {
    const { clock, point, signer } = this.#options
    const segments = new Map<string, ShippedSegment>()
    const openings: Opening[] = []
    const receipts = batch.map((record) => {
      const line = ownSpoolLine(record.text)
      for (const segment of line.segments) segments.set(segment.id, segment)
      if (line.opening !== null) openings.push(line.opening)
      return line.receipt
    })
    const head = signHead(signer, { point, ...position, time: rfc3339(clock.now()), ...promised })
    return { receipts, head, segments: [...segments.values()], openings }
  }

  async #newEpoch(): Promise<void> {
    try {
      await this.#options.recorder.startEpoch(this.#options.control, 'refused')
    } catch {
      // the control plane is away: the next refusal tries again
    } finally {
      this.#acknowledged = 0
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

function withinBytes(records: readonly SpoolRecord[]): SpoolRecord[] {
  let bytes = 0
  const batch: SpoolRecord[] = []
  for (const record of records) {
    bytes += record.text.length
    if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break
    batch.push(record)
  }
  return batch
}
