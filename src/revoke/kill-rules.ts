/**
 * When a statement holds: one set of rules for enforcement points, control plane and verifier. spec/kill.md (KIL-1 to
 * KIL-9), spec/revocation.md (REV-13). Pure. docs/adr/0029.
 * @module
 */
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { canonicalize } from '../core/json.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault, secretOf, type RelyingParty } from '../token/gesture.ts'
import {
  ACK_TAG,
  FRAME_KEY_TAG,
  KILL_TAG,
  PROBE_TAG,
  ROSTER_TAG,
  type Ack,
  type Kill,
  type Lift,
  type Roster,
  type SignedAck,
  type SignedFrameKey,
  type SignedKill,
  type SignedLift,
  type SignedProbe,
  type SignedRoster,
} from './statement.ts'

/** Whose signatures count. */
export interface StatementKeys {
  readonly frame: PublicJwk
  /** Null: none was pinned, so nothing that it signs holds. */
  readonly breakGlass: PublicJwk | null
}

function keyOf(keys: StatementKeys, by: SignedKill['by']): PublicJwk | null {
  return by === 'frame' ? keys.frame : keys.breakGlass
}

export function signKill(signer: Signer, by: SignedKill['by'], kill: Kill): SignedKill {
  return { kill, by, sig: signTagged(signer, KILL_TAG, kill) }
}

export function killHolds(crypto: Crypto, keys: StatementKeys, { kill, by, sig }: SignedKill): boolean {
  const key = keyOf(keys, by)
  return key !== null && verifyTagged(crypto, key, KILL_TAG, kill, sig)
}

export function signProbe(signer: Signer, by: SignedProbe['by'], probe: SignedProbe['probe']): SignedProbe {
  return { probe, by, sig: signTagged(signer, PROBE_TAG, probe) }
}

export function probeHolds(crypto: Crypto, keys: StatementKeys, { probe, by, sig }: SignedProbe): boolean {
  const key = keyOf(keys, by)
  return key !== null && verifyTagged(crypto, key, PROBE_TAG, probe, sig)
}

/** Whether it is the answer of that point to that probe (KIL-30). */
export function answerHolds(
  crypto: Crypto,
  point: PublicJwk,
  { probe }: SignedProbe,
  answer: SignedAck,
): boolean {
  return answer.ack.probe === probe.id && answer.ack.way !== undefined && ackHolds(crypto, point, answer)
}

export function signRoster(signer: Signer, roster: Roster): SignedRoster {
  return { roster, sig: signTagged(signer, ROSTER_TAG, roster) }
}

/**
 * @param alone whether one person may be enough (KIL-6)
 * @returns what does not hold, or null
 */
export function rosterFault(
  crypto: Crypto,
  breakGlass: PublicJwk | null,
  alone: boolean,
  { roster, sig }: SignedRoster,
): string | null {
  if (breakGlass === null || !verifyTagged(crypto, breakGlass, ROSTER_TAG, roster, sig))
    return 'it is not signed by the break-glass key'
  return rosterShapeFault(roster, alone)
}

/** People who are one, or fewer than it takes, would make a lift by many a lift by few, or none at all. */
export function rosterShapeFault({ people, m }: Roster, alone: boolean): string | null {
  const handles = new Set(people.map(({ rev }) => rev))
  const secrets = new Set(people.map(({ jwk }) => secretOf(jwk)))
  if (handles.size !== people.length || secrets.size !== people.length)
    return 'it has one person, or one passkey, twice'
  if (m > people.length) return 'it takes more people than it names'
  return m < 2 && !alone ? 'it takes at least two people to lift' : null
}

export function signFrameKey(signer: Signer, frame_key: SignedFrameKey['frame_key']): SignedFrameKey {
  return { frame_key, sig: signTagged(signer, FRAME_KEY_TAG, frame_key) }
}

export function frameKeyHolds(
  crypto: Crypto,
  breakGlass: PublicJwk | null,
  { frame_key, sig }: SignedFrameKey,
): boolean {
  return breakGlass !== null && verifyTagged(crypto, breakGlass, FRAME_KEY_TAG, frame_key, sig)
}

export function signAck(signer: Signer, ack: Ack): SignedAck {
  return { ack, sig: signTagged(signer, ACK_TAG, ack) }
}

export function ackHolds(crypto: Crypto, point: PublicJwk, { ack, sig }: SignedAck): boolean {
  return verifyTagged(crypto, point, ACK_TAG, ack, sig)
}

/** What a person signs who pulls (KIL-14). */
export function pullAct(person: string, kill: Kill): PullAct {
  return { act: 'kill.pull', person, kill }
}

export interface PullAct {
  readonly act: 'kill.pull'
  readonly person: string
  readonly kill: Kill
}

/** What a person signs who lifts (KIL-4). */
export type LiftAct = Lift & { readonly act: 'kill.lift' }

export function liftAct(lift: Lift): LiftAct {
  return { act: 'kill.lift', ...lift }
}

/** Whether a person of a roster is known to have left since: by their revocation handle. */
export type IsGone = (rev: string) => boolean

/**
 * What costs nothing to see is looked at first: whoever forges a lift has at most one signature checked for it.
 * @returns what does not hold, or null
 */
export function liftFault(
  crypto: Crypto,
  rp: RelyingParty,
  roster: Roster | null,
  signed: SignedLift,
  isGone: IsGone,
): string | null {
  const fault = liftShapeFault(roster, signed, isGone)
  if (fault !== null) return fault
  const challenge = challengeOf(crypto, ACT_TAG, liftAct(signed.lift))
  for (const gesture of signed.gestures) {
    const gestured = gestureFault(crypto, rp, challenge, gesture)
    if (gestured !== null) return `the gesture of ${gesture.rev} does not hold: ${gestured}`
  }
  return null
}

/** Without a signature: whether these are gestures of as many different people of the roster as it takes. */
export function liftShapeFault(
  roster: Roster | null,
  { lift, gestures }: SignedLift,
  isGone: IsGone,
): string | null {
  if (roster === null) return 'there is no roster: nobody lifts'
  if (roster.seq !== lift.roster) return `it goes by roster ${lift.roster}, in force is ${roster.seq}`
  if (gestures.length !== roster.m) return `it has ${gestures.length} gestures, it takes ${roster.m}`
  const keys = new Map(roster.people.map(({ rev, jwk }) => [rev, canonicalize({ ...jwk })]))
  const isOfIts = gestures.every(({ rev, jwk }) => keys.get(rev) === canonicalize({ ...jwk }))
  if (!isOfIts) return 'it has a gesture of somebody who is not of the roster'
  if (gestures.some(({ rev }) => isGone(rev))) return 'it has a gesture of somebody who has left'
  return new Set(gestures.map(({ rev }) => rev)).size === roster.m ? null : 'one person made two gestures'
}
