/** What a point knows of data subjects and of bases. spec/consent.md (CNS-20). @module */
import type { BasisState, SubjectState } from '../../decide/basis/types.ts'

export interface SubjectBook {
  /** Of a folded identifier (CNS-23). @returns null: nobody knows it; also before the register was read once */
  find(system: string | null, folded: string): SubjectState | null
  /** Whether somebody is known by an identifier that looks like it (CNS-43). */
  isAlike(system: string | null, folded: string): boolean
  /** None before the register was read once. */
  readonly bases: readonly BasisState[]
  /** How long ago the last reading that came to its end was begun, in milliseconds; infinite before. */
  readonly age_ms: number
}
