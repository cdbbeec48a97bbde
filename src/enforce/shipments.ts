/**
 * One shipment after the other of what a spool holds: signed, with the segments and openings that go with it, until the
 * control plane has it. The {@link Shipper} says when. spec/enforcement.md.
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
import type { Recorder, StreamPlace } from './recorder.ts'
import { ownSpoolLine } from './spool-line.ts'

const BATCH_MAX = 500
/** The control plane takes bodies of 4 MiB; base64 and framing leave room. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024

export interface ShipmentsOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly spool: Spool
  readonly recorder: Recorder
  readonly control: Pick<ControlPlane, 'ship' | 'openEpoch'>
  readonly signer: Signer
  readonly point: string
  readonly leases?: LeaseKeeper
  /** Told how far the control plane has the stream. */
  readonly onShipped?: (place: StreamPlace) => void
}

export class Shipments {
  readonly #options: ShipmentsOptions
  #acknowledged = 0

  constructor(options: ShipmentsOptions) {
    this.#options = options
  }

  /**
   * @returns whether there may be more to ship at once
   * @throws {StreamRefused} begin another epoch; {ApiError}: the control plane is away, and the next time it is tried again
   */
  async ship(): Promise<boolean> {
    const { spool, recorder, control, leases, onShipped } = this.#options
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
    onShipped?.({ epoch: position.epoch, seq: answer.seq })
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

  /** After a refusal (RCP-2). Never rejects. */
  async newEpoch(): Promise<void> {
    try {
      await this.#options.recorder.startEpoch(this.#options.control, 'refused')
    } catch {
      // the control plane is away: the next refusal tries again
    } finally {
      this.#acknowledged = 0
    }
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
