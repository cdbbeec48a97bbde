/**
 * How far a pruning may go: legal holds, and what was handed to an auditor. spec/retention.md (RET-3, RET-4).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { RegistryError } from './errors.ts'

/** Packs that one entry names. */
const PACKS_MAX = 256

/**
 * Why a range ends where it does: what follows is too young; a hold keeps it; no pack that was handed out has it; or it is
 * all that one pruning takes.
 */
export type HeldBack =
  | { readonly by: 'age' | 'size' }
  | { readonly by: 'hold'; readonly holds: readonly string[] }
  | { readonly by: 'unreported'; readonly from: string }

interface Span {
  /** Milliseconds, both within it. */
  readonly first_ms: number
  readonly last_ms: number
}

export interface Bounds {
  /** Where the last pruning ended. */
  readonly from: number
  /** Entries below `end` are kept by no hold; `ids` are those that keep what follows. */
  readonly hold: { readonly end: number; readonly ids: readonly string[] }
  /** Whether packs have all that was decided in this time, over at least `size` entries. */
  isReported(span: Span, size: number): boolean
  packsOver(range: { readonly oldest: string | null; readonly newest: string | null }, size: number): number[]
}

/** @throws {RegistryError} `STATE_CONFLICT`: the last pruning is not done yet */
export async function boundsOf(db: Kysely<Schema>, unreported: boolean): Promise<Bounds> {
  const last = await db
    .selectFrom('prunings')
    .select('to_idx')
    .orderBy('entry', 'desc')
    .limit(1)
    .executeTakeFirst()
  const from = last?.to_idx ?? 0
  if (from > 0 && !(await isPruned(db, from / TILE_WIDTH - 1)))
    throw new RegistryError('STATE_CONFLICT', 'the pruning before this one is under way: wait for it')
  const packs = await db.selectFrom('packs').selectAll().orderBy('from_ms').execute()
  return {
    from,
    hold: await holdsFrom(db),
    isReported: (span, size) => unreported || covers(packs, span, size),
    packsOver: ({ oldest, newest }, size) => {
      const [first, end] = [Date.parse(oldest ?? ''), Date.parse(newest ?? '')]
      const over = packs.filter((pack) => pack.size >= size && pack.from_ms <= end && pack.to_ms > first)
      return over.map(({ entry }) => entry).slice(0, PACKS_MAX)
    },
  }
}

export async function isPruned(db: Kysely<Schema>, bundle: number): Promise<boolean> {
  const row = await db.selectFrom('pruned').select('bundle').where('bundle', '=', bundle).executeTakeFirst()
  return row !== undefined
}

/**
 * From which place of which stream (`point/epoch`) on receipts stay for leases that are not settled yet: the first is
 * where the stream stood when the lease was granted. One that is settled meanwhile leaves some too many.
 */
export async function owedReceipts(db: Kysely<Schema>): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('leases').select(['point', 'epoch', 'from_seq']).execute()
  const owed = new Map<string, number>()
  for (const { point, epoch, from_seq } of rows) {
    const stream = `${point}/${epoch}`
    owed.set(stream, Math.min(from_seq, owed.get(stream) ?? Infinity))
  }
  return owed
}

/**
 * What is about a subject begins with its first entry; what is about a person's delegations lies behind that. An open
 * incident keeps what a hold would.
 */
async function holdsFrom(db: Kysely<Schema>): Promise<Bounds['hold']> {
  const open = await db
    .selectFrom('holds')
    .leftJoin('subjects', 'subjects.id', 'holds.target')
    .select(['holds.id', 'subjects.first'])
    .where('lifted', 'is', null)
    .orderBy('holds.id')
    .execute()
  const ends = open.map(({ id, first }) => ({ id, end: Math.floor((first ?? 0) / TILE_WIDTH) * TILE_WIDTH }))
  const all = [...ends, ...(await openIncidents(db))]
  const end = Math.min(Number.POSITIVE_INFINITY, ...all.map((each) => each.end))
  return { end, ids: all.filter((each) => each.end === end).map(({ id }) => id) }
}

/** ISO-7: what an incident rests on stays until it is closed. */
async function openIncidents(db: Kysely<Schema>): Promise<{ readonly id: string; readonly end: number }[]> {
  const open = await db.selectFrom('incidents').select(['id', 'first']).where('closed', 'is', null).execute()
  return open.map(({ id, first }) => ({ id, end: Math.floor(first / TILE_WIDTH) * TILE_WIDTH }))
}

/** One after the other, without a gap. @param packs in the order in which their periods begin */
function covers(packs: readonly Schema['packs'][], { first_ms, last_ms }: Span, size: number): boolean {
  let next_ms = first_ms
  for (const pack of packs)
    if (pack.size >= size && pack.from_ms <= next_ms) next_ms = Math.max(next_ms, pack.to_ms)
  return next_ms > last_ms
}
