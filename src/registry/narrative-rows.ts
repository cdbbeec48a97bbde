/** Rows of narratives, as the register and its folds write them. spec/narratives.md (NAR-13). @module */
import type { Kysely } from 'kysely'
import type { NarrativeSaid } from '../log/narrative-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Stamped } from './deficiency-rows.ts'

export type NarrativeRow = Schema['narratives']

export async function insertNarrative(
  db: Kysely<Schema>,
  id: string,
  { entry, actor }: Stamped,
  { control, digest }: NarrativeSaid,
): Promise<void> {
  const nobody = { approver: null, approval: null, approved: null }
  await db
    .insertInto('narratives')
    .values({ id, control, digest, proposer: actor, proposal: entry, ...nobody })
    .execute()
}

export async function settleNarrative(
  db: Kysely<Schema>,
  id: string,
  { entry, time_ms, actor }: Stamped,
): Promise<void> {
  await db
    .updateTable('narratives')
    .set({ approver: actor, approval: entry, approved: time_ms })
    .where('id', '=', id)
    .execute()
}
