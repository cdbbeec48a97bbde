/**
 * Isolations: the agent suspended, its keys revoked, the incident opened and contained, in one transaction; lifted by the
 * gesture of somebody who does not own it. spec/isolation.md (ISO-6, ISO-7, ISO-11, ISO-12).
 * @module
 */
import { newId } from '../core/ids.ts'
import { seconds } from '../core/time.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import { NAMED_MAX } from '../log/response-bodies.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { activateTx, findAgent, suspendTx } from './agents.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findIncident } from './incident-rows.ts'
import { containIncidentTx, openIncidentTx } from './incidents.ts'
import { findOversight, forgetSigns, setOversight } from './oversight.ts'
import { findEnrolled } from './people.ts'

export const ISOLATED = 'isolated'
type Isolating = Pick<RegistryContext, 'crypto' | 'frame' | 'vault'>
export type Key = EntryBody<'isolation.begun'>['keys'][number]

export interface Isolated {
  readonly incident: string
  /** Index of the `isolation.begun` entry. */
  readonly entry: number
  readonly frames: readonly SignedFrame[]
}

/**
 * By hand: at once and alone, as every revocation.
 * @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_AGENT`; `STATE_CONFLICT`: isolated, retired or not approved
 */
export function isolateAgent(
  ctx: RegistryContext,
  person: string,
  agent: string,
  title: string,
): Promise<Isolated> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { status } = await findAgent(tx.db, agent)
    const isolated = await isolateTx(ctx, tx, personActor(person), agent, { keys: [], alerts: [], title })
    if (isolated === null)
      throw new RegistryError('STATE_CONFLICT', `the agent is ${status}, or isolated already`)
    return isolated
  })
}

/**
 * One that was suspended before stays so, and is isolated all the same: else its owner could suspend it as it begins to
 * stray, and let it go alone (ISO-11).
 * @returns null: there is nothing to isolate, for it is isolated already, retired, or nobody approved it
 */
export async function isolateTx(
  ctx: Isolating,
  tx: Tx,
  actor: Actor,
  agent: string,
  why: { readonly keys: readonly Key[]; readonly alerts: readonly string[]; readonly title: string | null },
): Promise<Isolated | null> {
  const { status } = await findAgent(tx.db, agent)
  if (status === 'proposed' || status === 'retired') return null
  if ((await findOversight(tx.db, agent)).isolated !== null) return null
  const { keys, alerts, title } = why
  const entries = keys.flatMap((key) => key.entries)
  const incident = newId(ctx.crypto, 'inc', tx.now)
  const opened = { kind: 'isolation', severity: 'critical', agent, alerts, entries, title } as const
  await openIncidentTx(ctx, tx, actor, opened, incident)
  const alive = await tx.db
    .selectFrom('delegations')
    .select('jti')
    .where('agent', '=', agent)
    .where('revoked', '=', 0)
    .where('exp', '>', seconds(tx.now))
    .orderBy('jti')
    .execute()
  const delegations = alive.slice(0, NAMED_MAX).map(({ jti }) => jti)
  const body = { incident, keys: [...keys], delegations, delegations_n: alive.length }
  const entry = await tx.append({ type: 'isolation.begun', actor, subject: agent, body })
  await setOversight(tx.db, agent, { isolated: entry })
  const frames = status === 'suspended' ? [] : await suspendTx(ctx, tx, actor, agent, ISOLATED)
  await containIncidentTx(tx, actor, incident, 'isolated', [entry])
  return { incident, entry, frames }
}

/** Lets an isolated agent go: with a new key, for the old ones are revoked for ever. */
export const isolationLifting: ApprovalTerms<'isolation.lifted'> = {
  type: 'isolation.lifted',
  notOwn: 'who owns an agent does not lift its isolation: ask another person',
  async find({ db }, { id: agent }, approver) {
    const { owner } = await findAgent(db, agent)
    const { isolated: begun } = await findOversight(db, agent)
    if (begun === null) throw new RegistryError('STATE_CONFLICT', 'the agent is not isolated')
    const incident = await incidentOf(db, agent)
    const { contained, cause } = await findIncident(db, incident)
    if (contained === null || cause === null)
      throw new RegistryError(
        'STATE_CONFLICT',
        `say first why it could happen: countersign incident cause ${incident}`,
      )
    return { act: { act: 'isolation.lift', agent, incident, begun, approver }, askedBy: [owner] }
  },
  async settle(tx, { key: { id: agent }, act: { approver } }) {
    await setOversight(tx.db, agent, { isolated: null })
    await forgetSigns(tx.db, agent)
    await activateTx(tx, personActor(approver), agent, 'isolation_lifted')
  },
}

/** Of its last isolation. */
async function incidentOf(db: Tx['db'], agent: string): Promise<string> {
  const { id } = await db
    .selectFrom('incidents')
    .select('id')
    .where('agent', '=', agent)
    .where('kind', '=', 'isolation')
    .orderBy('entry', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return id
}
