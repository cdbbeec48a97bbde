/**
 * Retention: which range of the log is old enough to go, what holds it back, and the entry that announces it.
 * spec/retention.md (RET-1 to RET-4). What is announced is carried out in pruning-run.ts.
 * Invariant: nothing here removes anything; the entry says exactly what will be removed, by the word of a person.
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { base64url } from '../core/encoding.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { decodeEntry, LogError, type AnyEntry, type EntryBody } from '../log/entries.ts'
import type { PrunedMap } from '../log/kept.ts'
import { isPrunable, PruneChoice } from '../log/pruning.ts'
import type { TileReader } from '../log/tile-file.ts'
import { CHECKPOINT_PATH, TILE_WIDTH } from '../log/tiles.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { boundsOf, owedReceipts, type Bounds, type HeldBack } from './pruning-bounds.ts'

/** RET-3: what is younger stays, whoever asks: the longest period that an auditor reports on. */
export const KEEP_MS_MIN = 366 * 24 * 3600 * 1000
/** Entries that one pruning takes at most: its map is 128 KiB, and nobody waits for long. Run it again for more. */
const RANGE_MAX = 1_048_576

export type PruneContext = Pick<RegistryContext, 'store' | 'crypto' | 'rp'> & {
  readonly tiles: TileReader
  /** The log's verifier key. */
  readonly vkey: string
}

export interface PruneInput {
  /** Milliseconds: what is older may go. */
  readonly before_ms: number
  /** Also what no pack has that was handed out. */
  readonly unreported: boolean
  readonly approver: string
}

type PruneAct = EntryBody<'log.pruned'>['act']

export interface PrunePlan {
  readonly from: number
  /** Exclusive; `from` when there is nothing to prune. */
  readonly to: number
  /** RFC 3339 UTC: of the first entry of the range and the last; null when it is empty. */
  readonly oldest: string | null
  readonly newest: string | null
  readonly pruned_n: number
  readonly kept_n: number
  /** By type, of what goes. */
  readonly types: Readonly<Record<string, number>>
  /** Entries of the packs that have what goes. */
  readonly packs: readonly number[]
  /** Why the range ends where it does. */
  readonly held_back: HeldBack
  /** What the approver signs, and its challenge; null when there is nothing to prune. */
  readonly act: PruneAct | null
  readonly challenge: string | null
}

interface Planned {
  readonly plan: PrunePlan
  readonly map: PrunedMap
  readonly checkpoint: { readonly size: number; readonly root: string }
}

/**
 * What would go, and what is in the way.
 * @throws {RegistryError} `RETENTION_TOO_SHORT`; `STATE_CONFLICT`: the pruning before is not done yet
 */
export async function planPruning(ctx: PruneContext, input: PruneInput): Promise<PrunePlan> {
  return (await plan(ctx, input)).plan
}

/**
 * Announces a pruning in the log, with the approver's gesture over it.
 * @returns the index of the entry: once it is published, the range is pruned
 * @throws {RegistryError} `RETENTION_TOO_SHORT`, `GESTURE_INVALID`, `NOT_ENDORSED`; `STATE_CONFLICT`: nothing to prune,
 * or something has changed since it was shown
 */
export async function announcePruning(
  ctx: PruneContext,
  input: PruneInput,
  parts: GestureParts,
): Promise<{ readonly entry: number; readonly plan: PrunePlan }> {
  const { plan: shown, map, checkpoint } = await plan(ctx, input)
  const { act } = shown
  if (act === null) throw new RegistryError('STATE_CONFLICT', 'there is nothing to prune')
  const entry = await ctx.store.write(async (tx) => {
    const approver = await findEnrolled(tx.db, input.approver)
    const bounds = await boundsOf(tx.db, input.unreported)
    if (bounds.from !== act.from || bounds.hold.end < act.to)
      throw new RegistryError('STATE_CONFLICT', 'a hold or another pruning came in between: ask again')
    const gesture = signedBy(ctx, approver, 'approver', act, parts)
    const { pruned_n, kept_n, packs } = shown
    const body = { act, gesture, checkpoint, pruned_n, kept_n, packs }
    const index = await tx.append({ type: 'log.pruned', actor: personActor(input.approver), body })
    const range = { from_idx: act.from, to_idx: act.to, before_ms: parseRfc3339(act.before) }
    await tx.db
      .insertInto('prunings')
      .values({ entry: index, ...range, map: map.bytes })
      .execute()
    return index
  })
  return { entry, plan: shown }
}

async function plan(ctx: PruneContext, input: PruneInput): Promise<Planned> {
  const { before_ms, unreported, approver } = input
  const bounds = await ctx.store.query((db) => boundsOf(db, unreported))
  if ((await ctx.store.now()) - before_ms < KEEP_MS_MIN)
    throw new RegistryError('RETENTION_TOO_SHORT', 'what is younger than 12 months is not pruned')
  const note = await ctx.tiles.read(CHECKPOINT_PATH)
  if (note === null) throw new LogError('TILE_MISSING', 'the log has not been published yet')
  const { size, root } = openCheckpoint(ctx.crypto, note, ctx.vkey)
  const end = await endOf(ctx, bounds, before_ms, size)
  const chosen = await choose(ctx, bounds.from, end.to)
  const isEmpty = end.to === bounds.from
  // Not later than it has to be: a pack of what stays begins there (RET-8).
  const before = rfc3339(chosen.end_ms)
  const range = { from: bounds.from, to: end.to, before, map: chosen.map.digest(ctx.crypto) }
  const act: PruneAct | null = isEmpty ? null : { act: 'log.prune', ...range, unreported, approver }
  const pruned_n = chosen.map.count()
  return {
    map: chosen.map,
    checkpoint: { size, root: base64url(root) },
    plan: {
      from: bounds.from,
      to: end.to,
      oldest: chosen.oldest,
      newest: chosen.newest,
      pruned_n,
      kept_n: end.to - bounds.from - pruned_n,
      types: chosen.types,
      packs: isEmpty ? [] : bounds.packsOver(chosen, end.to),
      held_back: end.held_back,
      ...(act === null ? { act, challenge: null } : askedOf(ctx, act)),
    },
  }
}

/** Where the range ends: before the first bundle that has to stay. */
async function endOf(
  ctx: PruneContext,
  bounds: Bounds,
  before_ms: number,
  published: number,
): Promise<{ readonly to: number; readonly held_back: HeldBack }> {
  for (let to = bounds.from; ; to += TILE_WIDTH) {
    const end = to + TILE_WIDTH
    if (end > bounds.hold.end) return { to, held_back: { by: 'hold', holds: bounds.hold.ids } }
    if (end > published) return { to, held_back: { by: 'age' } } // what is not published is new
    if (end > bounds.from + RANGE_MAX) return { to, held_back: { by: 'size' } }
    const entries = await decoded(ctx, to)
    const times = entries.flatMap(({ entry }) => timesOf(entry))
    if (times.some((time_ms) => time_ms >= before_ms)) return { to, held_back: { by: 'age' } }
    const reported = entries.filter(({ entry }) => isPrunable(entry)).flatMap(({ entry }) => timesOf(entry))
    if (reported.length > 0 && !bounds.isReported(spanOf(reported), end))
      return { to, held_back: { by: 'unreported', from: rfc3339(Math.min(...reported)) } }
  }
}

interface Chosen {
  readonly map: PrunedMap
  readonly types: Record<string, number>
  readonly oldest: string | null
  readonly newest: string | null
  /** Milliseconds: everything in the range is older. */
  readonly end_ms: number
}

async function choose(ctx: PruneContext, from: number, to: number): Promise<Chosen> {
  const choice = new PruneChoice(from, to, await ctx.store.query(owedReceipts))
  const typeAt = new Map<number, string>()
  let oldest: string | null = null
  let newest: string | null = null
  let end_ms = 0
  for (let first = from; first < to; first += TILE_WIDTH) {
    for (const { index, entry } of await decoded(ctx, first)) {
      choice.add(index, entry)
      oldest ??= entry.time
      newest = entry.time
      end_ms = Math.max(end_ms, ...timesOf(entry).map((time_ms) => time_ms + 1))
      if (isPrunable(entry)) typeAt.set(index, entry.type)
    }
  }
  const map = choice.end()
  const types: Record<string, number> = {}
  for (const [index, type] of typeAt) if (map.has(index)) types[type] = (types[type] ?? 0) + 1
  return { map, types, oldest, newest, end_ms }
}

/** Lets others have their turn: a long log has many bundles. */
async function decoded(
  { store }: PruneContext,
  first: number,
): Promise<{ readonly index: number; readonly entry: AnyEntry }[]> {
  await setImmediate()
  const entries = await store.entries.read(first, first + TILE_WIDTH)
  return entries.map((bytes, i) => ({ index: first + i, entry: decodeEntry(bytes) }))
}

/** When it was logged, and when what it records was decided: a pack goes by the second. */
function timesOf(entry: AnyEntry): number[] {
  const logged = Date.parse(entry.time)
  return entry.type === 'receipt' ? [logged, Date.parse(entry.body.time)] : [logged]
}

function spanOf(times: readonly number[]): { readonly first_ms: number; readonly last_ms: number } {
  return { first_ms: Math.min(...times), last_ms: Math.max(...times) }
}
