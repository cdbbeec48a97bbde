/**
 * Response policies of a control plane. spec/isolation.md (ISO-2).
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { PRESET_RESPONSE, responsePolicySchema, type ResponsePolicy } from '../core/response-policy.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

type Row = Schema['response_policies']

/** A person must be able to read what waits. */
const WAITING_MAX = 16

/** @throws {RegistryError} `STATE_CONFLICT`: too many wait */
export function proposeResponsePolicy(
  ctx: RegistryContext,
  proposer: string,
  policy: ResponsePolicy,
): Promise<{ policy: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    const waits = await tx.db
      .selectFrom('response_policies')
      .select('id')
      .where('status', '=', 'waiting')
      .execute()
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} response policies wait: approve one`)
    const id = newId(ctx.crypto, 'rsp', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({
      type: 'response_policy.proposed',
      actor,
      subject: id,
      body: { policy },
    })
    await insertResponsePolicy(tx.db, { id, policy, proposer, proposal })
    return { policy: id, proposal }
  })
}

export async function insertResponsePolicy(
  db: Kysely<Schema>,
  { policy, ...row }: Pick<Row, 'id' | 'proposer' | 'proposal'> & { policy: ResponsePolicy },
): Promise<void> {
  await db
    .insertInto('response_policies')
    .values({ ...row, status: 'waiting', policy_json: canonicalize(policy), approval: null })
    .execute()
}

/** Puts a policy in force, in place of the one before. */
export const responsePolicyApproval: ApprovalTerms<'response_policy.approved'> = {
  type: 'response_policy.approved',
  notOwn: 'who proposed a policy does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findResponsePolicy(db, id)
    if (status !== 'waiting')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the policy is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'response_policy.approve', policy: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleResponsePolicy(tx.db, key.id, approval),
}

/** The active one and those proposed before it are replaced: nobody puts an older mind in force by mistake. */
export async function settleResponsePolicy(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  const { proposal } = await findResponsePolicy(db, id)
  await db
    .updateTable('response_policies')
    .set({ status: 'replaced' })
    .where((eb) =>
      eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
    )
    .execute()
  await db.updateTable('response_policies').set({ status: 'active', approval }).where('id', '=', id).execute()
}

/** The preset until one was approved. */
export async function responsePolicyInForce(db: Kysely<Schema>): Promise<ResponsePolicy> {
  const row = await db
    .selectFrom('response_policies')
    .select('policy_json')
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row === undefined ? PRESET_RESPONSE : policyOf(row)
}

export interface ResponsePolicyView extends Omit<Row, 'policy_json'> {
  readonly policy: ResponsePolicy
}

/** The newest first. */
export async function listResponsePolicies(db: Kysely<Schema>): Promise<ResponsePolicyView[]> {
  const rows = await db.selectFrom('response_policies').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ policy_json, ...row }) => ({ ...row, policy: policyOf({ policy_json }) }))
}

async function findResponsePolicy(db: Kysely<Schema>, id: string): Promise<Row> {
  const row = await db.selectFrom('response_policies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_RESPONSE_POLICY', 'no such response policy')
  return row
}

function policyOf({ policy_json }: Pick<Row, 'policy_json'>): ResponsePolicy {
  return responsePolicySchema.parse(parseJson(policy_json))
}
