/** What people noted about a drill, in words. spec/kill.md (KIL-27), spec/erasure.md (ERA-12). @module */
import type { Kysely } from 'kysely'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { wordsOf } from './personal.ts'

/** Notes after the start of a drill that are looked at, whatever they are about. */
const LOOKED_AT_MAX = 5_000
/** Of one drill. */
const NOTES_MAX = 500

export interface DrillNote {
  /** Index of the note. */
  readonly entry: number
  readonly author: string
  /** RFC 3339 UTC. */
  readonly time: string
  /** Null: erased. */
  readonly text: string | null
}

/** In the order of the log. @param started index of the entry that began the drill */
export async function drillNotes(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  started: number,
): Promise<DrillNote[]> {
  const rows = await db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('type', '=', 'note.added')
    .where('idx', '>', started)
    .orderBy('idx')
    .limit(LOOKED_AT_MAX)
    .execute()
  const its = rows.flatMap(({ idx, bytes }) => {
    const entry = bytes.length === 0 ? null : decodeEntry(bytes)
    return entry?.type === 'note.added' && entry.body.entry === started ? { idx, entry } : []
  })
  return Promise.all(
    its.slice(0, NOTES_MAX).map(async ({ idx, entry }) => ({
      entry: idx,
      author: entry.actor.id,
      time: entry.time,
      text: await wordsOf(ctx, db, entry.commitments?.note ?? null),
    })),
  )
}
