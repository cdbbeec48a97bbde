/**
 * Drift policies of a control plane. spec/drift.md (DRF-27).
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { DRIFT_POLICY, driftPolicySchema, type DriftPolicy } from '../core/drift-policy.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 16

/** @throws {RegistryError} `STATE_CONFLICT`: too many wait */
export function proposeDriftPolicy(
  ctx: RegistryContext,
  proposer: string,
  policy: DriftPolicy,
): Promise<{ policy: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    const waits = await tx.db
      .selectFrom('drift_policies')
      .select('id')
      .where('status', '=', 'waiting')
      .execute()
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} drift policies wait: approve one`)
    const id = newId(ctx.crypto, 'drp', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'drift_policy.proposed', actor, subject: id, body: { policy } })
    await insertDriftPolicy(tx.db, { id, policy, proposer, proposal })
    return { policy: id, proposal }
  })
}

export async function insertDriftPolicy(
  db: Kysely<Schema>,
  {
    policy,
    ...row
  }: Pick<Schema['drift_policies'], 'id' | 'proposer' | 'proposal'> & { policy: DriftPolicy },
): Promise<void> {
  await db
    .insertInto('drift_policies')
    .values({ ...row, status: 'waiting', policy_json: canonicalize(policy), approval: null })
    .execute()
}

/** Puts a policy in force, in place of the one before. */
export const driftPolicyApproval: ApprovalTerms<'drift_policy.approved'> = {
  type: 'drift_policy.approved',
  notOwn: 'who proposed a policy does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await db.selectFrom('drift_policies').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw new RegistryError('UNKNOWN_DRIFT_POLICY', 'no such drift policy')
    const { status, proposal, proposer } = row
    if (status !== 'waiting')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the policy is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'drift_policy.approve', policy: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, act, approval }) => settleDriftPolicy(tx.db, key.id, act.proposal, approval),
}

/** The active one and those proposed before it are replaced: nobody puts an older mind in force by mistake. */
export async function settleDriftPolicy(
  db: Kysely<Schema>,
  id: string,
  proposal: number,
  approval: number,
): Promise<void> {
  await db
    .updateTable('drift_policies')
    .set({ status: 'replaced' })
    .where((eb) =>
      eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
    )
    .execute()
  await db.updateTable('drift_policies').set({ status: 'active', approval }).where('id', '=', id).execute()
}

export interface DriftPolicyView {
  readonly id: string
  readonly status: Schema['drift_policies']['status']
  readonly proposer: string
  readonly proposal: number
  /** Index of the entry that put it in force, or null. */
  readonly approval: number | null
  readonly policy: DriftPolicy
}

/** The newest first. */
export async function listDriftPolicies(db: Kysely<Schema>): Promise<DriftPolicyView[]> {
  const rows = await db.selectFrom('drift_policies').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ policy_json, ...row }) => ({ ...row, policy: policyOf(policy_json) }))
}

/** The packaged one until another was approved. */
export async function driftPolicyInForce(db: Kysely<Schema>): Promise<DriftPolicy> {
  const row = await db
    .selectFrom('drift_policies')
    .select('policy_json')
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row === undefined ? DRIFT_POLICY : policyOf(row.policy_json)
}

function policyOf(policy_json: string): DriftPolicy {
  return driftPolicySchema.parse(parseJson(policy_json))
}
