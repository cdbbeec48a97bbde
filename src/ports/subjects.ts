/** What a control plane tells its points of data subjects: the feed. spec/consent.md (CNS-19). @module */
import type { Basis } from '../core/consent.ts'

export interface PointConsent {
  readonly id: string
  readonly rev: string
  readonly purposes: readonly string[]
  readonly categories: readonly string[]
  /** Seconds. */
  readonly exp: number
  readonly explicit?: true
  /** The whole of it, or these purposes and what they cover. */
  readonly withdrawn?: true | readonly string[]
}

/** The whole state of one data subject, in place of any before. */
export interface SubjectRow {
  readonly subject: string
  readonly jurisdiction: string
  /** CNS-10, base64url; none: not known by anything any more. */
  readonly keys: readonly string[]
  /** CNS-43, base64url: of those that are not plain. */
  readonly alike?: readonly string[]
  readonly consents: readonly PointConsent[]
  /** Until when they are a child, in seconds. */
  readonly minor?: number
}

export interface PointBasis extends Omit<Basis, 'v' | 'expires'> {
  readonly id: string
  /** Seconds. */
  readonly exp: number
}

export interface SubjectPage {
  /** base64url; null while nobody is identified. */
  readonly index_key: string | null
  readonly rows: readonly SubjectRow[]
  /** Every basis in force; null: none changed. */
  readonly bases: readonly PointBasis[] | null
  /** The `after` of the next page. */
  readonly next: number
  /** Ask at once: this page was full. */
  readonly more: boolean
}
