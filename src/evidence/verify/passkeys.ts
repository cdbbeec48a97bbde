/**
 * More passkeys of a person, and recoveries: what adds, removes and recovers holds. spec/people.md (PPL-8 to PPL-16).
 * Invariant: nothing counts from an entry that does not hold, and what an entry ends has ended all the same.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Gesture } from '../../core/gesture.ts'
import type { JsonObject } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { areApart, Lines } from '../../log/lines.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf, gestureFault } from '../../token/gesture.ts'
import type { History } from '../history.ts'
import type { LoggedPasskey, PasskeyEvent } from '../passkeys.ts'
import type { ApprovalTerms } from './approvals.ts'

type Of<T extends PasskeyEvent['entry']['type']> = Extract<PasskeyEvent, { entry: { type: T } }>

/** Of one person at once (PPL-8). */
const PASSKEYS_MAX = 10

interface Recovery {
  readonly invited: Of<'person.recovery_invited'>
  /** Index of the registration with it that holds. */
  registration: number | null
}

/** What counts so far, as the log is read. */
export class Standing {
  /** From which entry a passkey counts, by the index of its registration. */
  readonly from = new Map<number, number>()
  readonly #crypto: Crypto
  readonly #history: History
  readonly #terms: ApprovalTerms
  /** The registration that is endorsed, by person. */
  readonly #registrations = new Map<string, number>()
  /** The newest of each person, until it is endorsed. */
  readonly #recoveries = new Map<string, Recovery>()
  readonly #lines = new Lines()
  /** How many of the entries that brought people in are in the lines. */
  #inLines = 0

  constructor(crypto: Crypto, history: History, terms: ApprovalTerms) {
    this.#crypto = crypto
    this.#history = history
    this.#terms = terms
  }

  /** Whether a gesture in the entry at this index may be by it. */
  counts(registration: number, index: number): boolean {
    const { passkeys } = this.#history
    return (this.from.get(registration) ?? index) < index && !passkeys.hadEnded(registration, index)
  }

  /** A valid endorsement. */
  endorsed(person: string, registration: number, index: number): void {
    this.from.set(registration, index)
    this.#registrations.set(person, registration)
    this.#recoveries.delete(person)
  }

  /** Takes the entry if it holds. @returns what does not, or null */
  take(event: Exclude<PasskeyEvent, Of<'person.enrolled'> | Of<'person.endorsed'>>): string | null {
    const { index, entry } = event
    switch (entry.type) {
      case 'person.passkey_added': {
        const fault = this.#additionFault(index, entry)
        if (fault === null) this.from.set(index, index)
        return fault
      }
      case 'person.passkey_removed':
        return this.#removalFault(index, entry)
      case 'person.recovery_invited': {
        const fault = this.#invitationFault(index, entry)
        if (fault === null)
          this.#recoveries.set(entry.subject ?? '', { invited: { index, entry }, registration: null })
        return fault
      }
      case 'person.reregistered':
        return this.#registerAnew(index, entry)
    }
  }

  #additionFault(
    index: number,
    { subject, actor, body }: Of<'person.passkey_added'>['entry'],
  ): string | null {
    const { act, gesture, credential } = body
    if (act.person !== subject || actor.id !== subject) return 'it is by another person than it is about'
    if (thumbprint(this.#crypto, publicJwk(credential.jwk)) !== act.credential)
      return 'it adds another key than was signed for'
    if (this.#registrations.get(act.person) !== act.registration)
      return 'it hangs on a registration that did not count'
    const standing = this.#standingOf(act.person, index)
    if (standing.length >= PASSKEYS_MAX) return `the person has ${PASSKEYS_MAX} passkeys already`
    if (standing.some((passkey) => passkey.credential.amr.join() !== credential.amr.join()))
      return 'it is of another sort than those of the person'
    return this.#ownFault(index, act.person, gesture, act)
  }

  #removalFault(
    index: number,
    { subject = '', actor, time, body }: Of<'person.passkey_removed'>['entry'],
  ): string | null {
    const { passkey, reason, since, act, gesture } = body
    const { passkeys } = this.#history
    const removed = passkeys.get(passkey)
    const isCompromised = reason === 'compromised'
    const isLate = isCompromised && this.from.has(passkey) && passkeys.hadEnded(passkey, index) // PPL-16
    if (removed?.person !== subject || !(isLate || this.counts(passkey, index)))
      return 'it is not over a passkey of the person that counted'
    if (since !== undefined && !isCompromised) return 'it names a moment without a reason for one'
    if (since !== undefined && Date.parse(since) > Date.parse(time)) return 'it names a moment to come'
    if (act === undefined || gesture === undefined) {
      if (actor.kind !== 'person' || actor.id === subject || act !== gesture)
        return 'it has no gesture, and is not by somebody else'
      return this.#mayAct(actor.id, index)
        ? null
        : 'it is by somebody whom nobody had endorsed, or who had left'
    }
    const named = thumbprint(this.#crypto, publicJwk(removed.credential.jwk))
    if (actor.id !== subject || act.person !== subject) return 'its gesture is by another person'
    if (act.passkey !== passkey || act.reason !== reason || act.since !== since || act.credential !== named)
      return 'it removes another passkey than was signed for'
    if (gesture.registration === passkey) return 'it is removed by itself'
    return this.#ownFault(index, subject, gesture, act)
  }

  /** Of a gesture of the person, by a passkey that counts. */
  #ownFault(index: number, person: string, gesture: Gesture, act: JsonObject): string | null {
    const { passkeys } = this.#history
    const fault = passkeys.fault(gesture, index)
    if (fault !== null) return fault
    if (passkeys.get(gesture.registration)?.person !== person) return 'its gesture is by another person'
    if (!this.counts(gesture.registration, index)) return 'its gesture is by a passkey that did not count'
    if (gesture.role !== 'principal') return 'its gesture is in another role'
    if (this.#history.hadLeft(gesture.rev, index)) return 'the person had left'
    return gestureFault(this.#crypto, this.#terms.rp, challengeOf(this.#crypto, ACT_TAG, act), gesture)
  }

  #standingOf(person: string, index: number): LoggedPasskey[] {
    return [...this.#history.passkeys.values()].filter(
      (passkey) => passkey.person === person && this.counts(passkey.index, index),
    )
  }

  #invitationFault(
    index: number,
    { subject = '', actor, body }: Of<'person.recovery_invited'>['entry'],
  ): string | null {
    if (actor.kind !== 'system' && (actor.kind !== 'person' || actor.id === subject))
      return 'it is by the person themselves'
    if (actor.kind === 'person' && !this.#mayAct(actor.id, index))
      return 'it is by somebody whom nobody had endorsed, or who had left'
    const registration = this.#registrations.get(subject)
    if (registration === undefined || registration !== body.registration)
      return 'it is not over the registration that counted'
    return this.#mayAct(subject, index) ? null : 'the person had left'
  }

  /** Somebody endorsed them, and they have not left. */
  #mayAct(person: string, index: number): boolean {
    const registration = this.#registrations.get(person)
    if (registration === undefined) return false
    const { rev = '' } = this.#history.passkeys.get(registration) ?? {}
    return !this.#history.hadLeft(rev, index)
  }

  #registerAnew(
    index: number,
    { subject = '', actor, body }: Of<'person.reregistered'>['entry'],
  ): string | null {
    const recovery = this.#recoveries.get(subject)
    if (recovery?.invited.index !== body.invitation || recovery.registration !== null)
      return 'it is not by the newest invitation, unused'
    if (actor.id !== subject) return 'it is by another person'
    recovery.registration = index
    return null
  }

  /**
   * Of who endorses a registration anew, once the gesture was looked at.
   * @returns what does not hold, or null
   */
  recovererFault({ index, entry }: Of<'person.endorsed'>): string | null {
    const { act, gesture, acted_alone } = entry.body
    const recovery = this.#recoveries.get(act.person)
    if (recovery?.registration !== act.registration) return 'its registration is of no invitation that holds'
    if (!this.#mayAct(act.person, index)) return 'the person had left'
    const { actor } = recovery.invited.entry
    if (act.endorser === act.person) {
      const isAlone = actor.kind === 'system' && !this.#anyoneElse(act.person, index)
      return isAlone && acted_alone && gesture.registration === act.registration
        ? null
        : 'it is by the person themselves'
    }
    if (!this.counts(gesture.registration, index)) return 'the endorser was not endorsed before'
    const isInviter = actor.id === act.endorser
    if (isInviter !== acted_alone) return 'it does not say truly whether the endorser acted alone'
    if (this.#terms.separation === 'after' || actor.kind === 'system') return null
    if (isInviter) return 'it is by who invited them'
    return this.#areApart(actor.id, act.endorser, index)
      ? null
      : 'it is by somebody of one line with who invited them'
  }

  /** PPL-15. */
  #areApart(a: string, b: string, index: number): boolean {
    const { brought } = this.#history.passkeys
    for (; (brought[this.#inLines]?.index ?? index) < index; this.#inLines++) {
      const next = brought[this.#inLines]
      if (next !== undefined) this.#lines.add(next.entry)
    }
    const of = (id: string) => ({ id, line: this.#lines.of(id) })
    return areApart(of(a), of(b), this.#history.passkeys.first()?.person ?? null)
  }

  #anyoneElse(person: string, index: number): boolean {
    const { passkeys } = this.#history
    return passkeys
      .values()
      .some(
        (passkey) =>
          passkey.person !== person &&
          this.counts(passkey.index, index) &&
          !this.#history.hadLeft(passkey.rev, index),
      )
  }
}
