/**
 * Registrations count once they are endorsed, passkeys once another one added them, and every gesture in the log is by one
 * that counted then. spec/people.md (PPL-5 to PPL-7, PPL-12, PPL-14).
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { gestureSchema, type Gesture } from '../../core/gesture.ts'
import type { JsonObject } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { parseJws } from '../../core/sign.ts'
import type { Entry } from '../../log/entries.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf, gestureFault } from '../../token/gesture.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalTerms } from './approvals.ts'
import { Standing } from './passkeys.ts'
import type { Findings } from './report.ts'

type Endorsement = Indexed<Entry<'person.endorsed'>>

/** @returns the index of the entry from which each passkey counts, by the index of its registration */
export function checkEndorsements(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  findings: Findings,
): ReadonlyMap<number, number> {
  const standing = new Standing(crypto, history, terms)
  const first = Math.min(...[...history.people.values()].map(({ index }) => index))
  for (const event of history.passkeys.events) {
    const { index, entry } = event
    if (entry.type === 'person.enrolled') continue
    if (entry.type !== 'person.endorsed') {
      const fault = standing.take({ index, entry } as Parameters<Standing['take']>[0])
      if (fault === null) continue
      const message = `${entry.type} of ${entry.subject} does not hold: ${fault}`
      findings.add({ code: 'PASSKEY_INVALID', message, index })
      continue
    }
    const { act } = entry.body
    const endorsement = { index, entry }
    const fault =
      registrationFault(crypto, history, standing.from, endorsement) ??
      gestureFaultOf(crypto, history, terms, endorsement) ??
      (history.passkeys.get(act.registration)?.type === 'person.reregistered'
        ? standing.recovererFault(endorsement)
        : endorserFault(standing, endorsement, act.registration === first || terms.separation === 'after'))
    if (fault === null) standing.endorsed(act.person, act.registration, index)
    else {
      const message = `the endorsement of ${act.person} does not hold: ${fault}`
      findings.add({ code: 'ENDORSEMENT_INVALID', message, index })
    }
  }
  return standing.from
}

/** It is over an earlier registration of that person with that key, which was not endorsed before. */
function registrationFault(
  crypto: Crypto,
  history: History,
  endorsed: ReadonlyMap<number, number>,
  { index, entry }: Endorsement,
): string | null {
  const { act } = entry.body
  const registered = history.passkeys.get(act.registration)
  if (registered === undefined || registered.index >= index || registered.type === 'person.passkey_added')
    return 'it is not over an earlier registration'
  if (registered.person !== act.person || entry.subject !== act.person)
    return 'it is over the registration of another person'
  if (thumbprint(crypto, publicJwk(registered.credential.jwk)) !== act.credential)
    return 'it is over another key than was registered'
  return endorsed.has(act.registration) ? 'the registration was endorsed before' : null
}

function gestureFaultOf(
  crypto: Crypto,
  history: History,
  { rp }: ApprovalTerms,
  { index, entry }: Endorsement,
): string | null {
  const { act, gesture } = entry.body
  const fault = history.passkeys.fault(gesture, index)
  if (fault !== null) return fault
  if (history.passkeys.by(gesture)?.person !== act.endorser || entry.actor.id !== act.endorser)
    return 'its gesture is by another person than the endorser'
  if (gesture.role !== 'approver') return 'its gesture is in another role'
  if (history.hadLeft(gesture.rev, index)) return 'the endorser had left'
  return gestureFault(crypto, rp, challengeOf(crypto, ACT_TAG, act), gesture)
}

/** @param mayAlone whether this person may endorse themselves (PPL-6) */
function endorserFault(standing: Standing, { index, entry }: Endorsement, mayAlone: boolean): string | null {
  const { act, gesture, acted_alone } = entry.body
  const same = act.endorser === act.person
  if (same !== acted_alone) return 'it does not say truly whether the endorser acted alone'
  if (same) return mayAlone ? null : 'it is by the person themselves'
  return standing.counts(gesture.registration, index) ? null : 'the endorser was not endorsed before'
}

/**
 * Roots: also by a key that was never registered, whether anybody used them or not. Of acts, those by a registered key:
 * an act by another fails for that.
 * @param endorsed what {@link checkEndorsements} found. @returns how many gestures there are
 */
export function checkGestures(
  history: History,
  endorsed: ReadonlyMap<number, number>,
  findings: Findings,
): number {
  const countsBefore = (registration: number, index: number): boolean =>
    (endorsed.get(registration) ?? index) < index
  const [roots, acts] = [rootGestures(history), actGestures(history)]
  const refused = [
    ...roots.filter(
      ({ index, gesture }) =>
        history.passkeys.by(gesture) === null || !countsBefore(gesture.registration, index),
    ),
    ...acts.filter(({ index, gesture }) => {
      const registration = history.passkeys.by(gesture)?.index ?? index
      return registration < index && !countsBefore(registration, index)
    }),
  ]
  for (const { index } of refused) {
    const message = 'a gesture is by a registration that nobody had endorsed'
    findings.add({ code: 'REGISTRATION_NOT_ENDORSED', message, index })
  }
  for (const { index, gesture } of [...roots, ...acts]) {
    if (history.passkeys.by(gesture) === null || !history.passkeys.hadEnded(gesture.registration, index))
      continue
    const message = 'a gesture is by a passkey that had been removed'
    findings.add({ code: 'PASSKEY_REMOVED', message, index })
  }
  return roots.length + acts.length
}

interface LoggedGesture {
  /** Of the entry by which it has its effect. */
  readonly index: number
  readonly gesture: Gesture
}

/** Those by which people are endorsed, and passkeys added and removed, have rules of their own. */
const OWN_RULES: ReadonlySet<string> = new Set([
  'person.endorsed',
  'person.passkey_added',
  'person.passkey_removed',
])

function actGestures(history: History): LoggedGesture[] {
  const acts = history.gestures.filter(({ type }) => !OWN_RULES.has(type))
  const lifts = history.kills.flatMap(({ index, entry }) =>
    entry.type === 'kill.lifted' ? entry.body.statement.gestures.map((gesture) => ({ index, gesture })) : [],
  )
  return [...acts, ...lifts]
}

/** Of the roots of this log's issuer: people elsewhere are registered elsewhere. */
function rootGestures(history: History): LoggedGesture[] {
  const issued = new Map(
    [...history.delegations.values()].map(({ index, entry }) => [entry.body.segment, index]),
  )
  return [...history.segments.values()].flatMap(({ index, entry }) => {
    const { id, parent, segment } = entry.body
    const root = parent === null ? payloadOf(segment) : null
    if (root === null || root.iss !== history.created?.entry.body.origin) return []
    const gestures = z.array(gestureSchema).safeParse(root.gestures)
    const at = Math.min(index, issued.get(id) ?? index)
    return gestures.success ? gestures.data.map((gesture) => ({ index: at, gesture })) : []
  })
}

function payloadOf(segment: string): JsonObject | null {
  try {
    return parseJws(segment.slice(0, segment.indexOf('~'))).payload
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
