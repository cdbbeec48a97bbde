/** Flow policies of a control plane. spec/flow.md (FLW-10). @module */
import type { Kysely } from 'kysely'
import { flowPolicySchema, NO_FLOW_POLICY, type FlowPolicy } from '../core/flow-policy.ts'
import type { Schema } from '../ports/schema.ts'
import { isGlob } from '../token/glob.ts'
import { RegistryError } from './errors.ts'
import { PolicyRegister } from './policies.ts'

/** Proposing throws {@link RegistryError} `FLOW_POLICY_INVALID`: a value that is no glob. */
export const flowPolicies = new PolicyRegister<'flow_policy', FlowPolicy>({
  name: 'flow_policy',
  table: 'flow_policies',
  prefix: 'flp',
  unknown: 'UNKNOWN_FLOW_POLICY',
  schema: flowPolicySchema,
  assert: (_, policy) => assertGlobs(policy),
})

function assertGlobs({ policies = [] }: FlowPolicy): void {
  for (const { name, values } of policies) {
    const at = values.findIndex((value) => !isGlob(value))
    if (at !== -1)
      throw new RegistryError(
        'FLOW_POLICY_INVALID',
        `${name}: value ${at} is no glob (spec/grants.md, GRT-3)`,
      )
  }
}

/** FLW-10: off until one was approved. */
export async function flowPolicyInForce(db: Kysely<Schema>): Promise<FlowPolicy> {
  return (await flowPolicies.inForce(db))?.policy ?? NO_FLOW_POLICY
}
