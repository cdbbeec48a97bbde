/**
 * Delegations for one data subject alone: on which consent they rest. spec/consent.md (CNS-40).
 * Invariant: a root with a consent's handle is issued only while that consent lives, and ends no later.
 * @module
 */
import { purposeCovers, termName } from '../core/dpv.ts'
import { seconds } from '../core/time.ts'
import type { Tx } from '../ports/store.ts'
import type { Grant } from '../token/grant.ts'
import { findConsent, type Consent } from './consents.ts'
import { RegistryError } from './errors.ts'

/**
 * @param exp of the delegation, in seconds
 * @returns the consent's revocation handle, which the root names
 * @throws {RegistryError} `UNKNOWN_CONSENT`, `CONSENT_WITHDRAWN`, `CONSENT_EXPIRED`, `PURPOSE_OUTSIDE_CONSENT`
 */
export async function consentBehind(
  tx: Tx,
  consent: string,
  { exp, grants }: { readonly exp: number; readonly grants: readonly Grant[] },
): Promise<string> {
  const found = await findConsent(tx.db, consent)
  const { record, withdrawn } = found
  if (withdrawn === 'all') throw new RegistryError('CONSENT_WITHDRAWN', 'the data subject has withdrawn it')
  if (record.expires <= seconds(tx.now) || exp > record.expires)
    throw new RegistryError('CONSENT_EXPIRED', 'a delegation on a consent ends no later than the consent')
  const outside = grants
    .flatMap(({ purposes = [] }) => purposes)
    .find((purpose) => !isGivenFor(found, purpose))
  if (outside !== undefined)
    throw new RegistryError('PURPOSE_OUTSIDE_CONSENT', `it is not given for ${termName(outside)}`)
  return record.rev
}

/** And not withdrawn for it (CNS-15). */
function isGivenFor({ record, withdrawn }: Consent, purpose: string): boolean {
  const covers = (broad: string): boolean => purposeCovers(broad, purpose)
  return record.purposes.some(covers) && withdrawn !== 'all' && !withdrawn.some(covers)
}
