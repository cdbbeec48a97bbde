/**
 * Erasures and holds as the log tells them: each was asked for by a gesture, by somebody whom it was not about, none
 * happened while a hold was in its way, and what was deferred happened with the last hold. spec/erasure.md (ERA-5,
 * ERA-9). Not checked: that values were destroyed, which no log can show.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import { actFault } from './acts.ts'
import type { ApprovalTerms } from './approvals.ts'
import type { Findings } from './report.ts'

type Asked = Indexed<Entry<'subject.erased'> | Entry<'erasure.deferred'>>

interface Lifted {
  readonly target: string
  readonly index: number
  readonly approver: string
}

/** What was asked for, and how far it is. */
class Erasures {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #terms: ApprovalTerms
  /** Target by hold, of those that are open. */
  readonly #holds = new Map<string, string>()
  /** The last word on those that are lifted, by hold. */
  readonly #lifted = new Map<string, Lifted>()
  /** Index of the entry that deferred it, and who asked, by subject. */
  readonly #deferred = new Map<string, { readonly index: number; readonly approver: string }>()
  readonly #erased = new Set<string>()

  constructor(crypto: Crypto, history: History, terms: ApprovalTerms) {
    this.#crypto = crypto
    this.#history = history
    this.#terms = terms
  }

  /** @returns what does not hold, or null */
  take(at: History['erasures'][number]): string | null {
    const { index, entry } = at
    const subject = entry.subject ?? ''
    switch (entry.type) {
      case 'hold.placed':
        if (this.#holds.has(subject) || this.#lifted.has(subject)) return 'the hold stands in the log before'
        this.#holds.set(subject, entry.body.target)
        return null
      case 'hold.lifted':
        return this.#lift(index, entry)
      case 'erasure.deferred': {
        const fault = this.#askedFault({ index, entry })
        if (this.#deferred.has(subject)) return 'it was deferred before'
        this.#deferred.set(subject, { index, approver: entry.body.act.approver })
        const there = entry.body.holds.every((hold) => this.#holds.has(hold))
        return fault ?? (there ? null : 'it names a hold that was not in force')
      }
      case 'subject.erased': {
        const fault = this.#erasedFault({ index, entry })
        this.#erased.add(subject)
        return fault
      }
    }
  }

  /** What waits although nothing is in its way any more. */
  overdue(): readonly string[] {
    return [...this.#deferred.keys()].filter(
      (subject) => !this.#erased.has(subject) && !this.#isHeld(subject),
    )
  }

  #lift(index: number, entry: Entry<'hold.lifted'>): string | null {
    const { act, gesture } = entry.body
    const isConcerned = this.#concernedBy(act.hold).includes(act.approver)
    const target = this.#holds.get(act.hold) ?? ''
    const isOpen = act.hold === entry.subject && this.#holds.delete(act.hold)
    if (isOpen) this.#lifted.set(act.hold, { target, index, approver: act.approver })
    if (!isOpen) return 'it is about a hold that was not in force'
    if (isConcerned && this.#terms.separation === 'independent')
      return 'it is by whom the hold or what it deferred is about, or by who asked for that'
    const by = { index, actor: entry.actor.id, by: act.approver, act, gesture }
    return actFault(this.#crypto, this.#history, this.#terms.rp, by)
  }

  #erasedFault({ index, entry }: Indexed<Entry<'subject.erased'>>): string | null {
    const { body } = entry
    const subject = entry.subject ?? ''
    if (this.#erased.has(subject)) return 'the subject was erased before'
    if (this.#isHeld(subject)) return 'a hold was in its way'
    if (!('deferred' in body)) return this.#askedFault({ index, entry })
    return this.#deferred.get(subject)?.index === body.deferred
      ? null
      : 'it was not deferred by the entry that it names'
  }

  #askedFault({ index, entry }: Asked): string | null {
    const { body } = entry
    if (!('act' in body)) return null
    const { act, gesture, acted_alone } = body
    if (act.subject !== entry.subject) return 'its gesture is over another subject'
    const own = act.approver === act.subject || this.#ownerOf(act.subject) === act.approver
    if (own !== acted_alone) return 'it does not say truly whether it is by the person whom it is about'
    if (this.#terms.separation === 'independent') {
      if (own) return 'it is by the person whom it is about'
      if (this.#hasFreed(act.subject, act.approver)) return 'it is by who lifted a hold on it'
    }
    const by = { index, actor: entry.actor.id, by: act.approver, act, gesture }
    return actFault(this.#crypto, this.#history, this.#terms.rp, by)
  }

  /** As the register finds them (ERA-9). */
  #isHeld(subject: string): boolean {
    return [...this.#holds.values()].some((target) => this.#isInWay(target, subject))
  }

  #isInWay(target: string, subject: string): boolean {
    if (target === '*' || target === subject || target === this.#ownerOf(subject)) return true
    return this.#ownerOf(target) === subject
  }

  /** Whether this person lifted a hold that was in the way, since there is something to erase (ERA-9). */
  #hasFreed(subject: string, person: string): boolean {
    const first = this.#history.filed.get(subject) ?? -1
    return this.#lifted
      .values()
      .some(
        ({ target, index, approver }) =>
          approver === person && index > first && this.#isInWay(target, subject),
      )
  }

  /** Who does not lift it (ERA-9). */
  #concernedBy(hold: string): (string | null)[] {
    const target = this.#holds.get(hold)
    if (target === undefined) return []
    const deferred = [...this.#deferred].filter(
      ([subject]) => !this.#erased.has(subject) && this.#isInWay(target, subject),
    )
    const behind = deferred.flatMap(([subject, { approver }]) => [subject, this.#ownerOf(subject), approver])
    return [target, this.#ownerOf(target), ...behind]
  }

  /** The principal of a delegation of this log. */
  #ownerOf(subject: string): string | null {
    return this.#history.delegations.get(subject)?.entry.actor.id ?? null
  }
}

/** @returns how many entries it looked at */
export function checkErasures(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  findings: Findings,
): number {
  const erasures = new Erasures(crypto, history, terms)
  for (const each of history.erasures) {
    const fault = erasures.take(each)
    if (fault === null) continue
    const message = `${each.entry.type} of ${each.entry.subject ?? 'nothing'} does not hold: ${fault}`
    findings.add({ code: 'ERASURE_INVALID', message, index: each.index })
  }
  for (const subject of erasures.overdue()) {
    const message = `the erasure of ${subject} was deferred, and no hold is in its way any more`
    findings.add({ code: 'ERASURE_INVALID', message })
  }
  return history.erasures.length
}
