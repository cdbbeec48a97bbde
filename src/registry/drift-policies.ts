/** Drift policies of a control plane. spec/drift.md (DRF-27). @module */
import type { Kysely } from 'kysely'
import { DRIFT_POLICY, driftPolicySchema, type DriftPolicy } from '../core/drift-policy.ts'
import type { Schema } from '../ports/schema.ts'
import { PolicyRegister } from './policies.ts'

export const driftPolicies = new PolicyRegister<'drift_policy', DriftPolicy>({
  name: 'drift_policy',
  table: 'drift_policies',
  prefix: 'drp',
  unknown: 'UNKNOWN_DRIFT_POLICY',
  schema: driftPolicySchema,
})

/** The packaged one until another was approved. */
export async function driftPolicyInForce(db: Kysely<Schema>): Promise<DriftPolicy> {
  return (await driftPolicies.inForce(db))?.policy ?? DRIFT_POLICY
}
