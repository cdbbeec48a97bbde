/**
 * Which heads of points are entries of the log though they say nothing new, and which points have yet to say that they
 * brought all of a period. spec/enforcement.md (RCP-12), spec/populations.md (POP-9).
 * @module
 */
import type { Kysely } from 'kysely'
import type { SignedHead } from '../log/receipt.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { KEY_STANDS } from './points.ts'

type Head = SignedHead['head']

/** How far clocks of points may be behind: a head that comes this long after midnight is of the new day. */
const DAY_BEGINS_AFTER_MS = 60_000
const DAY_MS = 24 * 3_600_000
/** A point of which nothing was heard for so long is not waited for, in milliseconds: they report every 10 s. */
const ACTIVE_MS = 60_000

/** In `meta`, milliseconds: the latest end of a period that somebody asked for. Points say it again (RCP-12). */
export const CUT_OFF = 'cut_off'

/** RCP-12: the first of a day of UTC, and the first past the end of a period that somebody asks for. */
export async function isWorthAnEntry(tx: Tx, head: Head): Promise<boolean> {
  const heard = await tx.db
    .selectFrom('heard')
    .select(['time', 'head'])
    .where('point', '=', head.point)
    .executeTakeFirst()
  const dayOf = (time_ms: number): number => Math.floor((time_ms - DAY_BEGINS_AFTER_MS) / DAY_MS)
  if (heard !== undefined && dayOf(heard.time) < dayOf(tx.now)) return true
  const edge_ms = await cutOffIn(tx.db)
  return edge_ms !== null && timeOf(head, tx.now) >= edge_ms && (heard?.head ?? -1) < edge_ms
}

/** A clock that is ahead has not seen what comes. */
function timeOf({ time }: Pick<Head, 'time'>, now_ms: number): number {
  return Math.min(Date.parse(time), now_ms)
}

/** CAP-1. */
export async function noteHeard(
  tx: Tx,
  { point, time }: Head,
  { behind, isLogged }: { readonly behind: number; readonly isLogged: boolean },
): Promise<void> {
  const said = { time: tx.now, behind: Math.max(0, behind) }
  const head = isLogged ? { head: timeOf({ time }, tx.now) } : {}
  await tx.db
    .insertInto('heard')
    .values({ point, ...said, head: head.head ?? null })
    .onConflict((on) => on.column('point').doUpdateSet({ ...said, ...head }))
    .execute()
}

export interface CutOff {
  /** Whether the period has ended, by the clock of the log. */
  readonly over: boolean
  /** Points that report, and of which the log has not all, or no head of the end of the period or later. */
  readonly awaited: readonly string[]
}

/** POP-9: who is waited for, and each says so with its next head. @param to_ms end of a period */
export function awaitHeads({ store }: RegistryContext, to_ms: number): Promise<CutOff> {
  return store.write(async (tx) => {
    if (to_ms > tx.now) return { over: false, awaited: [] }
    const rows = await tx.db
      .selectFrom('points')
      .innerJoin('heard', 'heard.point', 'points.id')
      .select('points.id')
      .where(KEY_STANDS)
      .where('heard.time', '>=', tx.now - ACTIVE_MS)
      .where((eb) =>
        eb.or([eb('heard.head', 'is', null), eb('heard.head', '<', to_ms), eb('heard.behind', '>', 0)]),
      )
      .orderBy('points.id')
      .execute()
    const edge_ms = await cutOffIn(tx.db)
    if (rows.length > 0 && (edge_ms === null || edge_ms < to_ms)) await putCutOff(tx.db, to_ms)
    return { over: true, awaited: rows.map(({ id }) => id) }
  })
}

async function cutOffIn(db: Kysely<Schema>): Promise<number | null> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', CUT_OFF).executeTakeFirst()
  return row === undefined ? null : Number(row.value)
}

async function putCutOff(db: Kysely<Schema>, edge_ms: number): Promise<void> {
  const value = String(edge_ms)
  await db
    .insertInto('meta')
    .values({ name: CUT_OFF, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
}
