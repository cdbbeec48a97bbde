/**
 * Whether one gesture lets a held call go and attests what it releases, as the point sees for itself. spec/outputs.md
 * (OUT-6). Pure. Not checked here: the gesture itself (APR-11).
 * @module
 */
import type { Approval } from '../core/approval.ts'
import type { Crypto } from '../core/crypto.ts'
import { isAtLeast, type Role } from '../core/output.ts'
import { roleOf } from '../provenance/roles.ts'
import { statementDigest, statementSchema, type Statement } from '../provenance/statement.ts'
import { evidenceOf } from '../provenance/verify.ts'

/** What has to be attested before a call goes out. */
export interface OutputNeeded {
  readonly kind: string
  readonly minimum: Role
  /** Hex: of the call's arguments as `json` (ATT-3). */
  readonly sha256: string
  readonly bytes: number
}

/** @returns what does not hold, or null */
export function attestedFault(
  crypto: Crypto,
  iss: string,
  needed: OutputNeeded,
  { act, gesture, statement }: Approval,
): string | null {
  const read = statementSchema.safeParse(statement)
  if (!read.success || act.statement === undefined) return 'it attests nothing'
  if (act.statement !== statementDigest(crypto, read.data)) return 'its statement is another than was signed'
  return statementFault(iss, needed, read.data, gesture.rev)
}

function statementFault(
  iss: string,
  { kind, minimum, sha256 }: OutputNeeded,
  { subject, predicate }: Statement,
  rev: string,
): string | null {
  const isOfCall = subject.some(
    ({ digest, annotations }) => annotations.form === 'json' && digest.sha256 === sha256,
  )
  if (!isOfCall || predicate.output.kind !== kind) return 'it attests another output'
  if (predicate.iss !== iss || predicate.human.rev !== rev) return 'it is of another person'
  const found = roleOf({ ...evidenceOf(predicate), gesture: rev })
  if (found === null || !isAtLeast(found.role, predicate.role)) return 'its evidence gives a lower role'
  return isAtLeast(predicate.role, minimum) ? null : `a gate asks for at least ${minimum}`
}
