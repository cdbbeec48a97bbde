/**
 * What is known of data subjects and of grounds to touch their data, as a decision is given it. spec/consent.md (CNS-19,
 * CNS-25).
 * @module
 */
import type { BasisKind } from '../../core/consent.ts'
import type { BASIS_REASONS } from '../../log/receipt-basis.ts'

/** Why there is no basis. Each is a reason of a denial, too. */
export type BasisReason = (typeof BASIS_REASONS)[number]

/** One consent of a subject. Times in seconds. */
export interface ConsentState {
  readonly id: string
  readonly rev: string
  readonly purposes: readonly string[]
  readonly categories: readonly string[]
  readonly exp: number
  readonly explicit: boolean
  /** As the feed says it: the whole, or these purposes. Frames say it sooner. */
  readonly withdrawn: true | readonly string[]
}

export interface SubjectState {
  readonly subject: string
  readonly jurisdiction: string
  readonly consents: readonly ConsentState[]
  /** Until when they are a child, in seconds; null: they are none. */
  readonly minor: number | null
}

/** A basis that is no consent, approved and not ended. */
export interface BasisState {
  readonly id: string
  readonly kind: BasisKind
  readonly purpose: string
  readonly categories: readonly string[]
  /** Whether it has a condition of Article 9(2). */
  readonly condition: boolean
  readonly jurisdiction: string
  readonly exp: number
  /** Also for identifiers that nobody registered (CNS-8). */
  readonly unregistered: boolean
}

/** Whose data it is: registered, an identifier that nobody knows, or no identifier. */
export type Who = SubjectState | 'unknown' | 'nobody'

/** The state of one moment. */
export interface BasisView {
  readonly bases: readonly BasisState[]
  readonly isRevoked: (kind: 'consent' | 'subject', handle: string) => boolean
  /** Of a purpose, in a handle (CNS-15). */
  readonly mark: (purpose: string) => string
  readonly now_s: number
  /** The revocation state is older than the bound, or not known to be fresh. */
  readonly isStale: boolean
  /** Whether the register is known as it was a bound ago, so that who is not in it objected to nothing (CNS-35). */
  readonly isCurrent: boolean
  /** Handle of the consent in the chain, for whose subject alone it is (CNS-40). Null: for anybody. */
  readonly consent: string | null
}

export type Found = { readonly basis: string } | { readonly reason: BasisReason }
