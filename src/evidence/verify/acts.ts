/**
 * Acts by gesture: made by a passkey that a person had registered before, that had not been removed, and who had not left. spec/delegation.md, Gesture.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { Gesture } from '../../core/gesture.ts'
import type { JsonValue } from '../../core/json.ts'
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
  const fault = history.passkeys.fault(gesture, index)
  if (fault !== null) return fault
  if (history.passkeys.by(gesture)?.person !== by || actor !== by)
    return 'its gesture is by another person than the one it names'
  if (history.hadLeft(gesture.rev, index)) return 'the person had left'
  return gestureFault(crypto, rp, challengeOf(crypto, tag, act), gesture)
}
