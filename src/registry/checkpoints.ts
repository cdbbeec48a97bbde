/** The history of published checkpoints, for packs that begin in the past. spec/pack.md. @module */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Store } from '../ports/store.ts'

export interface PublishedCheckpoint {
  readonly size: number
  /** Milliseconds. */
  readonly time: number
  /** The signed note. */
  readonly note: Uint8Array
}

/** By size: the publisher may report a checkpoint again, after a restart or with more cosignatures. */
export function recordCheckpoint(store: Store, checkpoint: PublishedCheckpoint): Promise<void> {
  return store.write(async (tx) => {
    await tx.db
      .insertInto('checkpoints')
      .values({ ...checkpoint })
      .onConflict((on) => on.column('size').doUpdateSet({ note: checkpoint.note }))
      .execute()
  })
}

/** The last checkpoint at or before `time`, or null when the log began later. @param time milliseconds */
export async function checkpointAt(db: Kysely<Schema>, time: number): Promise<PublishedCheckpoint | null> {
  const row = await db
    .selectFrom('checkpoints')
    .selectAll()
    .where('time', '<=', time)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}
