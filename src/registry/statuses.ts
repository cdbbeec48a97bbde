/**
 * Places in status lists, and what the lists say: a fold over delegations and revocation frames. spec/status.md
 * (STS-1 to STS-3).
 * Invariant: a place is given once, and a 1 never becomes 0, because frames are for ever.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { packStatuses, type StatusReference } from '../token/status-list.ts'
import type { Handle } from '../token/handles.ts'
import type { RegistryContext } from './context.ts'

/** STS-1. Entries of a list, 1 bit each. */
export const LIST_ENTRIES = 131_072
/** When so many are given, a new list is begun: a place drawn at random is free every other time at worst. */
export const LIST_GIVEN_MAX = LIST_ENTRIES / 2
const INVALID = 1

/** Draws a place for a delegation that is being drafted. One whose draft expires keeps its place. */
export async function assignStatus(
  ctx: Pick<RegistryContext, 'crypto' | 'publicUrl'>,
  tx: Tx,
  jti: string,
): Promise<StatusReference> {
  const list = await openList(tx.db)
  for (;;) {
    const idx = randomIndex(ctx)
    const taken = await tx.db
      .selectFrom('statuses')
      .select('jti')
      .where('list', '=', list)
      .where('idx', '=', idx)
      .executeTakeFirst()
    if (taken) continue
    await tx.db.insertInto('statuses').values({ list, idx, jti }).execute()
    return { idx, uri: statusListUri(ctx, list) }
  }
}

/** Uniform, because the number of entries is a power of two. */
function randomIndex(ctx: Pick<RegistryContext, 'crypto'>): number {
  const [a = 0, b = 0, c = 0] = ctx.crypto.randomBytes(3)
  return ((a << 16) | (b << 8) | c) % LIST_ENTRIES
}

/** The last list, or the next one when half of it is given. */
async function openList(db: Kysely<Schema>): Promise<number> {
  const last = await lastList(db)
  if (last === 0) return 1
  const { given } = await db
    .selectFrom('statuses')
    .select((eb) => eb.fn.countAll<number>().as('given'))
    .where('list', '=', last)
    .executeTakeFirstOrThrow()
  return given < LIST_GIVEN_MAX ? last : last + 1
}

/** Lists are numbered from 1; 0 while there is none. */
export async function lastList(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('statuses')
    .select((eb) => eb.fn.max('list').as('last'))
    .executeTakeFirst()
  return row?.last ?? 0
}

export function statusListUri(ctx: Pick<RegistryContext, 'publicUrl'>, list: number): string {
  return `${ctx.publicUrl()}/status/${list}`
}

/** Keeps what revokes a delegation or an access token. */
export async function recordHandles(
  tx: Pick<Tx, 'db'>,
  owner: string,
  handles: readonly Handle[],
): Promise<void> {
  await tx.db
    .insertInto('handles')
    .values(handles.map(({ kind, handle }) => ({ owner, kind, handle })))
    .onConflict((conflict) => conflict.doNothing()) // a chain may name the same agent, key or issuer key twice
    .execute()
}

/** Whether a frame names one of them (REV-3). */
export async function isRevoked(db: Kysely<Schema>, handles: readonly Handle[]): Promise<boolean> {
  const row = await db
    .selectFrom('frames')
    .select('seq')
    .where((eb) =>
      eb.or(handles.map(({ kind, handle }) => eb.and([eb('kind', '=', kind), eb('handle', '=', handle)]))),
    )
    .executeTakeFirst()
  return row !== undefined
}

/** Whether a frame names something behind a delegation or an access token that is registered. */
export async function isOwnerRevoked(db: Kysely<Schema>, owner: string): Promise<boolean> {
  const row = await db
    .selectFrom('handles')
    .innerJoin('frames', (join) =>
      join.onRef('frames.kind', '=', 'handles.kind').onRef('frames.handle', '=', 'handles.handle'),
    )
    .select('frames.seq')
    .where('handles.owner', '=', owner)
    .executeTakeFirst()
  return row !== undefined
}

/** The packed list: 1 bit each, 1 for every delegation of which something is revoked (STS-3). */
export async function foldStatuses(db: Kysely<Schema>, list: number): Promise<Uint8Array> {
  // From the frames, which are few, to the delegations. SQLite begins there once it is told what every frame meets.
  const revoked = await db
    .selectFrom('statuses')
    .select('idx')
    .where('list', '=', list)
    .where('jti', 'in', (eb) =>
      eb
        .selectFrom('frames')
        .innerJoin('handles', (join) =>
          join.onRef('handles.kind', '=', 'frames.kind').onRef('handles.handle', '=', 'frames.handle'),
        )
        .select('handles.owner')
        .where('frames.seq', '>', 0),
    )
    .execute()
  return packStatuses(
    1,
    LIST_ENTRIES,
    revoked.map(({ idx }) => [idx, INVALID] as const),
  )
}

/** Delegations whose root names this handle of a consent. */
export async function delegationsOn(db: Kysely<Schema>, rev: string): Promise<string[]> {
  const rows = await db
    .selectFrom('handles')
    .innerJoin('delegations', 'delegations.jti', 'handles.owner')
    .select('handles.owner')
    .where('handles.kind', '=', 'consent')
    .where('handles.handle', '=', rev)
    .orderBy('handles.owner')
    .execute()
  return rows.map(({ owner }) => owner)
}

/** That they are revoked, as lists of them show it: what revokes them is the frame. */
export async function endDelegationsOn(db: Kysely<Schema>, rev: string): Promise<void> {
  const on = await delegationsOn(db, rev)
  if (on.length > 0) await db.updateTable('delegations').set({ revoked: 1 }).where('jti', 'in', on).execute()
}
