/** How far each fold has come, for folds to keep beside their state. spec/telemetry.md (TEL-1). @module */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'

/** @returns index of the first entry that the fold has not taken: 0 for one that is new */
export async function loadCursor(db: Kysely<Schema>, fold: string): Promise<number> {
  const row = await db.selectFrom('cursors').select('next').where('fold', '=', fold).executeTakeFirst()
  return row?.next ?? 0
}

export async function saveCursor(tx: Tx, fold: string, next: number): Promise<void> {
  await tx.db
    .insertInto('cursors')
    .values({ fold, next })
    .onConflict((at) => at.column('fold').doUpdateSet({ next }))
    .execute()
}
