/**
 * Up to where the receipts of a stream may have been pruned: what comes again from there is nothing new.
 * spec/retention.md (RET-8).
 * @module
 */
import type { Kysely } from 'kysely'
import type { AnyEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'

function nameOf(point: string, epoch: number): string {
  return `pruned/${point}/${epoch}`
}

/** Of a receipt that is kept in a bundle that is pruned: everything before it is old. */
export async function notePlace(db: Kysely<Schema>, entry: AnyEntry): Promise<void> {
  if (entry.type !== 'receipt') return
  const { point, epoch, seq } = entry.body
  const last = Math.max(seq, await prunedUpTo(db, point, epoch))
  await db
    .insertInto('meta')
    .values({ name: nameOf(point, epoch), value: String(last) })
    .onConflict((on) => on.column('name').doUpdateSet({ value: String(last) }))
    .execute()
}

/** 0: nothing of this stream was pruned. */
export async function prunedUpTo(db: Kysely<Schema>, point: string, epoch: number): Promise<number> {
  const row = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', nameOf(point, epoch))
    .executeTakeFirst()
  return Number(row?.value ?? 0)
}
