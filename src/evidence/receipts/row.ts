/** A receipt of a table, as whoever reads it expects one: each member is looked up when it is asked for. @module */
import type { DecisionReceipt, Freshness, OutcomeReceipt } from '../../log/receipt.ts'
import type { DecisionShape, OutcomeShape, Shape } from './shapes.ts'

/** What a row is looked up in. */
export interface ReceiptColumns {
  index(row: number): number
  logged_ms(row: number): number
  time_ms(row: number): number
  time(row: number): string
  seq(row: number): number
  action(row: number): string
  actionId(row: number): number
  prev_hash(row: number): string
  args_commit(row: number): string | null
  freshness(row: number): Freshness | null
  shape(row: number): Shape | undefined
  streamAt(row: number): { readonly point: string; readonly epoch: number } | undefined
}

/** A receipt of one stream, with the entry that holds it. */
export interface LoggedReceipt {
  readonly index: number
  /** Milliseconds: when it was appended. */
  readonly logged_ms: number
  /** Milliseconds: its own time. */
  readonly time_ms: number
  readonly receipt: DecisionReceipt | OutcomeReceipt
}

export class LoggedRow implements LoggedReceipt {
  readonly table: ReceiptColumns
  readonly row: number

  constructor(table: ReceiptColumns, row: number) {
    this.table = table
    this.row = row
  }

  get index(): number {
    return this.table.index(this.row)
  }

  get logged_ms(): number {
    return this.table.logged_ms(this.row)
  }

  get time_ms(): number {
    return this.table.time_ms(this.row)
  }

  /** The same of each receipt of one action. */
  get actionId(): number {
    return this.table.actionId(this.row)
  }

  get receipt(): DecisionReceipt | OutcomeReceipt {
    const shape = this.table.shape(this.row)
    if (shape?.kind === 'decision') return new DecisionRow(this.table, this.row, shape)
    if (shape?.kind === 'outcome') return new OutcomeRow(this.table, this.row, shape)
    throw new RangeError('no such receipt')
  }
}

/** What both kinds have of their own. */
class Row {
  protected readonly table: ReceiptColumns
  protected readonly row: number
  readonly v = 1

  constructor(table: ReceiptColumns, row: number) {
    this.table = table
    this.row = row
  }

  get point(): string {
    return this.table.streamAt(this.row)?.point ?? ''
  }

  get epoch(): number {
    return this.table.streamAt(this.row)?.epoch ?? 0
  }

  get seq(): number {
    return this.table.seq(this.row)
  }

  get prev_hash(): string {
    return this.table.prev_hash(this.row)
  }

  get time(): string {
    return this.table.time(this.row)
  }

  get action(): string {
    return this.table.action(this.row)
  }
}

class DecisionRow extends Row implements DecisionReceipt {
  readonly kind = 'decision'
  declare readonly canary?: string
  declare readonly kill?: string
  declare readonly manifest?: string
  declare readonly approval?: string
  declare readonly flow?: NonNullable<DecisionShape['flow']>
  declare readonly basis?: NonNullable<DecisionShape['basis']>
  readonly #shape: DecisionShape

  constructor(table: ReceiptColumns, row: number, shape: DecisionShape) {
    super(table, row)
    this.#shape = shape
    // Members that a receipt may leave out are not there, rather than undefined.
    const { canary, kill, manifest, approval, flow, basis } = shape
    if (canary !== undefined) this.canary = canary
    if (kill !== undefined) this.kill = kill
    if (manifest !== undefined) this.manifest = manifest
    if (approval !== undefined) this.approval = approval
    if (flow !== undefined) this.flow = flow
    if (basis !== undefined) this.basis = basis
  }

  get chain(): DecisionShape['chain'] {
    return this.#shape.chain
  }

  get agent(): DecisionShape['agent'] {
    return this.#shape.agent
  }

  get grant(): DecisionShape['grant'] {
    return this.#shape.grant
  }

  get server(): DecisionShape['server'] {
    return this.#shape.server
  }

  get tool(): DecisionShape['tool'] {
    return this.#shape.tool
  }

  get definition_hash(): DecisionShape['definition_hash'] {
    return this.#shape.definition_hash
  }

  get decision(): DecisionShape['decision'] {
    return this.#shape.decision
  }

  get reasons(): DecisionShape['reasons'] {
    return this.#shape.reasons
  }

  get binding(): DecisionShape['binding'] {
    return this.#shape.binding
  }

  get placement(): DecisionShape['placement'] {
    return this.#shape.placement
  }

  get debits(): DecisionShape['debits'] {
    return this.#shape.debits
  }

  get args_commit(): string | null {
    return this.table.args_commit(this.row)
  }

  get freshness(): Freshness | null {
    return this.table.freshness(this.row)
  }
}

class OutcomeRow extends Row implements OutcomeReceipt {
  readonly kind = 'outcome'
  declare readonly basis?: NonNullable<OutcomeShape['basis']>
  readonly #shape: OutcomeShape

  constructor(table: ReceiptColumns, row: number, shape: OutcomeShape) {
    super(table, row)
    this.#shape = shape
    if (shape.basis !== undefined) this.basis = shape.basis
  }

  get outcome(): OutcomeShape['outcome'] {
    return this.#shape.outcome
  }
}
