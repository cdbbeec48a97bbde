/**
 * Allows whose chains hold. A period has millions, of few kinds: what a kind says is asked once, and the others only of
 * allows of which it says that it matters.
 * @module
 */
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { VerifiedChain } from '../../token/verify.ts'
import { Column } from '../receipts/columns.ts'
import { LoggedRow } from '../receipts/row.ts'
import type { DecisionShape } from '../receipts/shapes.ts'
import type { ReceiptTable } from '../receipts/table.ts'

/** What allows share: their chain, and all that their receipts do not have of their own. */
export interface AllowKind {
  readonly chain: VerifiedChain
  readonly receipt: DecisionShape
}

/** An allow whose chain holds. */
export class ProvenAllow extends LoggedRow {
  readonly chain: VerifiedChain

  constructor(table: ReceiptTable, row: number, chain: VerifiedChain) {
    super(table, row)
    this.chain = chain
  }

  override get receipt(): DecisionReceipt {
    const { receipt } = new LoggedRow(this.table, this.row)
    if (receipt.kind !== 'decision') throw new TypeError('an allow is a decision')
    return receipt
  }
}

/** In the order of the log. */
export class ProvenAllows implements Iterable<ProvenAllow> {
  readonly #table: ReceiptTable
  readonly #rows = Column.counts()
  readonly #kindOf = Column.counts()
  readonly #kinds: (AllowKind & { count: number })[] = []
  /** By chain and number of the shape. */
  readonly #numbers = new Map<VerifiedChain, Map<number, number>>()

  constructor(table: ReceiptTable) {
    this.#table = table
  }

  get length(): number {
    return this.#rows.size
  }

  /** @returns the number of the kind of the allow in this row, for {@link add} */
  kindOf(row: number, chain: VerifiedChain): number {
    const shape = this.#table.shapeIdAt(row)
    const its = this.#numbers.get(chain) ?? new Map<number, number>()
    if (its.size === 0) this.#numbers.set(chain, its)
    const known = its.get(shape)
    if (known !== undefined) return known
    const receipt = this.#table.shape(row)
    if (receipt?.kind !== 'decision') throw new TypeError('an allow is a decision')
    const kind = this.#kinds.push({ chain, receipt, count: 0 }) - 1
    its.set(shape, kind)
    return kind
  }

  add(row: number, kind: number): void {
    this.#rows.push(row)
    this.#kindOf.push(kind)
    const its = this.#kinds[kind]
    if (its !== undefined) its.count++
  }

  *[Symbol.iterator](): Generator<ProvenAllow> {
    yield* this.where(() => true)
  }

  /** Those of such kinds. */
  *where(isOne: (kind: AllowKind) => boolean): Generator<ProvenAllow> {
    const wanted = this.#kinds.map((kind) => (isOne(kind) ? kind : null))
    if (wanted.every((kind) => kind === null)) return
    for (let at = 0; at < this.length; at++) {
      const kind = wanted[this.#kindOf.at(at)]
      if (kind) yield new ProvenAllow(this.#table, this.#rows.at(at), kind.chain)
    }
  }

  some(isOne: (kind: AllowKind) => boolean): boolean {
    return this.#kinds.some(isOne)
  }

  /** How many are of such kinds. */
  count(isOne: (kind: AllowKind) => boolean): number {
    return this.#kinds.reduce((sum, kind) => sum + (isOne(kind) ? kind.count : 0), 0)
  }

  /** Each with how many are of it. */
  get kinds(): readonly (AllowKind & { readonly count: number })[] {
    return this.#kinds
  }

  /** With the row of each and the number of its kind, for who looks at every one. */
  *numbered(): Generator<readonly [row: number, kind: number]> {
    for (let at = 0; at < this.length; at++) yield [this.#rows.at(at), this.#kindOf.at(at)]
  }
}
