/**
 * Narratives of controls: one person puts what a pack says before another, who approves it. spec/narratives.md (NAR-13).
 * Invariant: what was approved is a digest. Whether a pack still says that, the pack shows.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { NarrativeSaid } from '../log/narrative-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { insertNarrative, settleNarrative, type NarrativeRow } from './narrative-rows.ts'
import { findEnrolled } from './people.ts'

/** Those that wait: every control of a large catalogue. */
const WAITING_MAX = 1_000
/** Narratives that a list shows. */
const LISTED_MAX = 5_000

/** @throws {RegistryError} `NOT_ENDORSED`, `LIMIT_EXCEEDED` */
export function proposeNarrative(
  ctx: RegistryContext,
  person: string,
  body: NarrativeSaid,
): Promise<{ narrative: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const waiting = tx.db.selectFrom('narratives').select('id').where('approval', 'is', null)
    if ((await waiting.execute()).length >= WAITING_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${WAITING_MAX} narratives wait to be approved`)
    const id = newId(ctx.crypto, 'nar', tx.now)
    const actor = personActor(person)
    const entry = await tx.append({ type: 'narrative.proposed', actor, subject: id, body })
    await insertNarrative(tx.db, id, { entry, time_ms: tx.now, actor: person }, body)
    return { narrative: id, entry }
  })
}

export const narrativeApproval: ApprovalTerms<'narrative.approved'> = {
  type: 'narrative.approved',
  notOwn: 'who proposed a narrative does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await db.selectFrom('narratives').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined)
      throw new RegistryError('UNKNOWN_NARRATIVE', 'no such narrative: see "countersign narrative list"')
    const { control, digest, proposal, proposer, approval } = row
    if (approval !== null)
      throw new RegistryError('STATE_CONFLICT', 'it is approved already: propose what a newer pack says')
    const act = { act: 'narrative.approve', narrative: id, control, digest, proposal, approver } as const
    return { act, askedBy: [proposer] }
  },
  async settle(tx, { key: { id }, act, approval }) {
    await settleNarrative(tx.db, id, { entry: approval, time_ms: tx.now, actor: act.approver })
  },
}

/** The latest first. */
export function listNarratives(db: Kysely<Schema>): Promise<NarrativeRow[]> {
  return db.selectFrom('narratives').selectAll().orderBy('proposal', 'desc').limit(LISTED_MAX).execute()
}
