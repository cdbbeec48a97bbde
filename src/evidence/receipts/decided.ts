/** What decisions have of their own and outcomes have not: commitment and freshness, in columns. @module */
import { base64url, readDigest } from '../../core/encoding.ts'
import type { OwnMembers } from '../../log/receipt-texts.ts'
import type { DecisionReceipt, Freshness } from '../../log/receipt.ts'
import { Column, FixedColumn } from './columns.ts'

const HASH_BYTES = 32
const NO_DIGEST = new Uint8Array(HASH_BYTES)
const NONE = 0xffff_ffff

/** By row of the receipts' table, to which every row is added. */
export class DecidedColumns {
  /** Reused. */
  readonly #digest = new Uint8Array(HASH_BYTES)
  /** Row of the columns below, {@link NONE} of an outcome. */
  readonly #decided = Column.counts()
  readonly #commits = new FixedColumn(HASH_BYTES)
  /** Those that are spelled as no 32 bytes are: bits that are not used are not zero. By the row of these columns. */
  readonly #otherCommits = new Map<number, string>()
  readonly #isCommitted = Column.bytes()
  /** 0, which no freshness has: there is none. */
  readonly #epoch = Column.wholes()
  readonly #head = Column.wholes()
  readonly #t = Column.numbers()
  readonly #age = Column.numbers()

  addOutcome(): void {
    this.#decided.push(NONE)
  }

  add({ args_commit, freshness }: DecisionReceipt): void {
    const isDigest = args_commit !== null && readDigest(args_commit, 0, this.#digest)
    if (args_commit !== null && !isDigest) this.#otherCommits.set(this.#isCommitted.size, args_commit)
    this.#put(args_commit !== null, isDigest ? this.#digest : NO_DIGEST, freshness)
  }

  /** @param like another decision, which says the same but for its own members */
  addLike(like: DecisionReceipt, own: OwnMembers): void {
    const isCommitted = like.args_commit !== null
    this.#put(isCommitted, isCommitted ? own.args_commit : NO_DIGEST, like.freshness === null ? null : own)
  }

  #put(isCommitted: boolean, commit: Uint8Array, freshness: Freshness | null): void {
    this.#decided.push(this.#isCommitted.size)
    this.#isCommitted.push(isCommitted ? 1 : 0)
    this.#commits.push(commit)
    this.#epoch.push(freshness?.epoch ?? 0)
    this.#head.push(freshness?.head ?? 0)
    this.#t.push(freshness?.t ?? 0)
    this.#age.push(freshness?.age_ms ?? 0)
  }

  args_commit(row: number): string | null {
    const at = this.#decided.at(row)
    if (this.#isCommitted.at(at) !== 1) return null
    return this.#otherCommits.get(at) ?? base64url(this.#commits.at(at))
  }

  isCommitted(row: number): boolean {
    const at = this.#decided.at(row)
    return at !== NONE && this.#isCommitted.at(at) === 1
  }

  /** Of the freshness; 0: there is none. */
  epoch(row: number): number {
    const at = this.#decided.at(row)
    return at === NONE ? 0 : this.#epoch.at(at)
  }

  /** Of a decision with a freshness. */
  head(row: number): number {
    return this.#head.at(this.#decided.at(row))
  }

  /** Of a decision with a freshness, milliseconds. */
  t(row: number): number {
    return this.#t.at(this.#decided.at(row))
  }

  /** Of a decision with a freshness. */
  age_ms(row: number): number {
    return this.#age.at(this.#decided.at(row))
  }

  freshness(row: number): Freshness | null {
    const epoch = this.epoch(row)
    return epoch === 0 ? null : { epoch, head: this.head(row), t: this.t(row), age_ms: this.age_ms(row) }
  }
}
