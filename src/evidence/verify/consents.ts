/**
 * Consents, recomputed from the log alone: each within a notice that was approved, with a proof that verifies, and each
 * withdrawal with its frames. spec/consent.md (CNS-32). What a person said of themselves elsewhere stays asserted.
 * @module
 */
import {
  basisFault,
  handleFor,
  termFault,
  type Basis,
  type ConsentRecord,
  type Notice,
} from '../../core/consent.ts'
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { purposeCovers } from '../../core/dpv.ts'
import { canonicalize } from '../../core/json.ts'
import { publicJwk } from '../../core/jwk.ts'
import { seconds } from '../../core/time.ts'
import type { Entry } from '../../log/entries.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import { givingFault, type Giving } from '../../token/giving.ts'
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'

type Logged = History['consents'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged['entry'], { type: T }>

interface Terms {
  readonly judge: ApprovalJudge
  readonly rp: RelyingParty
}

interface Proposal {
  readonly index: number
  readonly by: string
  readonly type: Logged['entry']['type']
}

export interface GivenConsent {
  readonly record: ConsentRecord
  readonly index: number
}

/** What stands in the log by now. */
export class ConsentBook {
  readonly notices = new Map<string, Notice>()
  readonly bases = new Map<string, { readonly basis: Basis; readonly index: number }>()
  readonly managers = new Map<string, { readonly jwk: PublicJwk; readonly jurisdiction: string }>()
  readonly subjects = new Map<string, string>()
  readonly consents = new Map<string, GivenConsent>()
}

/** By revocation handle: as roots name them (CNS-40). */
export function consentsByRev({ consents }: ConsentBook): ReadonlyMap<string, GivenConsent> {
  return new Map([...consents.values()].map((given) => [given.record.rev, given]))
}

/** The book of a whole log, whatever of it holds: uses are held against what was given, valid or not. */
export function bookOf(history: History): ConsentBook {
  const book = new ConsentBook()
  const proposed = new Map<string, Basis>()
  for (const { index, entry } of history.consents) {
    const id = entry.subject ?? ''
    if (entry.type === 'data_subject.added') book.subjects.set(id, entry.body.jurisdiction)
    if (entry.type === 'basis.proposed') proposed.set(id, entry.body.basis)
    const basis = proposed.get(id)
    if (entry.type === 'basis.approved' && basis !== undefined) book.bases.set(id, { basis, index })
    if (entry.type === 'consent.given' && !book.consents.has(entry.body.record.consent))
      book.consents.set(entry.body.record.consent, { record: entry.body.record, index })
  }
  return book
}

export function checkConsents(crypto: Crypto, history: History, terms: Terms, findings: Findings): void {
  const framed = history.frames.some(({ frame }) => frame.kind === 'consent' || frame.kind === 'subject')
  if (history.consents.length === 0 && !framed) return
  findings.check('consents are within notices that were approved, and each withdrawal has its frames', () => {
    const checker = new Checker(crypto, history, terms, findings)
    for (const logged of history.consents) checker.take(logged)
    checker.frames()
    return history.consents.length
  })
}

class Checker {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #terms: Terms
  readonly #findings: Findings
  readonly #book = new ConsentBook()
  readonly #proposals = new Map<string, Proposal>()
  readonly #waiting = {
    notices: new Map<string, Notice>(),
    bases: new Map<string, Basis>(),
    managers: new Map<string, Of<'manager.proposed'>['body']['manager']>(),
  }
  readonly #named = new Set<string>()
  readonly #passkeys = new Map<string, { readonly jwk: PublicJwk; readonly registration: number }>()
  readonly #revs = new Set<string>()
  /** Handles that an entry says are withdrawn, with the time of the entry. */
  readonly #said = new Map<string, string>()

  constructor(crypto: Crypto, history: History, terms: Terms, findings: Findings) {
    this.#crypto = crypto
    this.#history = history
    this.#terms = terms
    this.#findings = findings
  }

  #add(code: FaultCode, message: string, index: number): void {
    this.#findings.add({ code, message, index })
  }

  take({ index, entry }: Logged): void {
    const id = entry.subject ?? ''
    switch (entry.type) {
      case 'notice.proposed':
      case 'basis.proposed':
      case 'manager.proposed':
        return this.#proposed(index, entry, id)
      case 'notice.approved':
      case 'basis.approved':
      case 'manager.approved':
        return this.#approved(index, entry, id)
      case 'basis.ended':
        this.#said.set(`consent:${id}`, entry.time)
        return
      case 'manager.removed':
        this.#book.managers.delete(id)
        return
      case 'data_subject.added':
        this.#book.subjects.set(id, entry.body.jurisdiction)
        return
      case 'data_subject.enrolled':
        this.#passkeys.set(id, { jwk: publicJwk({ ...entry.body.credential.jwk }), registration: index })
        return
      case 'consent.given':
        return this.#given(index, entry, id)
      case 'consent.withdrawn':
        return this.#withdrawn(index, entry, id)
      case 'objection.made':
        for (const purpose of entry.body.purposes ?? [null])
          this.#said.set(`subject:${handleFor(this.#crypto, id, purpose)}`, entry.time)
        return
      case 'data_subject.identified':
      case 'data_subject.unidentified':
      case 'subject_request.opened':
      case 'subject_request.extended':
      case 'subject_request.closed':
      case 'listener.acknowledged':
    }
  }

  #proposed(
    index: number,
    entry: Of<'notice.proposed' | 'basis.proposed' | 'manager.proposed'>,
    id: string,
  ): void {
    if (this.#proposals.has(id))
      return this.#add('IDENTIFIER_REUSED', `${id} stands in the log before`, index)
    this.#proposals.set(id, { index, by: entry.actor.id, type: entry.type })
    if (entry.type === 'manager.proposed') this.#waiting.managers.set(id, entry.body.manager)
    if (entry.type === 'basis.proposed') {
      this.#waiting.bases.set(id, entry.body.basis)
      if (basisFault(entry.body.basis) !== null)
        this.#add('BASIS_INVALID', `${id} names no terms, or lacks a condition`, index)
    }
    if (entry.type !== 'notice.proposed') return
    const { notice } = entry.body
    const named = canonicalize([notice.name, notice.version, notice.language, notice.jurisdiction])
    if (this.#named.has(named))
      this.#add('NOTICE_CONFLICT', `${id} is another notice of the same name, version and language`, index)
    if (termFault(notice) !== null)
      this.#add('CONSENT_INVALID', `${id} names what is no term of the vocabulary`, index)
    this.#named.add(named)
    this.#waiting.notices.set(id, notice)
  }

  #approved(
    index: number,
    entry: Of<'notice.approved' | 'basis.approved' | 'manager.approved'>,
    id: string,
  ): void {
    const { act } = entry.body
    const proposal = this.#proposals.get(id)
    const named =
      act.act === 'notice.approve' ? act.notice : act.act === 'basis.approve' ? act.basis : act.manager
    const isOver =
      proposal?.index === act.proposal &&
      named === id &&
      proposal.type === entry.type.replace('.approved', '.proposed')
    const { judge } = this.#terms
    const fault = isOver
      ? (judge.gestureFault({ index, entry }) ??
        judge.separationFault(entry.body, proposal.by === act.approver))
      : 'it is not over an earlier proposal of the same'
    if (fault !== null)
      return this.#add('APPROVAL_INVALID', `the approval of ${id} does not hold: ${fault}`, index)
    const { notices, bases, managers } = this.#waiting
    const [notice, basis, manager] = [notices.get(id), bases.get(id), managers.get(id)]
    if (notice !== undefined) this.#book.notices.set(id, notice)
    if (basis !== undefined) this.#book.bases.set(id, { basis, index })
    if (manager !== undefined)
      this.#book.managers.set(id, { jwk: publicJwk({ ...manager.jwk }), jurisdiction: manager.jurisdiction })
  }

  #given(index: number, entry: Of<'consent.given'>, id: string): void {
    const { record } = entry.body
    const fault = this.#givingFault(entry, id)
    if (fault !== null) this.#add('CONSENT_INVALID', `${record.consent} does not hold: ${fault}`, index)
    this.#revs.add(record.rev)
    if (!this.#book.consents.has(record.consent)) this.#book.consents.set(record.consent, { record, index })
  }

  #givingFault({ time, body: { record, proof } }: Of<'consent.given'>, id: string): string | null {
    const { managers, notices, subjects, consents } = this.#book
    const jurisdiction = subjects.get(id)
    const giving: Giving = {
      crypto: this.#crypto,
      rp: this.#terms.rp,
      now_s: seconds(Date.parse(time)),
      subject:
        jurisdiction === undefined ? null : { id, jurisdiction, passkey: this.#passkeys.get(id) ?? null },
      notice: notices.get(record.notice) ?? null,
      isKnown:
        consents.has(record.consent) || this.#revs.has(record.rev) || this.#history.people.has(record.rev),
      manager: (manager) => managers.get(manager) ?? null,
    }
    return givingFault(giving, record, proof)
  }

  #withdrawn(index: number, { time, body }: Of<'consent.withdrawn'>, id: string): void {
    const { consent, rev, purposes } = body
    const given = this.#book.consents.get(consent)
    const { record } = given ?? {}
    const isOf =
      record?.subject === id &&
      record.rev === rev &&
      (purposes ?? []).every((one) => record.purposes.some((broad) => purposeCovers(broad, one)))
    if (!isOf)
      return this.#add('WITHDRAWAL_INVALID', `${consent} was not given before, or for another purpose`, index)
    for (const purpose of purposes ?? [null])
      this.#said.set(`consent:${handleFor(this.#crypto, rev, purpose)}`, time)
  }

  /** Each handle that an entry says is withdrawn has a frame by then, and each frame such an entry. */
  frames(): void {
    const erased = new Set(
      this.#history.erasures.flatMap(({ entry }) => (entry.type === 'subject.erased' ? [entry.subject] : [])),
    )
    const framed = new Map<string, Entry<'revocation'>>()
    for (const { index, entry } of this.#history.revocations) {
      const { kind, handle } = entry.body.frame
      if (kind !== 'consent' && kind !== 'subject') continue
      const key = `${kind}:${handle}`
      framed.set(key, entry)
      const isSaid = this.#said.has(key) || (kind === 'subject' && erased.has(handle))
      if (!isSaid) this.#add('WITHDRAWAL_INVALID', `nothing in the log says why ${handle} is revoked`, index)
    }
    for (const [key, time] of this.#said) {
      const frame = framed.get(key)
      if (frame !== undefined && Date.parse(frame.time) <= Date.parse(time)) continue
      const message = `${key.slice(key.indexOf(':') + 1)} was withdrawn at ${time}, and no frame of then says so`
      this.#findings.add({ code: 'WITHDRAWAL_INVALID', message })
    }
  }
}
