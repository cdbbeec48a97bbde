/**
 * Calls of personal tools say on what basis they were made, for every purpose of their grant, and what they name covers
 * the categories of the label. spec/consent.md (CNS-33, CNS-39). That a basis lived then is checked by basis-uses.ts.
 * @module
 */
import { coversCategory } from '../../core/consent.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { argumentCategories, isPersonal, purposesOf } from '../../decide/basis/personal.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { History } from '../history.ts'
import { checkBasisUses } from './basis-uses.ts'
import type { ProvenAllow, ProvenAllows } from './allows.ts'
import { bookOf, consentsByRev, type ConsentBook, type GivenConsent } from './consents.ts'
import { atTime, Labels, policiesOf } from './flow.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

type Mode = NonNullable<FlowPolicy['bases']>

/** CNS-33, CNS-39. */
export function checkUses(
  crypto: Crypto,
  history: History,
  known: { readonly allows: ProvenAllows; readonly bound_ms: number },
  findings: Findings,
): void {
  checkBasisUses(crypto, history, known, findings)
  checkBases(history, known.allows, findings)
}

/** Nothing where no policy ever asked for bases and no receipt names any. */
function checkBases(history: History, allows: ProvenAllows, findings: Findings): void {
  const isAsked = history.labels.some(
    ({ entry }) => entry.type === 'flow_policy.proposed' && (entry.body.policy.bases ?? 'off') !== 'off',
  )
  const isSaid = allows.some(
    ({ receipt, chain }) => receipt.basis !== undefined || chain.consent !== undefined,
  )
  if (!isAsked && !isSaid) return
  findings.check(
    'calls that touched personal data say on what basis, for every purpose of their grant',
    () => {
      const checker = new Checker(history, allows, findings)
      for (const allow of allows) checker.decision(allow)
      for (const { index, receipt } of history.receiptsWhere(({ basis }) => basis !== undefined))
        if (receipt.kind === 'outcome' && receipt.basis !== undefined)
          checker.outcome(index, receipt.action, receipt.basis)
      return allows.length
    },
  )
}

class Checker {
  readonly #findings: Findings
  readonly #book: ConsentBook
  readonly #byRev: ReadonlyMap<string, GivenConsent>
  readonly #policies: ReturnType<typeof policiesOf>
  readonly #labels: Labels
  readonly #allows: ReadonlyMap<string, ProvenAllow>

  constructor(history: History, allows: ProvenAllows, findings: Findings) {
    this.#findings = findings
    this.#book = bookOf(history)
    this.#byRev = consentsByRev(this.#book)
    this.#policies = policiesOf(history)
    this.#labels = new Labels(history)
    this.#allows = new Map(allows[Symbol.iterator]().map((allow) => [allow.receipt.action, allow]))
  }

  decision(allow: ProvenAllow): void {
    const { index, receipt } = allow
    const { basis } = receipt
    const modes = this.#modesAt(receipt)
    const labels = this.#labels.at(receipt)
    const isEnforced = allow.chain.consent !== undefined || modes.every((mode) => mode === 'enforce')
    if (basis === undefined) {
      if (isEnforced && labels.every(isPersonal))
        this.#add('BASIS_MISSING', 'allowed without a basis, where bases were asked for', index)
      return
    }
    if (basis.missing.length > 0 && (isEnforced || basis.mode === 'enforce'))
      this.#add('BASIS_MISSING', 'allowed although it says that a basis was missing', index)
    this.#purposes(allow, basis, index)
    // Where no label says that arguments name anybody, none says what they need.
    const naming = labels.filter(({ subject }) => subject !== undefined)
    for (const use of naming.length === 0 ? [] : basis.used)
      if (!naming.some((label) => this.#covers(use, argumentCategories(label))))
        this.#add('BASIS_INVALID', `${use.basis} does not cover the data of the label`, index)
  }

  /** Of a call whose decision may be gone nothing is known. */
  outcome(index: number, action: string, basis: BasesRecord): void {
    const allow = this.#allows.get(action)
    if (allow === undefined) return
    const { call } = basis
    const { agent, server, tool } = allow.receipt
    if (call?.agent !== agent || call.server !== server || call.tool !== tool)
      this.#add('BASIS_INVALID', 'the outcome says another call than its decision', index)
    this.#purposes(allow, basis, index)
  }

  /** CNS-24: each purpose of the grant needs its basis, and no other is used. CNS-40: nor anybody else's data. */
  #purposes({ chain, receipt }: ProvenAllow, { used, missing }: BasesRecord, index: number): void {
    const alone = chain.consent === undefined ? null : this.#byRev.get(chain.consent)?.record.subject
    if (alone !== null && used.some(({ subject }) => subject !== alone))
      this.#add(
        'BASIS_INVALID',
        'data of another data subject than the one of the delegation was used',
        index,
      )
    const purposes = purposesOf(lineageIn(chain, receipt.grant) ?? []) ?? []
    const said = new Map<string | null, Set<string | null>>()
    for (const { subject, purpose } of [...used, ...missing])
      said.set(subject, (said.get(subject) ?? new Set()).add(purpose))
    for (const { subject, purpose, basis } of used) {
      if (!purposes.includes(purpose))
        this.#add('BASIS_INVALID', `${basis} was used for a purpose that the grant does not name`, index)
      const isWhole = purposes.every((each) => said.get(subject)?.has(each) === true)
      if (!isWhole) this.#add('BASIS_MISSING', 'a purpose of the grant has no basis', index)
    }
  }

  /** That it is for this purpose and this subject, and is a basis at all, is said by who checks that it lived. */
  #covers({ subject, basis }: BasesRecord['used'][number], categories: readonly string[]): boolean {
    const record = this.#book.consents.get(basis)?.record
    const other = this.#book.bases.get(basis)?.basis
    const said = record ?? other
    if (said === undefined) return true
    const isExplicit = record === undefined ? other?.condition !== undefined : record.explicit === true
    const jurisdiction =
      (subject === null ? undefined : this.#book.subjects.get(subject)) ?? said.jurisdiction
    return categories.every((category) => coversCategory(said.categories, category, isExplicit, jurisdiction))
  }

  #modesAt(receipt: DecisionReceipt): Mode[] {
    return atTime(this.#policies, receipt).map(({ bases = 'off' }) => bases)
  }

  #add(code: FaultCode, message: string, index: number): void {
    this.#findings.add({ code, message, index })
  }
}
