/**
 * Who besides its principal stands behind a delegation: what the template asks for, and what the principal adds.
 * spec/grants.md (TPL-4). Invariant: nobody who asks approves, and nobody is named whose gesture would not count.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Quorum } from '../token/gesture.ts'
import type { Approvers } from '../token/template.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'
import { outsideFault, type TemplateInForce } from './templates.ts'

/**
 * @param wanted what the principal asks for; null for what the template wants and no more
 * @returns by person, or null: the principal alone
 * @throws {RegistryError} `OUTSIDE_TEMPLATE`: too few are left of those whom the template names;
 * `SAME_PERSON`: the principal is one of those asked for; `UNKNOWN_PERSON`, `STATE_CONFLICT`, `NOT_ENDORSED`: of one of them.
 */
export async function approversFor(
  db: Kysely<Schema>,
  principal: string,
  inForce: TemplateInForce,
  wanted: Approvers | null,
): Promise<Approvers | null> {
  if (wanted !== null) {
    if (wanted.of.includes(principal))
      throw new RegistryError('SAME_PERSON', 'who delegates is not one of the approvers: name other people')
    for (const person of wanted.of) await findEnrolled(db, person)
    return wanted
  }
  const { id, template } = inForce
  if (template.approvals === null) return null
  const { m, of } = template.approvals
  const eligible: string[] = []
  for (const person of of) if (person !== principal && (await counts(db, person))) eligible.push(person)
  if (eligible.length < m) {
    const why = `${m} approvals needed, ${eligible.length} of its approvers can give one besides you`
    throw outsideFault(id, template, `approvals: ${why}`)
  }
  return { m, of: eligible }
}

async function counts(db: Kysely<Schema>, person: string): Promise<boolean> {
  try {
    await findEnrolled(db, person)
    return true
  } catch (error) {
    if (error instanceof RegistryError) return false
    throw error
  }
}

/** The member of a root, which names people by their handles. */
export async function quorumOf(
  db: Kysely<Schema>,
  approvers: Approvers | null,
): Promise<{ readonly quorum?: Quorum }> {
  if (approvers === null) return {}
  const of: string[] = []
  for (const person of approvers.of) of.push((await findEnrolled(db, person)).rev)
  return { quorum: { m: approvers.m, of } }
}
