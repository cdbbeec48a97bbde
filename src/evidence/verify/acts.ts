/**
 * Acts by gesture: made by the key that a person registered before, who had not left. spec/delegation.md, Gesture.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Gesture } from '../../core/gesture.ts'
import { canonicalize, type JsonValue } from '../../core/json.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf, gestureFault, type RelyingParty } from '../../token/gesture.ts'
import type { History } from '../history.ts'

export interface ActByGesture {
  /** Of the entry that holds it. */
  readonly index: number
  readonly actor: string
  /** Whom the act names. */
  readonly by: string
  readonly act: JsonValue
  readonly gesture: Gesture
  /** Of the challenge; that of acts unless told otherwise. */
  readonly tag?: string
}

/** @returns what does not hold, or null */
export function actFault(
  crypto: Crypto,
  history: History,
  rp: RelyingParty,
  { index, actor, by, act, gesture, tag = ACT_TAG }: ActByGesture,
): string | null {
  const person = history.people.get(gesture.rev)
  const registered =
    person !== undefined &&
    person.index < index &&
    person.index === gesture.registration &&
    canonicalize(person.entry.body.credential.jwk) === canonicalize(gesture.jwk)
  if (!registered) return 'its gesture is by a key that was not registered before'
  if (person.entry.subject !== by || actor !== by)
    return 'its gesture is by another person than the one it names'
  const left = history.revocations.some(
    ({ index: at, entry: { body } }) =>
      at < index && body.frame.kind === 'person' && body.frame.handle === gesture.rev,
  )
  if (left) return 'the person had left'
  return gestureFault(crypto, rp, challengeOf(crypto, tag, act), gesture)
}
