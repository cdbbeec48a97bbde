/**
 * Who stands behind a commit of git, by its trailers and its note. spec/carriers.md (CAR-1, CAR-7). Pure.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { isAtLeast, type Role } from '../../core/output.ts'
import { measure, type NewHash } from '../digest.ts'
import { ProvenanceError, type AttestationCode } from '../errors.ts'
import { readBundle, type Bundle } from '../statement.ts'
import { verifyAttestation, type Given, type GoodAttestation, type TrustedKey } from '../verify.ts'
import { fromCompact } from './compact.ts'
import { CarrierError, type CarrierErrorCode } from './errors.ts'
import { authoredAt, COMMIT_BYTES_MAX, trailersOf } from './trailer.ts'

/** CAR-1: no more are looked at. */
export const CANDIDATES_MAX = 8

/** What somebody asks of an attestation besides that it holds. */
export interface Wanted {
  readonly role: Role
  readonly independent: boolean
}

export type Refused =
  AttestationCode | CarrierErrorCode | 'ATTESTATION_MISSING' | 'NOT_INDEPENDENT' | 'ROLE_TOO_LOW'
export interface CarrierRefusal {
  readonly ok: false
  readonly code: Refused
  readonly message: string
}
/** What is good comes with the bundle that it was read from. */
export type CarrierAnswer = (GoodAttestation & { readonly bundle: Bundle }) | CarrierRefusal

/** What a verifier brings. */
export interface Trust {
  readonly keysFor: (bundle: Bundle) => ReadonlyMap<string, TrustedKey>
  readonly wanted?: Wanted
}

export const ATTESTATION_MISSING: CarrierRefusal = {
  ok: false,
  code: 'ATTESTATION_MISSING',
  message: 'it carries no attestation',
}
/** Of a commit that is not read. */
export const COMMIT_TOO_LARGE: CarrierRefusal = {
  ok: false,
  code: 'CARRIER_MALFORMED',
  message: `the commit is over ${COMMIT_BYTES_MAX} bytes`,
}

export interface CommitGiven {
  /** As `git cat-file commit` prints it. */
  readonly raw: Uint8Array
  /** Null: it has none. */
  readonly note: Uint8Array | null
}

/** The bundle, or a fault in its place: one that is broken takes nothing away from another. */
export type Candidate = Bundle | CarrierError | ProvenanceError

/** A note holds a bundle as JSON; a trailer or a header field its compact form. */
export function candidate(crypto: Crypto, held: Uint8Array | string): Candidate {
  try {
    return typeof held === 'string' ? fromCompact(crypto, held) : readBundle(held)
  } catch (error) {
    if (error instanceof CarrierError || error instanceof ProvenanceError) return error
    throw error
  }
}

export function judgeCommit(
  crypto: Crypto,
  newHash: NewHash,
  { raw, note }: CommitGiven,
  trust: Trust,
): CarrierAnswer {
  try {
    const found = [...trailersOf(raw), ...(note === null ? [] : [note])]
    const output = { ...measure('git', raw, newHash), made_ms: authoredAt(raw) }
    const candidates = found.slice(0, CANDIDATES_MAX).map((held) => candidate(crypto, held))
    return firstGood(candidates, (bundle) => judgeBundle(crypto, bundle, output, trust))
  } catch (error) {
    if (error instanceof CarrierError || error instanceof ProvenanceError) return refusal(error)
    throw error
  }
}

/** CAR-1: one that holds is enough; otherwise the first says why not. */
export function firstGood(
  candidates: readonly Candidate[],
  judge: (bundle: Bundle) => CarrierAnswer,
): CarrierAnswer {
  let first: CarrierAnswer | null = null
  for (const each of candidates) {
    const answer = each instanceof Error ? refusal(each) : judge(each)
    if (answer.ok) return answer
    first ??= answer
  }
  return first ?? ATTESTATION_MISSING
}

export function judgeBundle(
  crypto: Crypto,
  bundle: Bundle,
  given: Given | null,
  { keysFor, wanted }: Trust,
): CarrierAnswer {
  const answer = verifyAttestation(crypto, { bundle, keys: keysFor(bundle), given })
  if (!answer.ok) return answer
  if (wanted !== undefined && !isAtLeast(answer.role, wanted.role))
    return { ok: false, code: 'ROLE_TOO_LOW', message: `it is ${answer.role}, and ${wanted.role} is wanted` }
  if (wanted?.independent === true && !answer.independent)
    return { ok: false, code: 'NOT_INDEPENDENT', message: 'somebody else than who set the task is wanted' }
  return { ...answer, bundle }
}

export function refusal({ code, message }: CarrierError | ProvenanceError): CarrierRefusal {
  return { ok: false, code, message }
}
