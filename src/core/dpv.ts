/**
 * Purposes and categories of personal data, as terms of the Data Privacy Vocabulary: which there are, and which covers
 * which. spec/consent.md (CNS-1 to CNS-4). Pure: registers, points and the verifier ask the same.
 * @module
 */
import { CATEGORY_LINES, PURPOSE_LINES } from './dpv-terms.ts'

export const DPV_VERSION = '2.3'
export const DPV = 'https://w3id.org/dpv#'
export const PD = 'https://w3id.org/dpv/pd#'
export const PERSONAL_DATA = `${DPV}PersonalData`
/** Of an IRI of any term, with room. */
export const TERM_LENGTH_MAX = 128

type Broader = ReadonlyMap<string, readonly string[]>

/** CNS-1: each term, with those that it is directly below. */
function readTerms(lines: string, iriOf: (name: string) => string): Broader {
  const broader = new Map<string, string[]>()
  for (const line of lines.trim().split('\n')) {
    const [above = '', ...names] = line.split(' ').map(iriOf)
    if (!broader.has(above)) broader.set(above, [])
    for (const name of names) broader.set(name, [...(broader.get(name) ?? []), above])
  }
  return broader
}

const ROOT_PURPOSE = `${DPV}Purpose`
const PURPOSES = readTerms(PURPOSE_LINES, (name) => DPV + name)
const CATEGORIES = readTerms(CATEGORY_LINES, (name) => (name === 'PersonalData' ? PERSONAL_DATA : PD + name))

/** Each term with all above it, itself first: at most a dozen. */
function closures(terms: Broader): ReadonlyMap<string, readonly string[]> {
  const above = (term: string): string[] => [term, ...(terms.get(term) ?? []).flatMap(above)]
  return new Map([...terms.keys()].map((term) => [term, [...new Set(above(term))]]))
}

const PURPOSES_ABOVE = closures(PURPOSES)
const CATEGORIES_ABOVE = closures(CATEGORIES)

/** What one can have a purpose of: the root says nothing. */
export function isPurpose(term: string): boolean {
  return term !== ROOT_PURPOSE && PURPOSES.has(term)
}

export function isCategory(term: string): boolean {
  return CATEGORIES.has(term)
}

export function purposeTerms(): string[] {
  return [...PURPOSES.keys()].filter(isPurpose).sort()
}

export function categoryTerms(): string[] {
  return [...CATEGORIES.keys()].sort()
}

/** Each term with those that it is directly below: for who reads the pages and not this. */
export function broaderTerms(): Record<'purposes' | 'categories', Record<string, readonly string[]>> {
  return { purposes: Object.fromEntries(PURPOSES), categories: Object.fromEntries(CATEGORIES) }
}

/** The purpose and every broader one, itself first. Nothing is above a term that nobody knows. */
export function purposesAbove(purpose: string): readonly string[] {
  return PURPOSES_ABOVE.get(purpose) ?? [purpose]
}

/** CNS-1: a broader purpose covers a narrower one. */
export function purposeCovers(broad: string, narrow: string): boolean {
  return broad === narrow || (PURPOSES_ABOVE.get(narrow)?.includes(broad) ?? false)
}

export function categoryCovers(broad: string, narrow: string): boolean {
  return broad === narrow || (CATEGORIES_ABOVE.get(narrow)?.includes(broad) ?? false)
}

/** CNS-3. */
const SPECIAL = [
  'Biometric',
  'Ethnicity',
  'MedicalHealth',
  'PhilosophicalBelief',
  'PoliticalAffiliation',
  'PoliticalOpinion',
  'Religion',
  'ReligiousBelief',
  'Sexual',
  'TradeUnionMembership',
].map((name) => PD + name)

export function isSpecial(category: string): boolean {
  return SPECIAL.some((special) => categoryCovers(special, category))
}

/** CNS-14: purposes that profile whom they are about. */
export function profiles(purpose: string): boolean {
  return [`${DPV}Personalisation`, `${DPV}PersonnelBehaviourMonitoring`].some((broad) =>
    purposeCovers(broad, purpose),
  )
}

/** CNS-2. */
const OF_LABELS: ReadonlyMap<string, string> = new Map([
  ['*', PERSONAL_DATA],
  ['personal', PERSONAL_DATA],
  ['contact', `${PD}Contact`],
  ['health', `${PD}MedicalHealth`],
  ['payment', `${PD}Financial`],
  ['identity', `${PD}Identifying`],
  ['location', `${PD}Location`],
  ['biometric', `${PD}Biometric`],
  ['genetic', `${PD}Genetic`],
])

/** CNS-2: what a category of a label means. @returns null: no personal data */
export function categoryOfLabel(category: string): string | null {
  const known = OF_LABELS.get(category)
  if (known !== undefined) return known
  const iri = category.startsWith('pd:') ? PD + category.slice('pd:'.length) : category
  return isCategory(iri) ? iri : null
}

/** Personal categories of a label's, each once. */
export function personalCategories(categories: readonly string[]): string[] {
  const terms = categories.map(categoryOfLabel).filter((term) => term !== null)
  return [...new Set(terms)].sort()
}

/** The name that stands behind the vocabulary's address, for people: `DirectMarketing`. */
export function termName(term: string): string {
  return term.slice(term.lastIndexOf('#') + 1)
}
