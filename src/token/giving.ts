/**
 * Whether a consent may be given: its record, and what proves it. spec/consent.md (CNS-12 to CNS-14). Pure: the register
 * asks it of what arrives, and the verifier of what stands in a log.
 * Not checked: how many consents of the subject live.
 * @module
 */
import {
  CONSENT_TAG,
  consentFault,
  giveAct,
  GIVEN_AGE_MAX_S,
  type ConsentFault,
  type ConsentProof,
  type ConsentRecord,
  type Notice,
} from '../core/consent.ts'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { canonicalize } from '../core/json.ts'
import { reaches } from '../core/jurisdiction.ts'
import { verifyTagged } from '../core/sign.ts'
import { ACT_TAG } from './constants.ts'
import { challengeOf, gestureFault, type RelyingParty } from './gesture.ts'

export interface Giving {
  readonly crypto: Crypto
  readonly rp: RelyingParty
  /** When it arrived, in seconds. */
  readonly now_s: number
  /** Of the record; null: nobody is registered as that. */
  readonly subject: {
    readonly id: string
    readonly jurisdiction: string
    readonly passkey: { readonly jwk: PublicJwk; readonly registration: number } | null
  } | null
  /** The one that the record names; null: there is none that was approved. */
  readonly notice: Notice | null
  /** Whether its identifier or its handle was given before. */
  readonly isKnown: boolean
  /** Those that stand, by identifier. */
  readonly manager: (id: string) => { readonly jwk: PublicJwk; readonly jurisdiction: string } | null
}

export type GivingFault =
  | ConsentFault
  | 'CONSENT_PROOF_INVALID'
  | 'CONSENT_REPLAYED'
  | 'CONSENT_STALE'
  | 'CONSENT_SUBJECT_MISMATCH'
  | 'UNKNOWN_MANAGER'
  | 'UNKNOWN_NOTICE'

/** @returns null: it is given */
export function givingFault(at: Giving, record: ConsentRecord, proof: ConsentProof): GivingFault | null {
  const { notice, now_s, subject } = at
  if (notice === null) return 'UNKNOWN_NOTICE'
  if (subject?.id !== record.subject || subject.jurisdiction !== record.jurisdiction)
    return 'CONSENT_SUBJECT_MISMATCH'
  const fault = consentFault(record, notice, now_s)
  if (fault !== null) return fault
  return at.isKnown ? 'CONSENT_REPLAYED' : proofFault(at, record, proof)
}

function proofFault(at: Giving, record: ConsentRecord, proof: ConsentProof): GivingFault | null {
  const away_s = at.now_s - record.given_at
  // What is taken over from another system may have been given long ago, and not in the future.
  const isStale = proof.type === 'imported' ? away_s < -GIVEN_AGE_MAX_S : Math.abs(away_s) > GIVEN_AGE_MAX_S
  if (isStale) return 'CONSENT_STALE'
  switch (proof.type) {
    case 'imported':
      return null
    case 'manager':
      return signatureFault(at, record, proof)
    case 'passkey':
      return ownGestureFault(at, record, proof.gesture)
  }
}

function signatureFault(
  { crypto, manager: find }: Giving,
  record: ConsentRecord,
  { manager, sig }: Extract<ConsentProof, { type: 'manager' }>,
): GivingFault | null {
  const known = find(manager)
  if (known === null) return 'UNKNOWN_MANAGER'
  const isSigned = verifyTagged(crypto, known.jwk, CONSENT_TAG, record, sig)
  return isSigned && reaches(known.jurisdiction, record.jurisdiction) ? null : 'CONSENT_PROOF_INVALID'
}

function ownGestureFault(
  { crypto, rp, subject }: Giving,
  record: ConsentRecord,
  gesture: Extract<ConsentProof, { type: 'passkey' }>['gesture'],
): GivingFault | null {
  const passkey = subject?.passkey ?? null
  const isOwn =
    passkey?.registration === gesture.registration &&
    canonicalize({ ...passkey.jwk }) === canonicalize({ ...gesture.jwk })
  if (!isOwn) return 'CONSENT_SUBJECT_MISMATCH'
  if (gesture.rev !== record.rev || gesture.role !== 'principal') return 'CONSENT_PROOF_INVALID'
  const challenge = challengeOf(crypto, ACT_TAG, giveAct(record))
  return gestureFault(crypto, rp, challenge, gesture) === null ? null : 'CONSENT_PROOF_INVALID'
}
