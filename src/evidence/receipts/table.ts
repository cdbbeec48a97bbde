/**
 * Every receipt of a log, in columns: a million of them as objects would take gigabytes. What is asked for is made when
 * it is asked for, and looks like a receipt. spec/enforcement.md (RCP-1 to RCP-3).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64url, readDigest } from '../../core/encoding.ts'
import { canonicalBytes } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { OwnMembers } from '../../log/receipt-texts.ts'
import type { DecisionReceipt, Freshness, OutcomeReceipt, Receipt } from '../../log/receipt.ts'
import { Column, firstFrom, FixedColumn, TextSet } from './columns.ts'
import { DecidedColumns } from './decided.ts'
import { LoggedRow, type ReceiptColumns } from './row.ts'
import { Shapes, type DecisionShape, type Shape } from './shapes.ts'
import { emptyStream, type Like, type StreamRows } from './stream.ts'

/** Characters of `2026-03-01T09:30:00.000Z`: a valid time of this length is spelled as we spell it. */
const TIME_CHARS = 24
/** Of a hash, as bytes and as base64url. */
const [HASH_BYTES, DIGEST_CHARS] = [32, 43]

/** Of the entry that holds a receipt. */
export interface Place {
  readonly index: number
  readonly logged_ms: number
}

export class ReceiptTable implements ReceiptColumns {
  readonly #crypto: Crypto
  readonly #digest = new Uint8Array(HASH_BYTES)
  readonly #streams: StreamRows[] = []
  readonly #indices = Column.wholes()
  readonly #logged = Column.numbers()
  readonly #times = Column.numbers()
  /** As it was spelled, where that is not how we spell it. */
  readonly #timeTexts = new Map<number, string>()
  readonly #seqs = Column.wholes()
  readonly #of = Column.counts()
  readonly #actions = new TextSet()
  readonly #actionOf = Column.counts()
  readonly #shapes = new Shapes()
  readonly #shapeOf = Column.counts()
  readonly #hashes = new FixedColumn(HASH_BYTES)
  /** Of receipts that do not name the hash of the one that was logged before them in their stream: what they name. */
  readonly #unlinked = new Map<number, string>()
  readonly decided = new DecidedColumns()

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  get size(): number {
    return this.#indices.size
  }

  /** How many actions receipts name; those of {@link actionId} are below. */
  get actions_n(): number {
    return this.#actions.texts.size
  }

  get streams_n(): number {
    return this.#streams.length
  }

  stream(point: string, epoch: number): StreamRows {
    const stream = emptyStream(this.#streams.length, point, epoch)
    this.#streams.push(stream)
    return stream
  }

  /** @param stream one of this table @param body the receipt in canonical form, where the caller has it */
  add(stream: StreamRows, place: Place, receipt: Receipt, body?: Uint8Array): void {
    const { seq, action, prev_hash } = receipt
    const row = this.size
    const time_ms = Date.parse(receipt.time)
    if (receipt.time.length !== TIME_CHARS) this.#timeTexts.set(row, receipt.time)
    const isDigest = prev_hash.length === DIGEST_CHARS && readDigest(prev_hash, 0, this.#digest)
    const isLinked =
      this.#isNext(stream, seq, isDigest ? this.#digest : null) && (isDigest || prev_hash === '')
    if (!isLinked) this.#unlinked.set(row, prev_hash)
    this.#put(stream, place, { seq, action, time_ms }, this.#shapes.add(receipt))
    this.#hashes.push(this.#crypto.sha256(body ?? canonicalBytes(receipt)))
    if (receipt.kind === 'decision') this.decided.add(receipt)
    else this.decided.addOutcome()
  }

  /** As {@link add}, of a receipt that says what another of this shape says. @param hash of its canonical form */
  addLike({ stream, shape }: Like, place: Place, own: OwnMembers, hash: Uint8Array): void {
    if (!this.#isNext(stream, own.seq, own.prev_hash)) this.#unlinked.set(this.size, base64url(own.prev_hash))
    this.#put(stream, place, own, shape)
    this.#hashes.push(hash)
    const like = own.kind?.entry.body
    if (like?.kind === 'decision') this.decided.addLike(like, own)
    else this.decided.addOutcome()
  }

  /** What receipts of one kind share. */
  shapeOf(receipt: Receipt): number {
    return this.#shapes.add(receipt)
  }

  #put(
    stream: StreamRows,
    { index, logged_ms }: Place,
    { seq, action, time_ms }: Pick<OwnMembers, 'seq' | 'action' | 'time_ms'>,
    shape: number,
  ): void {
    stream.rows.push(this.size)
    if (stream.lastSeq !== null && seq < stream.lastSeq) stream.isAscending = false
    stream.lastSeq = seq
    this.#indices.push(index)
    this.#logged.push(logged_ms)
    this.#times.push(time_ms)
    this.#seqs.push(seq)
    this.#of.push(stream.id)
    this.#actionOf.push(this.#actions.add(action))
    this.#shapeOf.push(shape)
  }

  /** @param prev_hash bytes; null: none @returns whether that is the hash of the receipt in front of it, which was logged last */
  #isNext({ lastSeq, rows }: StreamRows, seq: number, prev_hash: Uint8Array | null): boolean {
    if (seq !== (lastSeq ?? 0) + 1) return false
    if (lastSeq === null || prev_hash === null) return lastSeq === null && prev_hash === null
    const hash = this.#hashes.at(rows.at(rows.size - 1))
    for (let i = 0; i < HASH_BYTES; i++) if (hash[i] !== prev_hash[i]) return false
    return true
  }

  /** Every receipt, in the order of the log. */
  *all(): Generator<LoggedRow> {
    for (let row = 0; row < this.size; row++) yield new LoggedRow(this, row)
  }

  /** Those of entries at or after the one index, and before the other. */
  *between(from: number, to: number): Generator<LoggedRow> {
    const end = firstFrom(this.#indices, to)
    for (let row = firstFrom(this.#indices, from); row < end; row++) yield new LoggedRow(this, row)
  }

  /** In the order of the log. */
  *of({ rows }: StreamRows): Generator<LoggedRow> {
    for (let at = 0; at < rows.size; at++) yield new LoggedRow(this, rows.at(at))
  }

  /** By sequence number; of those that have the same, in the order of the log. */
  *bySeq(stream: StreamRows): Generator<LoggedRow> {
    for (let at = 0; at < stream.rows.size; at++) yield new LoggedRow(this, this.#rowBySeq(stream, at))
  }

  /** The hash of the receipt with this sequence number; of several the last; null: there is none. */
  hashAt(stream: StreamRows, seq: number): string | null {
    let [low, high] = [0, stream.rows.size]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.seq(this.#rowBySeq(stream, middle)) <= seq) low = middle + 1
      else high = middle
    }
    const row = low === 0 ? null : this.#rowBySeq(stream, low - 1)
    return row === null || this.seq(row) !== seq ? null : this.hash(row)
  }

  #rowBySeq(stream: StreamRows, at: number): number {
    const { rows } = stream
    if (stream.isAscending) return rows.at(at)
    if (stream.sorted?.length !== rows.size) {
      const all = Uint32Array.from({ length: rows.size }, (_, i) => rows.at(i))
      stream.sorted = all.sort((a, b) => this.seq(a) - this.seq(b) || a - b)
    }
    return stream.sorted[at] ?? 0
  }

  /** The one in the entry with this index; null: it holds none. */
  receiptAt(index: number): DecisionReceipt | OutcomeReceipt | null {
    const row = this.rowAt(index)
    return row === null ? null : new LoggedRow(this, row).receipt
  }

  /** Of the entry with this index; null: it holds no receipt. */
  rowAt(index: number): number | null {
    const row = firstFrom(this.#indices, index)
    return row < this.size && this.index(row) === index ? row : null
  }

  index(row: number): number {
    return this.#indices.at(row)
  }

  logged_ms(row: number): number {
    return this.#logged.at(row)
  }

  time_ms(row: number): number {
    return this.#times.at(row)
  }

  time(row: number): string {
    return this.#timeTexts.get(row) ?? rfc3339(this.#times.at(row))
  }

  seq(row: number): number {
    return this.#seqs.at(row)
  }

  streamAt(row: number): StreamRows | undefined {
    return this.#streams[this.#of.at(row)]
  }

  /** A number that receipts of one action share. */
  actionId(row: number): number {
    return this.#actionOf.at(row)
  }

  /** The number of an action; null: no receipt names it. */
  idOf(action: string): number | null {
    return this.#actions.find(action)
  }

  action(row: number): string {
    return this.#actions.texts.at(this.#actionOf.at(row))
  }

  /** Each receipt of such a shape, in the order of the log. Where there is no such shape, no receipt is looked at. */
  *where(isOne: (shape: Shape) => boolean): Generator<LoggedRow> {
    const wanted = this.#wanted(isOne)
    if (!wanted.includes(1)) return
    for (let row = 0; row < this.size; row++)
      if (wanted[this.#shapeOf.at(row)] === 1) yield new LoggedRow(this, row)
  }

  /** In the order of the log, by the first receipt of each, with how many there are. */
  *shapes(): Generator<readonly [Shape, number]> {
    const counts = new Uint32Array(this.#shapes.all.length)
    for (let row = 0; row < this.size; row++) {
      const id = this.#shapeOf.at(row)
      counts[id] = (counts[id] ?? 0) + 1
    }
    for (const [id, shape] of this.#shapes.all.entries()) yield [shape, counts[id] ?? 0]
  }

  /** How many receipts of such a shape have their own time at or after the one, and before the other. */
  count(isOne: (shape: Shape) => boolean, from_ms = -Infinity, to_ms = Infinity): number {
    const wanted = this.#wanted(isOne)
    let count = 0
    for (let row = 0; row < this.size; row++) {
      const time_ms = this.#times.at(row)
      if (wanted[this.#shapeOf.at(row)] === 1 && time_ms >= from_ms && time_ms < to_ms) count++
    }
    return count
  }

  #wanted(isOne: (shape: Shape) => boolean): Uint8Array {
    return Uint8Array.from(this.#shapes.all, (shape) => (isOne(shape) ? 1 : 0))
  }

  /** A number that receipts of one shape share. */
  shapeIdAt(row: number): number {
    return this.#shapeOf.at(row)
  }

  streamIdAt(row: number): number {
    return this.#of.at(row)
  }

  shape(row: number): Shape | undefined {
    return this.#shapes.at(this.#shapeOf.at(row))
  }

  hash(row: number): string {
    return base64url(this.#hashes.at(row))
  }

  prev_hash(row: number): string {
    const named = this.#unlinked.get(row)
    if (named !== undefined) return named
    const rows = this.streamAt(row)?.rows
    const before = rows === undefined ? -1 : firstFrom(rows, row) - 1
    return rows === undefined || before < 0 ? '' : this.hash(rows.at(before))
  }

  /** @param before the row that has the sequence number in front of it, if any */
  isLinked(row: number, before: number | null): boolean {
    const named = this.#unlinked.get(row)
    return named === undefined || named === (before === null ? '' : this.hash(before))
  }

  /** Null: an outcome. */
  decision(row: number): DecisionShape['decision'] | null {
    const shape = this.shape(row)
    return shape?.kind === 'decision' ? shape.decision : null
  }

  args_commit(row: number): string | null {
    return this.decided.args_commit(row)
  }

  freshness(row: number): Freshness | null {
    return this.decided.freshness(row)
  }
}
