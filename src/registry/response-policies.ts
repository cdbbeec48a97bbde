/** Response policies of a control plane. spec/isolation.md (ISO-2). @module */
import type { Kysely } from 'kysely'
import { PRESET_RESPONSE, responsePolicySchema, type ResponsePolicy } from '../core/response-policy.ts'
import type { Schema } from '../ports/schema.ts'
import { PolicyRegister } from './policies.ts'

export const responsePolicies = new PolicyRegister<'response_policy', ResponsePolicy>({
  name: 'response_policy',
  table: 'response_policies',
  prefix: 'rsp',
  unknown: 'UNKNOWN_RESPONSE_POLICY',
  schema: responsePolicySchema,
})

/** The preset until one was approved. */
export async function responsePolicyInForce(db: Kysely<Schema>): Promise<ResponsePolicy> {
  return (await responsePolicies.inForce(db))?.policy ?? PRESET_RESPONSE
}
