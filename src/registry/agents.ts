/**
 * Agents: registered non-human identities and their life. Who asks does not approve (design.md, invariant 9).
 *
 *   proposed --approve--> approved --activate--> active <--activate-- suspended
 *                                                active --suspend--> suspended     any --retire--> retired
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize } from '../core/json.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findAccount } from './service-rows.ts'
import { assertSystems } from './systems.ts'
import { digestOf, insertVersion, markApproved } from './version-rows.ts'

export type AgentStatus = Schema['agents']['status']
export type AgentRow = Schema['agents']

export interface AgentInput {
  readonly name: string
  readonly class: string
  readonly purpose: string
  readonly systems: readonly string[]
  /** Of its first version (VER-1). */
  readonly manifest: Manifest
}

/** The proposer is the owner, or of a program who owns that (SVC-12). @throws {RegistryError} `UNKNOWN_SYSTEM`, `LIMIT_EXCEEDED` */
export function proposeAgent(
  ctx: RegistryContext,
  actor: Actor,
  input: AgentInput,
): Promise<{ agent: string; proposal: number; manifest: string }> {
  return ctx.store.write(async (tx) => {
    await assertSystems(tx.db, input.systems)
    const proposer = actor.id
    const owner = actor.kind === 'service' ? (await findAccount(tx.db, actor.id)).owner : proposer
    const agent = newId(ctx.crypto, 'agt', tx.now)
    const manifest = digestOf(ctx, input.manifest)
    const document = input.manifest
    const systems = [...new Set(input.systems)]
    const { name } = input
    const body = {
      name,
      owner,
      class: input.class,
      purpose: input.purpose,
      systems,
      manifest,
      document,
    }
    const proposal = await tx.append({
      type: 'agent.proposed',
      actor,
      subject: agent,
      body,
    })
    await tx.db
      .insertInto('agents')
      .values({
        id: agent,
        name,
        owner,
        class: input.class,
        purpose: input.purpose,
        systems_json: canonicalize(systems),
        manifest,
        proposal,
        proposer,
        status: 'proposed',
      })
      .execute()
    await insertVersion(tx.db, { agent, manifest, document, proposer, proposal })
    return { agent, proposal, manifest }
  })
}

/** With its first version (VER-1). */
export const agentApproval: ApprovalTerms<'agent.approved'> = {
  type: 'agent.approved',
  notOwn: 'who proposed or owns an agent does not approve it: ask another person',
  async find({ db }, { id: agent }, approver) {
    const row = await findAgent(db, agent)
    assertStatus(row, ['proposed'])
    const { proposal, proposer, owner } = row
    return { act: { act: 'agent.approve', agent, proposal, approver }, askedBy: [proposer, owner] }
  },
  async settle(tx, { key: { id: agent }, approval }) {
    const { manifest } = await findAgent(tx.db, agent)
    await setStatus(tx, agent, 'approved')
    await markApproved(tx.db, { agent, manifest, approval })
  },
}

/** @throws {RegistryError} `UNKNOWN_AGENT`, `STATE_CONFLICT` */
export function activateAgent(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  reason: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    assertStatus(await findAgent(tx.db, agent), ['approved', 'suspended'])
    const isolated = tx.db.selectFrom('oversight').select('isolated').where('agent', '=', agent)
    if (((await isolated.executeTakeFirst())?.isolated ?? null) !== null)
      throw new RegistryError('STATE_CONFLICT', `the agent is isolated: countersign isolation lift ${agent}`)
    await activateTx(tx, actor, agent, reason)
  })
}

export async function activateTx(tx: Tx, actor: Actor, agent: string, reason: string): Promise<void> {
  await setStatus(tx, agent, 'active')
  await tx.append({ type: 'agent.activated', actor, subject: agent, body: { reason } })
}

/**
 * Isolates an agent: every key it has is revoked for ever, so that lifting it takes a new key.
 * @throws {RegistryError} `UNKNOWN_AGENT`, `STATE_CONFLICT`
 */
export function suspendAgent(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write((tx) => suspendTx(ctx, tx, actor, agent, reason))
}

/** @throws {RegistryError} `UNKNOWN_AGENT`, `STATE_CONFLICT` */
export async function suspendTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  agent: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  assertStatus(await findAgent(tx.db, agent), ['approved', 'active'])
  await setStatus(tx, agent, 'suspended')
  await tx.append({ type: 'agent.suspended', actor, subject: agent, body: { reason } })
  const keys = await tx.db
    .updateTable('agent_keys')
    .set({ revoked: 1 })
    .where('agent', '=', agent)
    .where('revoked', '=', 0)
    .returning('jkt')
    .execute()
  const frames: SignedFrame[] = []
  for (const { jkt } of keys) {
    frames.push(await appendFrame(ctx, tx, actor, { kind: 'key', handle: jkt, reason, target: agent }))
  }
  return frames
}

/** @throws {RegistryError} `UNKNOWN_AGENT`; `STATE_CONFLICT`: retired already. */
export function retireAgent(
  ctx: RegistryContext,
  actor: Actor,
  agent: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write(async (tx) => {
    assertStatus(await findAgent(tx.db, agent), ['proposed', 'approved', 'active', 'suspended'])
    return retireTx(ctx, tx, actor, agent, reason)
  })
}

/** As {@link retireAgent}, but idempotent: a revocation is never refused. */
export async function retireTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  agent: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await findAgent(tx.db, agent)
  if (row.status !== 'retired') {
    await setStatus(tx, agent, 'retired')
    await tx.append({ type: 'agent.retired', actor, subject: agent, body: { reason } })
  }
  return [await appendFrame(ctx, tx, actor, { kind: 'agent', handle: agent, reason, target: agent })]
}

async function setStatus(tx: Tx, agent: string, status: AgentStatus): Promise<void> {
  await tx.db.updateTable('agents').set({ status }).where('id', '=', agent).execute()
}

/** @throws {RegistryError} `UNKNOWN_AGENT` */
export async function findAgent(db: Kysely<Schema>, id: string): Promise<AgentRow> {
  const row = await db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_AGENT', 'no such agent')
  return row
}

/** What a status allows first, said to who asked for something else. */
const WHAT_NEXT: Record<AgentStatus, string> = {
  proposed: 'somebody else approves it first',
  approved: 'activate it first',
  active: 'nothing of this is left to do, but to suspend or to retire it',
  suspended: 'activate it first, and make it a new key',
  retired: 'that is for good, propose another one',
}

/** @throws {RegistryError} `STATE_CONFLICT` */
export function assertStatus(row: AgentRow, allowed: readonly AgentStatus[]): void {
  if (!allowed.includes(row.status)) {
    throw new RegistryError('STATE_CONFLICT', `the agent is ${row.status}: ${WHAT_NEXT[row.status]}`)
  }
}

export interface Agent {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly class: string
  readonly purpose: string
  readonly systems: readonly string[]
  readonly manifest: string
  readonly proposal: number
  readonly proposer: string
  readonly status: AgentStatus
  readonly keys: readonly { readonly jkt: string; readonly revoked: boolean }[]
}

/** @throws {RegistryError} `UNKNOWN_AGENT` */
export async function getAgent(db: Kysely<Schema>, id: string): Promise<Agent> {
  const row = await findAgent(db, id)
  const keys = await db.selectFrom('agent_keys').selectAll().where('agent', '=', id).orderBy('jkt').execute()
  return toAgent(row, keys)
}

export async function listAgents(db: Kysely<Schema>): Promise<Agent[]> {
  const rows = await db.selectFrom('agents').selectAll().orderBy('id').execute()
  const keys = await db.selectFrom('agent_keys').selectAll().orderBy('jkt').execute()
  const byAgent = Map.groupBy(keys, (key) => key.agent)
  return rows.map((row) => toAgent(row, byAgent.get(row.id) ?? []))
}

export function toAgent(row: AgentRow, keys: readonly Schema['agent_keys'][]): Agent {
  const { systems_json, ...rest } = row
  return {
    ...rest,
    systems: JSON.parse(systems_json) as string[],
    keys: keys.map(({ jkt, revoked }) => ({ jkt, revoked: revoked !== 0 })),
  }
}
