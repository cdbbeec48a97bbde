/** Output policies: which kinds of outputs there are, and what each asks for. spec/attestation.md (ATT-18, ATT-19). @module */
import type { Kysely } from 'kysely'
import { outputPolicySchema, type OutputKind, type OutputPolicy } from '../core/output.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'
import { PolicyRegister, type PolicyInForce } from './policies.ts'

/** Proposing throws {@link RegistryError} `UNKNOWN_PERSON`: an owner or reviewer. */
export const outputPolicies = new PolicyRegister<'output_policy', OutputPolicy>({
  name: 'output_policy',
  table: 'output_policies',
  prefix: 'opl',
  unknown: 'UNKNOWN_OUTPUT_POLICY',
  schema: outputPolicySchema,
  assert: assertPeople,
})

async function assertPeople(db: Kysely<Schema>, { kinds }: OutputPolicy): Promise<void> {
  const named = new Set(
    kinds.flatMap(({ owner, reviewers }) => [owner, ...reviewers.map((one) => one.person)]),
  )
  const known = await db
    .selectFrom('people')
    .select('id')
    .where('id', 'in', [...named])
    .execute()
  if (known.length < named.size)
    throw new RegistryError('UNKNOWN_PERSON', 'the policy names somebody who is not registered')
}

/** ATT-18: null until one was approved. */
export function outputPolicyInForce(db: Kysely<Schema>): Promise<PolicyInForce<OutputPolicy> | null> {
  return outputPolicies.inForce(db)
}

/** @throws {RegistryError} `UNKNOWN_OUTPUT_KIND`: no policy in force has that kind */
export async function kindInForce(
  db: Kysely<Schema>,
  kind: string,
): Promise<PolicyInForce<OutputPolicy> & { readonly kind: OutputKind }> {
  const inForce = await outputPolicyInForce(db)
  const found = inForce?.policy.kinds.find((one) => one.kind === kind)
  if (inForce === null || found === undefined)
    throw new RegistryError('UNKNOWN_OUTPUT_KIND', 'no output policy in force has that kind: propose one')
  return { ...inForce, kind: found }
}
