/**
 * The temporal join: every use of somebody's data that a receipt names has a basis that lived then. spec/consent.md
 * (CNS-33). Which data a call touched is the point's word: arguments and results are in no log.
 * @module
 */
import { handleFor, isObjectable } from '../../core/consent.ts'
import type { Crypto } from '../../core/crypto.ts'
import { purposeCovers, purposesAbove } from '../../core/dpv.ts'
import { reaches } from '../../core/jurisdiction.ts'
import type { Freshness } from '../../log/receipt.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import { boundOf } from '../../token/lineage.ts'
import type { History, LoggedReceipt } from '../history.ts'
import { withdrawalsByFrame } from '../populations/consents.ts'
import type { ProvenAllows } from './allows.ts'
import { bookOf, type ConsentBook } from './consents.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

type Use = BasesRecord['used'][number]

type LoggedFrame = History['frames'][number]

interface Known {
  readonly allows: ProvenAllows
  readonly bound_ms: number
}

/** One receipt, with what it was judged by. */
interface Judged {
  readonly index: number
  readonly time_ms: number
  readonly freshness: Freshness | null
  readonly bound_ms: number
}

export function checkBasisUses(crypto: Crypto, history: History, known: Known, findings: Findings): void {
  const receipts = [...history.receiptsWhere(({ basis }) => basis !== undefined)]
  if (receipts.length === 0) return
  findings.check('every use of personal data that receipts name has a basis that lived then', () => {
    const uses = new Uses(crypto, history, known)
    let count = 0
    for (const logged of receipts) {
      for (const use of logged.receipt.basis?.used ?? []) {
        count++
        uses.check(logged, use, findings)
      }
    }
    return count
  })
}

class Uses {
  readonly #crypto: Crypto
  readonly #book: ConsentBook
  readonly #frames = new Map<string, LoggedFrame>()
  readonly #withdrawals: ReadonlyMap<number, number>
  /** By action. */
  readonly #bounds: ReadonlyMap<string, number>
  readonly #bound_ms: number

  constructor(crypto: Crypto, history: History, { allows, bound_ms }: Known) {
    this.#crypto = crypto
    this.#book = bookOf(history)
    this.#bound_ms = bound_ms
    this.#withdrawals = withdrawalsByFrame(history)
    for (const logged of history.frames) {
      const key = `${logged.frame.kind}:${logged.frame.handle}`
      if (!this.#frames.has(key)) this.#frames.set(key, logged)
    }
    this.#bounds = new Map(
      allows[Symbol.iterator]().map(({ receipt, chain }) => [
        receipt.action,
        boundOf(lineageIn(chain, receipt.grant) ?? [], bound_ms),
      ]),
    )
  }

  check({ index, receipt }: LoggedReceipt, use: Use, findings: Findings): void {
    const freshness = receipt.kind === 'decision' ? receipt.freshness : (receipt.basis?.freshness ?? null)
    const bound_ms = this.#bounds.get(receipt.action) ?? this.#bound_ms
    const judged: Judged = { index, time_ms: Date.parse(receipt.time), freshness, bound_ms }
    const fault = this.#fault(judged, use)
    if (fault !== null) findings.add({ code: 'BASIS_INVALID', message: `${use.basis}: ${fault}`, index })
    const ending = this.#late(judged, use)
    if (ending === null) return
    const { frame } = ending
    const others = [this.#withdrawals.get(frame.seq) ?? ending.index]
    const message = `data of ${use.subject ?? 'somebody'} was used by ${use.basis}, which frame ${frame.seq} had ended`
    findings.add({ code: 'BASIS_WITHDRAWN', message, index, others })
  }

  #fault({ index, time_ms }: Judged, { subject, purpose, basis }: Use): string | null {
    const consent = this.#book.consents.get(basis)
    if (consent !== undefined) {
      const { record } = consent
      if (consent.index > index) return 'it was given later'
      if (record.subject !== subject) return 'it is of another data subject'
      if (!record.purposes.some((broad) => purposeCovers(broad, purpose))) return 'it is for another purpose'
      return record.expires * 1000 <= time_ms ? 'it had expired' : null
    }
    const other = this.#book.bases.get(basis)
    if (other === undefined || other.index > index)
      return 'it is no consent and no basis that was approved before'
    if (!purposeCovers(other.basis.purpose, purpose)) return 'it is for another purpose'
    if (other.basis.expires * 1000 <= time_ms) return 'it had expired'
    if (subject === null)
      return other.basis.unregistered === true ? null : 'it covers registered subjects alone'
    const jurisdiction = this.#book.subjects.get(subject)
    if (jurisdiction === undefined) return 'its data subject is not in the log'
    return reaches(other.basis.jurisdiction, jurisdiction) ? null : 'it does not reach this data subject'
  }

  /** @returns the frame that had ended it, as far as the point knew or the bound says it had to. */
  #late({ freshness, bound_ms }: Judged, use: Use): LoggedFrame | null {
    for (const key of this.#handles(use)) {
      const logged = this.#frames.get(key)
      if (logged === undefined || freshness === null) continue
      const { frame } = logged
      const isKnown = freshness.head >= frame.seq
      if (isKnown || freshness.t + freshness.age_ms > frame.t + bound_ms) return logged
    }
    return null
  }

  #handles({ subject, purpose, basis }: Use): string[] {
    const above = [null, ...purposesAbove(purpose)]
    const rev = this.#book.consents.get(basis)?.record.rev
    if (rev !== undefined) return above.map((one) => `consent:${handleFor(this.#crypto, rev, one)}`)
    const kind = this.#book.bases.get(basis)?.basis.kind
    const own = [`consent:${basis}`]
    if (subject === null || kind === undefined || !isObjectable(kind)) return own
    return [...own, ...above.map((one) => `subject:${handleFor(this.#crypto, subject, one)}`)]
  }
}
