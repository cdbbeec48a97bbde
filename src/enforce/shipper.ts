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
import type { LeaseKeeper, Promised } from './ledger.ts'
import { readSpoolLine, type Recorder } from './recorder.ts'

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
  #wake: (() => void) | null = null
  /** Poked since the last look at the spool. */
  #poked = false
  #pausing = false
  #stopping = false
  #flushed: (() => void)[] = []
  readonly #running: Promise<void>

  constructor(options: ShipperOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Tells it that there is something to ship. */
  poke(): void {
    this.#poked = true
    // While records gather, or the control plane is away, they come faster than it is worth asking.
    if (!this.#pausing) this.#wake?.()
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
  }

  async #run(): Promise<void> {
    let retry_ms = RETRY_MIN_MS
    while (!this.#stopping) {
      try {
        this.#poked = false
        const more = await this.#shipOnce()
        retry_ms = RETRY_MIN_MS
        if (more) continue
        if (!this.#poked) {
          for (const resolve of this.#flushed.splice(0)) resolve()
          const soon = this.#options.leases?.pending === true
          await this.#sleep(soon ? LEASED_HEAD_EVERY_MS : HEAD_EVERY_MS)
        }
        if (this.#poked && this.#flushed.length === 0) await this.#pause(LINGER_MS)
      } catch (error) {
        if (error instanceof StreamRefused) await this.#newEpoch()
        await this.#pause(retry_ms)
        retry_ms = Math.min(retry_ms * 2, RETRY_MAX_MS)
      }
    }
  }

  /** @returns whether there may be more to ship at once */
  async #shipOnce(): Promise<boolean> {
    const { spool, recorder, control, leases } = this.#options
    const head = recorder.head
    const records = await spool.read(this.#acknowledged, BATCH_MAX)
    const batch = withinBytes(records)
    const last = batch.at(-1)
    const position = last === undefined ? { ...head } : { epoch: head.epoch, seq: last.seq, hash: last.hash }
    if (last === undefined && head.seq !== this.#acknowledged) return false
    const promised = leases?.promise(position) ?? {}
    const answer = await control.ship(this.#shipment(batch, position, promised))
    leases?.shipped(promised, answer)
    this.#acknowledged = answer.seq
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
      const line = readSpoolLine(record.text)
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
