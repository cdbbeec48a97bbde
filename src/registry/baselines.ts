/**
 * The register of baselines, and where each epoch stands. spec/drift.md (DRF-9, DRF-26, DRF-28).
 *
 *   waiting --approve--> approved: from then on sessions of the epoch may count
 *
 * Invariant: a baseline counts only by a person who does not own the agent (design.md, invariant 9).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import type { EntryBody } from '../log/entries.ts'
import type { DriftRegister } from '../ports/drift-register.ts'
import type { Schema } from '../ports/schema.ts'
import { SYSTEM } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

/** What the log holds already is not written again: an observer that starts over comes by all of it once more. */
export function driftRegister(crypto: Crypto): DriftRegister {
  return {
    async started(tx, agent, body) {
      if ((await findLevel(tx.db, body.epoch)) !== undefined) return
      const entry = await tx.append({ type: 'drift.epoch_started', actor: SYSTEM, subject: agent, body })
      await recordStarted(tx.db, agent, entry, body)
    },
    async proposed(tx, body, document) {
      const known = await tx.db
        .selectFrom('baselines')
        .select(['id', 'digest', 'document'])
        .where('epoch', '=', body.epoch)
        .executeTakeFirst()
      if (known !== undefined) return restoreDocument(tx.db, known, body.document, document)
      const id = newId(crypto, 'bsl', tx.now)
      const proposal = await tx.append({ type: 'baseline.proposed', actor: SYSTEM, subject: id, body })
      await recordProposed(tx.db, id, proposal, body, document)
    },
    async scored(tx, agent, body) {
      const known = await findLevel(tx.db, body.epoch)
      if (known !== undefined && known.scored > body.n) return
      const entry = await tx.append({ type: 'drift.scored', actor: SYSTEM, subject: agent, body })
      await recordScored(tx.db, entry, tx.now, body)
    },
  }
}

function findLevel(db: Kysely<Schema>, epoch: string): Promise<Schema['drift_levels'] | undefined> {
  return db.selectFrom('drift_levels').selectAll().where('epoch', '=', epoch).executeTakeFirst()
}

/** After a rebuild the log had the digest alone. */
async function restoreDocument(
  db: Kysely<Schema>,
  known: Pick<Schema['baselines'], 'id' | 'digest' | 'document'>,
  digest: string,
  document: string,
): Promise<void> {
  if (known.document !== null || known.digest !== digest) return
  await db.updateTable('baselines').set({ document }).where('id', '=', known.id).execute()
}

export async function recordStarted(
  db: Kysely<Schema>,
  agent: string,
  entry: number,
  { epoch, manifest, tools, task_class, level }: EntryBody<'drift.epoch_started'>,
): Promise<void> {
  const begun = { warm: 0, scored: 0, entry, alarm: null, alarmed: null }
  await db
    .insertInto('drift_levels')
    .values({ epoch, agent, manifest, tools, task_class, level, ...begun })
    .execute()
}

/** @param document null where only its digest is known */
export async function recordProposed(
  db: Kysely<Schema>,
  id: string,
  proposal: number,
  { agent, epoch, document: digest, sessions }: EntryBody<'baseline.proposed'>,
  document: string | null,
): Promise<void> {
  await db
    .insertInto('baselines')
    .values({ id, agent, epoch, status: 'waiting', digest, document, sessions, proposal, approval: null })
    .execute()
}

export async function recordScored(
  db: Kysely<Schema>,
  entry: number,
  time_ms: number,
  { epoch, n, level, counted, alarms }: EntryBody<'drift.scored'>,
): Promise<void> {
  const alarm = alarms.length === 0 ? {} : { alarm: entry, alarmed: time_ms }
  await db
    .updateTable('drift_levels')
    .set({ level, warm: counted ? 1 : 0, scored: n + 1, entry, ...alarm })
    .where('epoch', '=', epoch)
    .execute()
}

export async function settleBaseline(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  await db.updateTable('baselines').set({ status: 'approved', approval }).where('id', '=', id).execute()
}

export const baselineApproval: ApprovalTerms<'baseline.approved'> = {
  type: 'baseline.approved',
  notOwn: 'who owns the agent does not approve its baseline: ask another person',
  async find({ db }, { id }, approver) {
    const { agent, status, digest: document, proposal } = await findBaseline(db, id)
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', 'the baseline is approved')
    const owner = await db.selectFrom('agents').select('owner').where('id', '=', agent).executeTakeFirst()
    const askedBy = owner === undefined ? [] : [owner.owner]
    return { act: { act: 'baseline.approve', baseline: id, document, proposal, approver }, askedBy }
  },
  settle: (tx, { key, approval }) => settleBaseline(tx.db, key.id, approval),
}

export type BaselineRow = Schema['baselines']

/** @throws {RegistryError} `UNKNOWN_BASELINE` */
export async function findBaseline(db: Kysely<Schema>, id: string): Promise<BaselineRow> {
  const row = await db.selectFrom('baselines').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_BASELINE', 'no such baseline')
  return row
}

/** The newest first, without their documents. */
export function listBaselines(db: Kysely<Schema>): Promise<Omit<BaselineRow, 'document'>[]> {
  return db
    .selectFrom('baselines')
    .select(['id', 'agent', 'epoch', 'status', 'digest', 'sessions', 'proposal', 'approval'])
    .orderBy('proposal', 'desc')
    .execute()
}
