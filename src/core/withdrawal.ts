/** What of a consent a withdrawal takes back. spec/consent.md (CNS-15). Pure. @module */
import { purposeCovers } from './dpv.ts'

export interface OfConsent {
  /** What it was given for. */
  readonly purposes: readonly string[]
  /** What was withdrawn before, or all of it. */
  readonly withdrawn: readonly string[] | 'all'
}

export type Withdrawn =
  /** `purposes` null: the whole. */
  { readonly purposes: readonly string[] | null } | { readonly outside: string }

/**
 * All of its purposes by name, or with those before, are the whole.
 * @param wanted null: all
 * @returns `outside`: a purpose that it was not given for
 */
export function withdrawalOf(
  { purposes, withdrawn }: OfConsent,
  wanted: readonly string[] | null,
): Withdrawn {
  const outside = wanted?.find((one) => !purposes.some((broad) => purposeCovers(broad, one)))
  if (outside !== undefined) return { outside }
  const isAll =
    wanted === null ||
    withdrawn === 'all' ||
    purposes.every((one) => wanted.includes(one) || withdrawn.includes(one))
  return { purposes: isAll ? null : [...new Set(wanted)].sort() }
}
