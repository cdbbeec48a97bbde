/**
 * Makes spans of decisions and outcomes, for whoever exports them. spec/telemetry.md (TEL-13, TEL-14).
 * Invariants: a queue that is full loses its oldest spans and counts them; the cursor stays before what was not taken,
 * so that after a crash the same spans are made again, with the same identifiers.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { hex, utf8 } from '../../core/encoding.ts'
import type { DecisionReceipt, OutcomeReceipt } from '../../log/receipt.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import { saveCursor } from '../cursors.ts'
import type { Fold, Logged } from '../fold.ts'
import type { OtlpSpan } from './json.ts'
import { errorType, spanAttributes, spanName } from './mapping.ts'

/** Spans that wait, about 1 KiB each. */
export const QUEUE_MAX = 20_000
/** Allowed calls whose outcome is still to come: past it the oldest are spans without an end of their own. */
const OPEN_MAX = 20_000
/** Entries that are read again at most. */
const AGAIN_MAX = 100_000
const INTERNAL = 1

interface Queued {
  /** Index of the entry that completed it. */
  readonly index: number
  readonly span: OtlpSpan
}

interface Open {
  readonly index: number
  readonly decision: DecisionReceipt
}

export class SpanFold implements Fold {
  readonly name = 'otlp.spans'
  readonly #crypto: Pick<Crypto, 'sha256'>
  #queue: Queued[] = []
  #open = new Map<string, Open>()
  #lost = 0

  constructor(crypto: Pick<Crypto, 'sha256'>) {
    this.#crypto = crypto
  }

  /** Spans that were dropped because nobody took them. */
  get lost(): number {
    return this.#lost
  }

  /** Whoever begins to export begins with what comes: not with years of history. */
  async load(db: Kysely<Schema>): Promise<number> {
    this.#queue = []
    this.#open = new Map()
    const row = await db.selectFrom('cursors').select('next').where('fold', '=', this.name).executeTakeFirst()
    if (row !== undefined) return row.next
    const last = await db
      .selectFrom('entries')
      .select((eb) => eb.fn.max('idx').as('idx'))
      .executeTakeFirst()
    return (last?.idx ?? -1) + 1
  }

  take({ index, entry }: Logged): void {
    if (entry.type !== 'receipt') return
    const receipt = entry.body
    if (receipt.kind === 'outcome') this.#end(index, receipt)
    else if (receipt.decision !== 'allow') this.#put(index, this.#spanOf(receipt, index, null))
    else this.#begin(index, receipt)
  }

  look(): void {
    // Spans are made of what is there.
  }

  save(tx: Tx, next: number): Promise<void> {
    const [queued] = this.#queue
    const [open] = this.#open.values()
    const first = Math.min(queued?.index ?? next, open?.index ?? next, next)
    return saveCursor(tx, this.name, Math.max(first, next - AGAIN_MAX))
  }

  /** The oldest of those that wait; {@link taken} takes them out. */
  some(count: number): readonly OtlpSpan[] {
    return this.#queue.slice(0, count).map(({ span }) => span)
  }

  /** @param spans as {@link some} gave them: some may have been dropped meanwhile */
  taken(spans: readonly OtlpSpan[]): void {
    const gone = new Set(spans)
    this.#queue = this.#queue.filter(({ span }) => !gone.has(span))
  }

  #begin(index: number, decision: DecisionReceipt): void {
    const [oldest] = this.#open.size >= OPEN_MAX ? this.#open : []
    if (oldest !== undefined) {
      const [action, { index: at, decision: of }] = oldest
      this.#open.delete(action)
      this.#put(at, this.#spanOf(of, at, null))
    }
    this.#open.set(decision.action, { index, decision })
  }

  #end(index: number, outcome: OutcomeReceipt): void {
    const open = this.#open.get(outcome.action)
    if (open === undefined || open.decision.point !== outcome.point) return
    this.#open.delete(outcome.action)
    this.#put(index, this.#spanOf(open.decision, open.index, outcome))
  }

  #spanOf(decision: DecisionReceipt, index: number, outcome: OutcomeReceipt | null): OtlpSpan {
    const start_ms = Date.parse(decision.time)
    const ended = outcome?.outcome ?? null
    // Of the stream's place, which names one receipt for ever: whoever exports it again exports the same span.
    const { point, epoch, seq, action } = decision
    const trace = hex(this.#crypto.sha256(utf8(`countersign-trace ${point} ${action}`)))
    const span = hex(this.#crypto.sha256(utf8(`countersign-span ${point} ${epoch} ${seq}`)))
    return {
      traceId: trace.slice(0, 32),
      spanId: span.slice(0, 16),
      name: spanName(decision),
      kind: INTERNAL,
      start_ms,
      end_ms: outcome === null ? start_ms : Math.max(start_ms, Date.parse(outcome.time)),
      attributes: spanAttributes(decision, ended, index),
      isError: errorType(decision, ended) !== null,
    }
  }

  #put(index: number, span: OtlpSpan): void {
    this.#queue.push({ index, span })
    if (this.#queue.length <= QUEUE_MAX) return
    // A tenth at once: an array that loses one at a time is moved each time.
    const dropped = this.#queue.splice(0, QUEUE_MAX / 10)
    this.#lost += dropped.length
  }
}
