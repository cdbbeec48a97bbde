/**
 * Alert policies: how severe each rule is, who hears of it, and within how long somebody takes it. spec/alerts.md (ALR-8).
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { alertPolicySchema, PACKAGED_ALERT_POLICY, type AlertPolicy } from '../core/alert.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 16
const POLICY_LIMITS = { bytes_max: 64 * 1024, depth_max: 8 }

/** @throws {RegistryError} `STATE_CONFLICT`: too many wait. {LogError} `ENTRY_TOO_LARGE` */
export function proposeAlertPolicy(
  ctx: RegistryContext,
  proposer: string,
  policy: AlertPolicy,
): Promise<{ policy: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    const waits = await tx.db
      .selectFrom('alert_policies')
      .select('id')
      .where('status', '=', 'waiting')
      .execute()
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} alert policies wait: approve one`)
    const id = newId(ctx.crypto, 'alp', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'alert_policy.proposed', actor, subject: id, body: { policy } })
    await insertAlertPolicy(tx.db, { id, policy, proposer, proposal })
    return { policy: id, proposal }
  })
}

export async function insertAlertPolicy(
  db: Kysely<Schema>,
  {
    policy,
    ...row
  }: Pick<Schema['alert_policies'], 'id' | 'proposer' | 'proposal'> & { policy: AlertPolicy },
): Promise<void> {
  await db
    .insertInto('alert_policies')
    .values({ ...row, status: 'waiting', policy_json: canonicalize(policy), approval: null })
    .execute()
}

/** Puts a policy in force, in place of the one before. */
export const alertPolicyApproval: ApprovalTerms<'alert_policy.approved'> = {
  type: 'alert_policy.approved',
  notOwn: 'who proposed a policy does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findAlertPolicy(db, id)
    if (status !== 'waiting')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the policy is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'alert_policy.approve', policy: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleAlertPolicy(tx.db, key.id, approval),
}

/** As flow policies: the active one and those proposed before it are replaced. */
export async function settleAlertPolicy(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  const { proposal } = await findAlertPolicy(db, id)
  await db
    .updateTable('alert_policies')
    .set({ status: 'replaced' })
    .where((eb) =>
      eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
    )
    .execute()
  await db.updateTable('alert_policies').set({ status: 'active', approval }).where('id', '=', id).execute()
}

export interface AlertPolicyInForce {
  readonly policy: AlertPolicy
  /** Index of the entry that put it in force; null: the packaged one. */
  readonly approval: number | null
}

/** ALR-9. */
export async function alertPolicyInForce(db: Kysely<Schema>): Promise<AlertPolicyInForce> {
  const row = await db
    .selectFrom('alert_policies')
    .selectAll()
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row === undefined
    ? { policy: PACKAGED_ALERT_POLICY, approval: null }
    : { policy: policyOf(row), approval: row.approval }
}

export interface AlertPolicyView extends Omit<Schema['alert_policies'], 'policy_json'> {
  readonly policy: AlertPolicy
}

/** The newest first. */
export async function listAlertPolicies(db: Kysely<Schema>): Promise<AlertPolicyView[]> {
  const rows = await db.selectFrom('alert_policies').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ policy_json, ...row }) => ({ ...row, policy: policyOf({ policy_json }) }))
}

async function findAlertPolicy(db: Kysely<Schema>, id: string): Promise<Schema['alert_policies']> {
  const row = await db.selectFrom('alert_policies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_ALERT_POLICY', 'no such alert policy')
  return row
}

function policyOf({ policy_json }: Pick<Schema['alert_policies'], 'policy_json'>): AlertPolicy {
  return alertPolicySchema.parse(parseJson(policy_json, POLICY_LIMITS))
}
