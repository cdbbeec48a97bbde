/**
 * The basis for touching one subject's data, for one purpose. spec/consent.md (CNS-25). Pure.
 * Invariant: what is not known to be allowed is not.
 * @module
 */
import { coversCategory, isObjectable } from '../../core/consent.ts'
import { profiles, purposeCovers, purposesAbove } from '../../core/dpv.ts'
import { reaches } from '../../core/jurisdiction.ts'
import type { BasisState, BasisView, ConsentState, Found, SubjectState, Who } from './types.ts'

/** What is to be covered: of one purpose, all of the categories. */
export interface Wanted {
  readonly purpose: string
  readonly categories: readonly string[]
}

export function findBasis(view: BasisView, who: Who, wanted: Wanted): Found {
  if (view.isStale) return { reason: 'STALE_REVOCATION' }
  if (who === 'nobody') return { reason: 'SUBJECT_UNRESOLVED' }
  if (who === 'unknown') return unregistered(view, wanted)
  if (isOther(view, who)) return { reason: 'SUBJECT_OUTSIDE' }
  if (isProfiledMinor(view, who, wanted)) return { reason: 'MINOR_PROFILING' }
  const consents = who.consents.filter((consent) => consentCovers(consent, who, wanted))
  const given = first(consents.filter((consent) => lives(view, consent, wanted.purpose)))
  if (given !== null) return { basis: given }
  const bases = view.bases.filter(
    (basis) => isLiving(view, basis) && basisCovers(basis, who.jurisdiction, wanted),
  )
  const open = first(
    bases.filter(({ kind }) => !isObjectable(kind) || !hasObjected(view, who, wanted.purpose)),
  )
  if (open !== null) return { basis: open }
  if (consents.some((consent) => isWithdrawn(view, consent, wanted.purpose)))
    return { reason: 'CONSENT_WITHDRAWN' }
  if (bases.length > 0) return { reason: 'SUBJECT_OBJECTED' }
  if (consents.length > 0) return { reason: 'CONSENT_EXPIRED' }
  return { reason: isForOther(view, who, wanted) ? 'PURPOSE_OUTSIDE' : 'NO_BASIS' }
}

/** CNS-40. */
function isOther({ consent }: BasisView, { consents }: SubjectState): boolean {
  return consent !== null && consents.every(({ rev }) => rev !== consent)
}

/** CNS-14. */
function isProfiledMinor(
  { now_s }: BasisView,
  { minor, jurisdiction }: SubjectState,
  { purpose }: Wanted,
): boolean {
  return minor !== null && minor > now_s && reaches('IN', jurisdiction) && profiles(purpose)
}

function unregistered(view: BasisView, wanted: Wanted): Found {
  const bases = view.bases.filter(
    (basis) => basis.unregistered && isLiving(view, basis) && basisCovers(basis, basis.jurisdiction, wanted),
  )
  const found = view.isCurrent && view.consent === null ? first(bases) : null
  return found === null ? { reason: 'SUBJECT_UNRESOLVED' } : { basis: found }
}

/** Of several that hold. */
function first(those: readonly { readonly id: string }[]): string | null {
  return those.map(({ id }) => id).sort()[0] ?? null
}

function consentCovers(
  { purposes, categories, explicit }: ConsentState,
  { jurisdiction }: SubjectState,
  wanted: Wanted,
): boolean {
  return (
    purposes.some((broad) => purposeCovers(broad, wanted.purpose)) &&
    coversAll(categories, wanted.categories, explicit, jurisdiction)
  )
}

/** @param jurisdiction of the subject; of the basis itself where there is none */
function basisCovers(basis: BasisState, jurisdiction: string, wanted: Wanted): boolean {
  return (
    reaches(basis.jurisdiction, jurisdiction) &&
    purposeCovers(basis.purpose, wanted.purpose) &&
    coversAll(basis.categories, wanted.categories, basis.condition, jurisdiction)
  )
}

function coversAll(
  broad: readonly string[],
  all: readonly string[],
  isExplicit: boolean,
  where: string,
): boolean {
  return all.every((category) => coversCategory(broad, category, isExplicit, where))
}

function lives(view: BasisView, consent: ConsentState, purpose: string): boolean {
  return consent.exp > view.now_s && !isWithdrawn(view, consent, purpose)
}

function isLiving({ isRevoked, now_s }: BasisView, { id, exp }: BasisState): boolean {
  return exp > now_s && !isRevoked('consent', id)
}

/** The whole, or the purpose, or a broader one (CNS-15). */
function isWithdrawn(view: BasisView, { rev, withdrawn }: ConsentState, purpose: string): boolean {
  if (withdrawn === true || view.isRevoked('consent', rev)) return true
  return purposesAbove(purpose).some(
    (broad) => withdrawn.includes(broad) || view.isRevoked('consent', `${rev}.${view.mark(broad)}`),
  )
}

function hasObjected(view: BasisView, { subject }: SubjectState, purpose: string): boolean {
  if (view.isRevoked('subject', subject)) return true
  return purposesAbove(purpose).some((broad) => view.isRevoked('subject', `${subject}.${view.mark(broad)}`))
}

/** Whether something that lives covers all of the categories, for another purpose. */
function isForOther(view: BasisView, who: SubjectState, { categories }: Wanted): boolean {
  const { jurisdiction } = who
  const isConsent = who.consents.some(
    (consent) =>
      coversAll(consent.categories, categories, consent.explicit, jurisdiction) &&
      consent.purposes.some((purpose) => lives(view, consent, purpose)),
  )
  return (
    isConsent ||
    view.bases.some(
      (basis) =>
        isLiving(view, basis) &&
        reaches(basis.jurisdiction, jurisdiction) &&
        coversAll(basis.categories, categories, basis.condition, jurisdiction),
    )
  )
}
