/**
 * When a person's approval of one call holds: one set of rules for points, the control plane and the verifier.
 * spec/approvals.md (APR-7, APR-9, APR-11). Pure.
 * Not checked here: that the person is registered and endorsed, that it is in time, and that nothing used it before.
 * @module
 */
import type { Approval, ApprovalAct, Approver, SignedApprover } from '../core/approval.ts'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import type { Gesture } from '../core/gesture.ts'
import { canonicalize } from '../core/json.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { APPROVAL_TAG } from './constants.ts'
import { challengeOf, gestureFault, type RelyingParty } from './gesture.ts'

export const APPROVER_TAG = 'countersign-approver-v1'

/** How far the time of a statement about an approver may lie from the clock, either way, in milliseconds. */
export const APPROVER_AGE_MAX_MS = 5 * 60 * 1000

/** What a passkey signs. */
export function approvalChallenge(crypto: Crypto, act: ApprovalAct): string {
  return challengeOf(crypto, APPROVAL_TAG, act)
}

/** @returns what does not hold of the gesture, or null */
export function approvalGestureFault(
  crypto: Crypto,
  rp: RelyingParty,
  act: ApprovalAct,
  gesture: Gesture,
): string | null {
  if (gesture.role !== 'approver') return 'the gesture is in another role'
  return gestureFault(crypto, rp, approvalChallenge(crypto, act), gesture)
}

/** A call that waits: all of the act but what the person adds. */
export type AskedCall = Omit<ApprovalAct, 'v' | 'decision'>

/** @returns the member in which the act is of another call, or null */
export function otherCall(act: ApprovalAct, asked: AskedCall): string | null {
  const names = Object.keys(asked) as (keyof AskedCall)[]
  return names.find((name) => act[name] !== asked[name]) ?? null
}

export function signApprover(signer: Signer, approver: Approver): SignedApprover {
  return { approver, sig: signTagged(signer, APPROVER_TAG, approver) }
}

/** Whose word a statement about an approver is. */
export interface ApproverTrust {
  readonly iss: string
  readonly frameKey: PublicJwk
}

/** @returns what does not hold of the statement, or null */
function approverFault(
  crypto: Crypto,
  { iss, frameKey }: ApproverTrust,
  { approver, sig }: SignedApprover,
  gesture: Gesture,
  now_ms: number,
): string | null {
  if (approver.iss !== iss) return 'it is the word of another control plane'
  if (!verifyTagged(crypto, frameKey, APPROVER_TAG, approver, sig)) return 'it is not signed by the frame key'
  if (Math.abs(now_ms - approver.t) > APPROVER_AGE_MAX_MS) return 'it is of another time'
  const same =
    approver.rev === gesture.rev &&
    approver.registration === gesture.registration &&
    canonicalize({ ...approver.jwk }) === canonicalize({ ...gesture.jwk })
  return same ? null : 'the gesture is by another key than it names'
}

/** What a point knows when an answer arrives. */
export interface ApprovalView extends ApproverTrust {
  readonly rp: RelyingParty
  /** Whether who is behind the delegation may approve: the separation is `after` (APR-9). */
  readonly alone: boolean
  /** Whether the gesture of the person with this handle stands in the root. */
  readonly isBehind: (rev: string) => boolean
  /** Whether the handle is revoked. */
  readonly hasLeft: (rev: string) => boolean
  readonly now_ms: number
}

/** APR-11. @returns what does not hold, or null: then `act.decision` is what the person decided */
export function approvalFault(
  crypto: Crypto,
  view: ApprovalView,
  asked: AskedCall,
  { act, gesture, approver }: Approval,
): string | null {
  const other = otherCall(act, asked)
  if (other !== null) return `it is of another call: ${other}`
  const fault =
    approvalGestureFault(crypto, view.rp, act, gesture) ??
    approverFault(crypto, view, approver, gesture, view.now_ms) ??
    (view.hasLeft(gesture.rev) ? 'who made it has left' : null)
  if (fault !== null || view.alone) return fault
  return view.isBehind(gesture.rev) ? 'who made it stands behind the delegation' : null
}
