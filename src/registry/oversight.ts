/**
 * Step-ups of agents: begun at once, ended by the gesture of somebody who does not own the agent. spec/isolation.md
 * (ISO-8, ISO-10, ISO-11). Invariants: a step-up commits with its frame, and one at a time is open.
 * @module
 */
import type { Kysely } from 'kysely'
import { STEP_UPS_MAX, stepUpName } from '../core/step-up.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import { NAMED_MAX } from '../log/response-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { findAgent } from './agents.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'

type Row = Schema['oversight']
type Because = EntryBody<'oversight.begun'>['because']
export type Framing = Pick<RegistryContext, 'crypto' | 'frame'>

const NEVER = { n: 0, begun: null, because: null, isolated: null }

export async function findOversight(db: Kysely<Schema>, agent: string): Promise<Row> {
  const row = await db.selectFrom('oversight').selectAll().where('agent', '=', agent).executeTakeFirst()
  return row ?? { agent, ...NEVER }
}

export async function setOversight(
  db: Kysely<Schema>,
  agent: string,
  change: Partial<Omit<Row, 'agent'>>,
): Promise<void> {
  await db
    .insertInto('oversight')
    .values({ agent, ...NEVER, ...change })
    .onConflict((on) => on.column('agent').doUpdateSet(change))
    .execute()
}

/**
 * ISO-10: any endorsed person, at once and alone.
 * @throws {RegistryError} `UNKNOWN_AGENT`, `NOT_ENDORSED`; `STATE_CONFLICT`: it is overseen already
 */
export function beginOversight(
  ctx: RegistryContext,
  person: string,
  agent: string,
): Promise<{ n: number; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findAgent(tx.db, agent)
    const begun = await beginOversightTx(ctx, tx, personActor(person), agent, 'person', [])
    if (begun === null) throw new RegistryError('STATE_CONFLICT', 'the agent is overseen already')
    return begun
  })
}

/** @returns null: it is overseen already */
export async function beginOversightTx(
  ctx: Framing,
  tx: Tx,
  actor: Actor,
  agent: string,
  because: Because,
  entries: readonly number[],
): Promise<{ n: number; entry: number } | null> {
  const row = await findOversight(tx.db, agent)
  if (row.begun !== null) return null
  const n = Math.min(row.n + 1, STEP_UPS_MAX)
  const body = { n, because, entries: entries.slice(0, NAMED_MAX) }
  const entry = await tx.append({ type: 'oversight.begun', actor, subject: agent, body })
  await setOversight(tx.db, agent, { n, begun: entry, because })
  const handle = stepUpName(agent, n)
  await appendFrame(ctx, tx, actor, { kind: 'step_up', handle, reason: because, target: agent })
  return { n, entry }
}

/** Ends a step-up. */
export function oversightEnding(ctx: Framing): ApprovalTerms<'oversight.ended'> {
  return {
    type: 'oversight.ended',
    notOwn: 'who owns an agent does not end its oversight: ask another person',
    async find({ db }, { id: agent }, approver) {
      const { owner } = await findAgent(db, agent)
      const { n, begun } = await findOversight(db, agent)
      if (begun === null) throw new RegistryError('STATE_CONFLICT', 'the agent is not overseen')
      if (n >= STEP_UPS_MAX)
        throw new RegistryError('STATE_CONFLICT', `this is its ${n}th: retire the agent, and propose another`)
      return { act: { act: 'oversight.end', agent, n, begun, approver }, askedBy: [owner] }
    },
    async settle(tx, { key: { id: agent }, act: { n, approver } }) {
      await setOversight(tx.db, agent, { begun: null, because: null })
      await forgetSigns(tx.db, agent)
      const handle = stepUpName(agent, n)
      const frame = { kind: 'step_down', handle, reason: 'ended', target: agent } as const
      await appendFrame(ctx, tx, personActor(approver), frame)
    },
  }
}

/** ISO-12: what was found before does not count any more. */
export async function forgetSigns(db: Kysely<Schema>, agent: string): Promise<void> {
  await db.deleteFrom('signs').where('agent', '=', agent).execute()
}
