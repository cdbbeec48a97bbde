/**
 * Alert policies: how severe each rule is, who hears of it, and within how long somebody takes it. spec/alerts.md (ALR-8).
 * @module
 */
import type { Kysely } from 'kysely'
import { alertPolicySchema, PACKAGED_ALERT_POLICY, type AlertPolicy } from '../core/alert.ts'
import type { Schema } from '../ports/schema.ts'
import { PolicyRegister } from './policies.ts'

export const alertPolicies = new PolicyRegister<'alert_policy', AlertPolicy>({
  name: 'alert_policy',
  table: 'alert_policies',
  prefix: 'alp',
  unknown: 'UNKNOWN_ALERT_POLICY',
  schema: alertPolicySchema,
})

export interface AlertPolicyInForce {
  readonly policy: AlertPolicy
  /** Index of the entry that put it in force; null: the packaged one. */
  readonly approval: number | null
}

/** ALR-9. */
export async function alertPolicyInForce(db: Kysely<Schema>): Promise<AlertPolicyInForce> {
  const found = await alertPolicies.inForce(db)
  if (found === null) return { policy: PACKAGED_ALERT_POLICY, approval: null }
  const { policy, approval } = found
  return { policy, approval }
}
