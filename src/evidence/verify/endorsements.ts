/**
 * Registrations count once they are endorsed, and every gesture in the log is by one that counted before.
 * spec/people.md (PPL-5 to PPL-7).
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { gestureSchema, type Gesture } from '../../core/gesture.ts'
import { canonicalize, type JsonObject } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { parseJws } from '../../core/sign.ts'
import type { Entry } from '../../log/entries.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf, gestureFault } from '../../token/gesture.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalTerms } from './approvals.ts'
import type { Findings } from './report.ts'

type Endorsement = Indexed<Entry<'person.endorsed'>>

/** @returns the index of the entry that validly endorsed it, by the index of the registration */
export function checkEndorsements(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms,
  findings: Findings,
): ReadonlyMap<number, number> {
  const endorsed = new Map<number, number>()
  const first = Math.min(...[...history.people.values()].map(({ index }) => index))
  for (const endorsement of history.endorsements) {
    const { act } = endorsement.entry.body
    const fault =
      registrationFault(crypto, history, endorsed, endorsement) ??
      gestureFaultOf(crypto, history, terms, endorsement) ??
      endorserFault(endorsed, endorsement, act.registration === first || terms.separation === 'after')
    if (fault === null) endorsed.set(act.registration, endorsement.index)
    else {
      const message = `the endorsement of ${act.person} does not hold: ${fault}`
      findings.add({ code: 'ENDORSEMENT_INVALID', message, index: endorsement.index })
    }
  }
  return endorsed
}

/** It is over an earlier registration of that person with that key, which was not endorsed before. */
function registrationFault(
  crypto: Crypto,
  history: History,
  endorsed: ReadonlyMap<number, number>,
  { index, entry }: Endorsement,
): string | null {
  const { act } = entry.body
  const person = [...history.people.values()].find((each) => each.index === act.registration)
  if (person === undefined || person.index >= index) return 'it is not over an earlier registration'
  if (person.entry.subject !== act.person || entry.subject !== act.person)
    return 'it is over the registration of another person'
  if (thumbprint(crypto, publicJwk(person.entry.body.credential.jwk)) !== act.credential)
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
  const person = history.people.get(gesture.rev)
  const registered =
    person !== undefined &&
    person.index < index &&
    person.index === gesture.registration &&
    canonicalize(person.entry.body.credential.jwk) === canonicalize(gesture.jwk)
  if (!registered) return 'its gesture is by a key that was not registered before'
  if (person.entry.subject !== act.endorser || entry.actor.id !== act.endorser)
    return 'its gesture is by another person than the endorser'
  if (gesture.role !== 'approver') return 'its gesture is in another role'
  const left = history.revocations.some(
    ({ index: at, entry: { body } }) =>
      at < index && body.frame.kind === 'person' && body.frame.handle === gesture.rev,
  )
  if (left) return 'the endorser had left'
  return gestureFault(crypto, rp, challengeOf(crypto, ACT_TAG, act), gesture)
}

/** @param mayAlone whether this person may endorse themselves (PPL-6) */
function endorserFault(
  endorsed: ReadonlyMap<number, number>,
  { entry }: Endorsement,
  mayAlone: boolean,
): string | null {
  const { act, gesture, acted_alone } = entry.body
  const same = act.endorser === act.person
  if (same !== acted_alone) return 'it does not say truly whether the endorser acted alone'
  if (same) return mayAlone ? null : 'it is by the person themselves'
  return endorsed.has(gesture.registration) ? null : 'the endorser was not endorsed before'
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
        registrationOf(history, gesture) === null || !countsBefore(gesture.registration, index),
    ),
    ...acts.filter(({ index, gesture }) => {
      const registration = registrationOf(history, gesture)
      return registration !== null && registration < index && !countsBefore(registration, index)
    }),
  ]
  for (const { index } of refused) {
    const message = 'a gesture is by a registration that nobody had endorsed'
    findings.add({ code: 'REGISTRATION_NOT_ENDORSED', message, index })
  }
  return roots.length + acts.length
}

/** @returns the index of the registration that the gesture names, or null when that is not of its person and key */
function registrationOf(history: History, { rev, registration, jwk }: Gesture): number | null {
  const person = history.people.get(rev)
  const same = canonicalize(person?.entry.body.credential.jwk ?? null) === canonicalize(jwk)
  return person?.index === registration && same ? registration : null
}

interface LoggedGesture {
  /** Of the entry by which it has its effect. */
  readonly index: number
  readonly gesture: Gesture
}

/** But those by which people are endorsed: these have rules of their own. */
function actGestures(history: History): LoggedGesture[] {
  const acts = history.gestures.filter(({ type }) => type !== 'person.endorsed')
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
