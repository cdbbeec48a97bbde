/**
 * Builds receipts in one gapless stream and makes each durable before it is answered for. spec/enforcement.md.
 * Invariant 2: `decision` resolves only when the receipt survives a crash.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { utf8 } from '../core/encoding.ts'
import { rfc3339 } from '../core/time.ts'
import { receiptText, type DecisionReceipt, type OutcomeReceipt, type Receipt } from '../log/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import type { ControlPlane, EpochReason, Opening, ShippedSegment } from '../ports/control-plane.ts'
import { SpoolError, type Spool } from '../ports/spool.ts'
import type { ChainRecord } from './chain-record.ts'
import { readSpoolLine } from './spool-line.ts'

type StreamMember = 'v' | 'kind' | 'point' | 'epoch' | 'seq' | 'prev_hash' | 'time'
export type DecisionFields = Omit<DecisionReceipt, StreamMember>
export type OutcomeFields = Omit<OutcomeReceipt, StreamMember>

/** Where a receipt stands in the stream of its point. */
export interface StreamPlace {
  readonly epoch: number
  readonly seq: number
}

/**
 * Bytes of a receipt: an entry holds 65,535 and says who appended it and when. One that fits none would be refused for
 * ever, and no receipt behind it would be shipped.
 */
const RECEIPT_BYTES_MAX = 60 * 1024

function isTooLarge(canonical: string): boolean {
  // A character is at most three bytes: most receipts need no counting.
  return canonical.length * 3 > RECEIPT_BYTES_MAX && utf8(canonical).length > RECEIPT_BYTES_MAX
}

/** Identifiers of segments kept, about 100 bytes each. */
const CARRIED_MAX = 16_384

/** Records read at a time while looking for actions without an outcome. */
const SCAN_BATCH = 1000

export class Recorder {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #spool: Spool
  readonly #point: string
  #epoch: number
  #seq: number
  #hash: string
  #underWay = 0
  #failed = false
  /** An epoch is being begun: no receipt is built meanwhile, or it would carry the old epoch into the new stream. */
  #beginning: Promise<void> | null = null
  #onIdle: (() => void) | null = null
  /** The last segments that this stream has carried since this process started. One that is forgotten is carried again. */
  readonly #carried = new Set<string>()

  private constructor(
    options: { crypto: Crypto; clock: Clock; spool: Spool; point: string },
    position: { epoch: number; seq: number; hash: string },
  ) {
    this.#crypto = options.crypto
    this.#clock = options.clock
    this.#spool = options.spool
    this.#point = options.point
    this.#epoch = position.epoch
    this.#seq = position.seq
    this.#hash = position.hash
  }

  /** Continues the spool's stream, or starts a new epoch where RCP-2 demands one, and closes what a crash left open. */
  static async open(options: {
    crypto: Crypto
    clock: Clock
    spool: Spool
    point: string
    control: Pick<ControlPlane, 'openEpoch'>
  }): Promise<Recorder> {
    const { spool } = options
    const position = spool.position
    if (position === null || position === 'damaged') {
      const recorder = new Recorder(options, { epoch: 0, seq: 0, hash: '' })
      await recorder.startEpoch(options.control, position === null ? 'empty' : 'unreadable')
      return recorder
    }
    const recorder = new Recorder(options, position)
    await recorder.#closeOpenActions()
    return recorder
  }

  get head(): { epoch: number; seq: number; hash: string } {
    return { epoch: this.#epoch, seq: this.#seq, hash: this.#hash }
  }

  /** The last receipt that was begun, or null while an epoch is being begun. */
  get begun(): StreamPlace | null {
    return this.#beginning === null ? { epoch: this.#epoch, seq: this.#seq } : null
  }

  async startEpoch(control: Pick<ControlPlane, 'openEpoch'>, reason: EpochReason): Promise<void> {
    const epoch = await control.openEpoch(reason)
    this.#beginning = this.#begin(epoch)
    try {
      await this.#beginning
    } finally {
      this.#beginning = null
    }
  }

  async #begin(epoch: number): Promise<void> {
    // Records under way belong to the stream that ends here.
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    await this.#spool.begin(epoch)
    this.#failed = false
    this.#epoch = epoch
    this.#seq = 0
    this.#hash = ''
    this.#carried.clear()
  }

  /** Whether a receipt of the present epoch can name this chain. */
  canName(chain: ChainRecord): boolean {
    return chain.isKnownIn(this.#epoch)
  }

  /**
   * @param chain the one that `fields` names
   * @returns its place in the stream
   * @throws {SpoolError} when it could not be made durable, or the chain cannot be named: the caller denies.
   */
  async decision(
    fields: DecisionFields,
    chain: ChainRecord | null,
    opening: Opening | null,
  ): Promise<StreamPlace> {
    if (this.#beginning !== null) await this.#begun()
    const segments = chain === null ? [] : chain.segmentsFor(this.#epoch)
    if (segments === null)
      throw new SpoolError('SPOOL_UNAVAILABLE', 'an epoch began, and its chain is not known')
    const fresh = segments.filter((segment) => !this.#carried.has(segment.id))
    const receipt = this.#decisionReceipt(fields)
    await this.#append(receipt, fresh, opening)
    chain?.carriedIn(receipt.epoch)
    return { epoch: receipt.epoch, seq: receipt.seq }
  }

  /**
   * Nothing waits for it: it is synced with the next decision, if one comes soon (RCP-4), unless it names bases: then it
   * is durable once this resolves (CNS-37).
   * @throws {SpoolError}
   */
  async outcome(fields: OutcomeFields): Promise<void> {
    if (this.#beginning !== null) await this.#begun()
    await this.#append({ ...this.#next('outcome'), ...fields }, [], null, fields.basis === undefined)
  }

  /** Members in the order of RFC 8785, so that its text needs no sorting. */
  #decisionReceipt(fields: DecisionFields): Receipt {
    const { epoch, kind, point, prev_hash, seq, time, v } = this.#next('decision')
    return {
      action: fields.action,
      agent: fields.agent,
      ...(fields.approval === undefined ? {} : { approval: fields.approval }),
      args_commit: fields.args_commit,
      ...(fields.basis === undefined ? {} : { basis: fields.basis }),
      binding: fields.binding,
      ...(fields.canary === undefined ? {} : { canary: fields.canary }),
      chain: fields.chain,
      debits: fields.debits,
      decision: fields.decision,
      definition_hash: fields.definition_hash,
      epoch,
      ...(fields.flow === undefined ? {} : { flow: fields.flow }),
      freshness: fields.freshness,
      grant: fields.grant,
      ...(fields.kill === undefined ? {} : { kill: fields.kill }),
      kind,
      ...(fields.manifest === undefined ? {} : { manifest: fields.manifest }),
      placement: fields.placement,
      point,
      prev_hash,
      reasons: fields.reasons,
      seq,
      server: fields.server,
      time,
      tool: fields.tool,
      v,
    }
  }

  async #begun(): Promise<void> {
    while (this.#beginning !== null) await this.#beginning.catch(() => undefined)
  }

  #next<K extends Receipt['kind']>(kind: K): Pick<Receipt, StreamMember> & { kind: K } {
    return {
      v: 1,
      kind,
      point: this.#point,
      epoch: this.#epoch,
      seq: this.#seq + 1,
      prev_hash: this.#hash,
      time: rfc3339(this.#clock.now()),
    }
  }

  /**
   * The stream moves on before the write, so that records of one turn chain to each other and share one sync. If a
   * write fails, those behind it fail too; once none is under way, the stream continues from the last durable record.
   */
  async #append(
    receipt: Receipt,
    segments: readonly ShippedSegment[],
    opening: Opening | null,
    later = false,
  ): Promise<void> {
    if (this.#failed) throw new SpoolError('SPOOL_UNAVAILABLE', 'a record before this one was not stored')
    const canonical = receiptText(receipt)
    if (isTooLarge(canonical))
      throw new SpoolError('SPOOL_UNAVAILABLE', 'no log entry has room for the receipt')
    const hash = sha256Text(this.#crypto, canonical)
    this.#seq = receipt.seq
    this.#hash = hash
    this.#underWay++
    try {
      const text = `{"receipt":${canonical},"segments":${JSON.stringify(segments)},"opening":${JSON.stringify(opening)}}`
      await this.#spool.append({ seq: receipt.seq, hash, text }, later)
      for (const segment of segments) this.#remember(segment.id)
    } catch (error) {
      this.#failed = true
      throw error
    } finally {
      this.#underWay--
      if (this.#underWay === 0) {
        if (this.#failed) this.#resynchronize()
        this.#onIdle?.()
        this.#onIdle = null
      }
    }
  }

  #remember(segment: string): void {
    if (this.#carried.size >= CARRIED_MAX) this.#carried.delete(this.#carried.keys().next().value ?? '')
    this.#carried.add(segment)
  }

  #resynchronize(): void {
    const position = this.#spool.position
    if (position === null || position === 'damaged') return // stays failed: everything is denied
    this.#epoch = position.epoch
    this.#seq = position.seq
    this.#hash = position.hash
    this.#failed = false
  }

  /** RCP-4. */
  async #closeOpenActions(): Promise<void> {
    const open = new Set<string>()
    for (let after = 0; ;) {
      const records = await this.#spool.read(after, SCAN_BATCH)
      for (const record of records) {
        const { receipt } = readSpoolLine(record.text)
        if (receipt.kind === 'outcome') open.delete(receipt.action)
        else if (receipt.decision === 'allow') open.add(receipt.action)
        else open.delete(receipt.action)
        after = record.seq
      }
      if (records.length < SCAN_BATCH) break
    }
    await Promise.all([...open].map((action) => this.outcome({ action, outcome: 'unknown' })))
  }
}
