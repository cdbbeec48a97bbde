/**
 * Flow policies of a control plane. spec/flow.md (FLW-10).
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { flowPolicySchema, NO_FLOW_POLICY, type FlowPolicy } from '../core/flow-policy.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import { isGlob } from '../token/glob.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 16

/**
 * @throws {RegistryError} `FLOW_POLICY_INVALID`: a value that is no glob; `STATE_CONFLICT`: too many wait.
 * @throws {LogError} `ENTRY_TOO_LARGE`
 */
export function proposeFlowPolicy(
  ctx: RegistryContext,
  proposer: string,
  policy: FlowPolicy,
): Promise<{ policy: string; proposal: number }> {
  assertGlobs(policy)
  return ctx.store.write(async (tx) => {
    const waits = await tx.db
      .selectFrom('flow_policies')
      .select('id')
      .where('status', '=', 'waiting')
      .execute()
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} flow policies wait: approve one`)
    const id = newId(ctx.crypto, 'flp', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'flow_policy.proposed', actor, subject: id, body: { policy } })
    await insertFlowPolicy(tx.db, { id, policy, proposer, proposal })
    return { policy: id, proposal }
  })
}

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

export async function insertFlowPolicy(
  db: Kysely<Schema>,
  { policy, ...row }: Pick<Schema['flow_policies'], 'id' | 'proposer' | 'proposal'> & { policy: FlowPolicy },
): Promise<void> {
  await db
    .insertInto('flow_policies')
    .values({ ...row, status: 'waiting', policy_json: canonicalize(policy), approval: null })
    .execute()
}

/** Puts a policy in force, in place of the one before. */
export const flowPolicyApproval: ApprovalTerms<'flow_policy.approved'> = {
  type: 'flow_policy.approved',
  notOwn: 'who proposed a policy does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findFlowPolicy(db, id)
    if (status !== 'waiting')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the policy is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'flow_policy.approve', policy: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleFlowPolicy(tx.db, key.id, approval),
}

/** The active one and those proposed before it are replaced: nobody puts an older mind in force by mistake. */
export async function settleFlowPolicy(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  const { proposal } = await findFlowPolicy(db, id)
  await db
    .updateTable('flow_policies')
    .set({ status: 'replaced' })
    .where((eb) =>
      eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
    )
    .execute()
  await db.updateTable('flow_policies').set({ status: 'active', approval }).where('id', '=', id).execute()
}

/** FLW-10: off until one was approved. */
export async function flowPolicyInForce(db: Kysely<Schema>): Promise<FlowPolicy> {
  const row = await db
    .selectFrom('flow_policies')
    .selectAll()
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row === undefined ? NO_FLOW_POLICY : policyOf(row)
}

export interface FlowPolicyView {
  readonly id: string
  readonly status: Schema['flow_policies']['status']
  readonly proposer: string
  readonly proposal: number
  /** Index of the entry that put it in force, or null. */
  readonly approval: number | null
  readonly policy: FlowPolicy
}

/** The newest first. */
export async function listFlowPolicies(db: Kysely<Schema>): Promise<FlowPolicyView[]> {
  const rows = await db.selectFrom('flow_policies').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ policy_json, ...row }) => ({ ...row, policy: policyOf({ policy_json }) }))
}

async function findFlowPolicy(db: Kysely<Schema>, id: string): Promise<Schema['flow_policies']> {
  const row = await db.selectFrom('flow_policies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_FLOW_POLICY', 'no such flow policy')
  return row
}

function policyOf({ policy_json }: Pick<Schema['flow_policies'], 'policy_json'>): FlowPolicy {
  return flowPolicySchema.parse(parseJson(policy_json))
}
