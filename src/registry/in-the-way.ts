/**
 * What an erasure reaches, and which holds are in its way. spec/erasure.md (ERA-9).
 * @module
 */
import type { Kysely } from 'kysely'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'

type Row = Schema['subjects']

/** The subject, and what belongs to it. */
export async function reachedBy(db: Kysely<Schema>, subject: string): Promise<string[]> {
  const owned = await db
    .selectFrom('subjects')
    .select('id')
    .where('owner', '=', subject)
    .orderBy('id')
    .execute()
  return [subject, ...owned.map(({ id }) => id)]
}

/** Holds in the way: on everything, on any of what is reached, or on the person to whom it belongs. */
export async function holdsOn(db: Kysely<Schema>, row: Row, reached: readonly string[]): Promise<string[]> {
  const targets = targetsOf(row, reached)
  const open = await db
    .selectFrom('holds')
    .select(['id', 'target'])
    .where('lifted', 'is', null)
    .orderBy('id')
    .execute()
  return open.filter(({ target }) => targets.has(target)).map(({ id }) => id)
}

function targetsOf(row: Row, reached: readonly string[]): ReadonlySet<string> {
  return new Set(['*', ...reached, ...(row.owner === null ? [] : [row.owner])])
}

/** ERA-9: whether this person lifted a hold that was in the way, since there is something to erase. */
export async function hasFreed(db: Kysely<Schema>, subject: string, person: string): Promise<boolean> {
  const row = await db.selectFrom('subjects').selectAll().where('id', '=', subject).executeTakeFirstOrThrow()
  const targets = targetsOf(row, await reachedBy(db, subject))
  const lifted = await db
    .selectFrom('holds')
    .innerJoin('entries', 'entries.idx', 'holds.lifted')
    .select(['target', 'entries.bytes'])
    .where('lifted', '>', row.first)
    .execute()
  return lifted.some(({ target, bytes }) => targets.has(target) && decodeEntry(bytes).actor.id === person)
}
