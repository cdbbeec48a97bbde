/**
 * Which calls touch personal data, of what kind and for what. spec/consent.md (CNS-22, CNS-24). Pure: points and the
 * verifier ask the same.
 * @module
 */
import { isPurpose, PERSONAL_DATA, personalCategories } from '../../core/dpv.ts'
import type { ToolLabel } from '../../core/label.ts'
import type { LineageStep } from '../../token/lineage.ts'

/** Whether its results hold personal data, or its arguments name whom it is about. */
export function isPersonal(label: ToolLabel): boolean {
  return label.subject !== undefined || everyCategory(label).length > 0
}

/** Of the whole and of every field. */
export function everyCategory({ result: { categories, fields = {} } }: ToolLabel): string[] {
  const parts = Object.values(fields).flatMap((field) => field.categories ?? [])
  return personalCategories([...categories, ...parts])
}

/** What arguments need a basis for (CNS-26). */
export function argumentCategories({ result }: ToolLabel): string[] {
  const own = personalCategories(result.categories)
  return own.length > 0 ? own : [PERSONAL_DATA]
}

/** @returns null: the grants name none, or one that nobody knows */
export function purposesOf(lineage: readonly LineageStep[]): readonly string[] | null {
  const purposes = lineage.find(({ grant }) => grant.purposes !== undefined)?.grant.purposes ?? []
  return purposes.length > 0 && purposes.every(isPurpose) ? purposes : null
}
