/**
 * Output policies: which kinds of outputs there are, and what each asks for. spec/attestation.md (ATT-18, ATT-19).
 *
 *   waiting --approve--> active --another is approved--> replaced
 *
 * Invariant: at most one is active, and who proposes one does not approve it (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { outputPolicySchema, type OutputKind, type OutputPolicy } from '../core/output.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

/** A person must be able to read what waits. */
const WAITING_MAX = 16
const POLICY_LIMITS = { bytes_max: 256 * 1024, depth_max: 8 }

/** @throws {RegistryError} `STATE_CONFLICT`: too many wait; `UNKNOWN_PERSON`: an owner or reviewer. {LogError} `ENTRY_TOO_LARGE` */
export function proposeOutputPolicy(
  ctx: RegistryContext,
  proposer: string,
  policy: OutputPolicy,
): Promise<{ policy: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    const waits = await tx.db
      .selectFrom('output_policies')
      .select('id')
      .where('status', '=', 'waiting')
      .execute()
    if (waits.length >= WAITING_MAX)
      throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} output policies wait: approve one`)
    await assertPeople(tx.db, policy)
    const id = newId(ctx.crypto, 'opl', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'output_policy.proposed', actor, subject: id, body: { policy } })
    await insertOutputPolicy(tx.db, { id, policy, proposer, proposal })
    return { policy: id, proposal }
  })
}

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

export async function insertOutputPolicy(
  db: Kysely<Schema>,
  {
    policy,
    ...row
  }: Pick<Schema['output_policies'], 'id' | 'proposer' | 'proposal'> & { policy: OutputPolicy },
): Promise<void> {
  await db
    .insertInto('output_policies')
    .values({ ...row, status: 'waiting', policy_json: canonicalize(policy), approval: null })
    .execute()
}

/** Puts a policy in force, in place of the one before. */
export const outputPolicyApproval: ApprovalTerms<'output_policy.approved'> = {
  type: 'output_policy.approved',
  notOwn: 'who proposed a policy does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const { status, proposal, proposer } = await findOutputPolicy(db, id)
    if (status !== 'waiting')
      throw new RegistryError(
        'STATE_CONFLICT',
        `the policy is ${status}: propose it again to put it in force`,
      )
    return { act: { act: 'output_policy.approve', policy: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleOutputPolicy(tx.db, key.id, approval),
}

/** As flow policies: the active one and those proposed before it are replaced. */
export async function settleOutputPolicy(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  const { proposal } = await findOutputPolicy(db, id)
  await db
    .updateTable('output_policies')
    .set({ status: 'replaced' })
    .where((eb) =>
      eb.or([eb('status', '=', 'active'), eb('status', '=', 'waiting').and('proposal', '<', proposal)]),
    )
    .execute()
  await db.updateTable('output_policies').set({ status: 'active', approval }).where('id', '=', id).execute()
}

export interface PolicyInForce {
  readonly id: string
  /** Index of the entry that put it in force. */
  readonly approval: number
  readonly policy: OutputPolicy
}

/** ATT-18: null until one was approved. */
export async function outputPolicyInForce(db: Kysely<Schema>): Promise<PolicyInForce | null> {
  const row = await db
    .selectFrom('output_policies')
    .selectAll()
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row === undefined || row.approval === null
    ? null
    : { id: row.id, approval: row.approval, policy: policyOf(row) }
}

/** @throws {RegistryError} `UNKNOWN_OUTPUT_KIND`: no policy in force has that kind */
export async function kindInForce(
  db: Kysely<Schema>,
  kind: string,
): Promise<PolicyInForce & { readonly kind: OutputKind }> {
  const inForce = await outputPolicyInForce(db)
  const found = inForce?.policy.kinds.find((one) => one.kind === kind)
  if (inForce === null || found === undefined)
    throw new RegistryError('UNKNOWN_OUTPUT_KIND', 'no output policy in force has that kind: propose one')
  return { ...inForce, kind: found }
}

export interface OutputPolicyView extends Omit<Schema['output_policies'], 'policy_json'> {
  readonly policy: OutputPolicy
}

/** The newest first. */
export async function listOutputPolicies(db: Kysely<Schema>): Promise<OutputPolicyView[]> {
  const rows = await db.selectFrom('output_policies').selectAll().orderBy('proposal', 'desc').execute()
  return rows.map(({ policy_json, ...row }) => ({ ...row, policy: policyOf({ policy_json }) }))
}

async function findOutputPolicy(db: Kysely<Schema>, id: string): Promise<Schema['output_policies']> {
  const row = await db.selectFrom('output_policies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_OUTPUT_POLICY', 'no such output policy')
  return row
}

function policyOf({ policy_json }: Pick<Schema['output_policies'], 'policy_json'>): OutputPolicy {
  return outputPolicySchema.parse(parseJson(policy_json, POLICY_LIMITS))
}
