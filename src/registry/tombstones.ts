/**
 * Erasures as they stand, and their tombstones replayed: what the log says is erased is erased here, whatever a backup
 * brought back. spec/erasure.md (ERA-8, ERA-10).
 * @module
 */
import type { Kysely } from 'kysely'
import { rfc3339 } from '../core/time.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { clearRows, countSealed } from './erasure.ts'
import { reachedBy } from './in-the-way.ts'
import { packsSince } from './packs.ts'

/**
 * ERA-10: before anything is served. Idempotent.
 * @returns the subjects whose key was there again, and is destroyed now
 */
export async function replayTombstones(
  ctx: Pick<RegistryContext, 'store' | 'vault'>,
): Promise<readonly string[]> {
  const tombstones = await ctx.store.query((db) =>
    db
      .selectFrom('entries')
      .select(['idx', 'bytes'])
      .where('type', '=', 'subject.erased')
      .orderBy('idx')
      .execute(),
  )
  const back: string[] = []
  for (const { idx, bytes } of tombstones) {
    const { subject } = decodeEntry(bytes)
    if (subject === undefined) continue
    const reached = await ctx.store.query((db) => reachedBy(db, subject))
    if (await hasRows(ctx, subject, reached))
      await ctx.store.write((tx) => clearRows(tx, subject, reached, idx))
    back.push(...(await ctx.vault.destroy(reached)))
  }
  return back
}

async function hasRows(
  ctx: Pick<RegistryContext, 'store'>,
  subject: string,
  reached: readonly string[],
): Promise<boolean> {
  return ctx.store.query(async (db) => {
    const row = await db.selectFrom('subjects').select('erased').where('id', '=', subject).executeTakeFirst()
    return row?.erased === null || (await countSealed(db, reached)) > 0
  })
}

/** Newest first. */
export async function listErasures(
  db: Kysely<Schema>,
): Promise<
  (Omit<Schema['erasures'], 'requested'> & { readonly requested: string; readonly packs: number[] })[]
> {
  const rows = await db
    .selectFrom('erasures')
    .innerJoin('subjects', 'subjects.id', 'erasures.subject')
    .selectAll('erasures')
    .select('first')
    .orderBy('requested', 'desc')
    .execute()
  return Promise.all(
    rows.map(async ({ first, requested, ...row }) => ({
      ...row,
      requested: rfc3339(requested),
      packs: (await packsSince(db, first)).map(({ entry }) => entry),
    })),
  )
}
