/**
 * Actions: what agents asked for, what was decided, and how it ended, as receipts say it. spec/api.md.
 * Read from the log alone, the newest first, a bounded number of entries at a time.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { isId, timeOfId } from '../core/ids.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { DecisionReceipt, OutcomeReceipt } from '../log/receipt.ts'
import { wordOfSubject, wordsWanted, type Wanted } from '../log/search-words.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import type { Schema } from '../ports/schema.ts'
import { chainOf, type SegmentView } from './chain-views.ts'
import { ChainsUnder, type UnderFilter } from './chains-under.ts'
import { RegistryError } from './errors.ts'
import { entriesOf, having, lookBack, type Back } from './look-back.ts'
import { TileFilters } from './tile-filters.ts'

/** After a page outcomes of its calls are looked for: in so many entries, and so many tiles that cannot have them. */
const AHEAD = 2 * TILE_WIDTH
const AHEAD_PASSED = 64
/** As canonical JSON has them in the receipt of an outcome. */
const OUTCOME = Buffer.from('"kind":"outcome"')
const ACTION = Buffer.from('"action":"')
/** Entries read at once. */
const CHUNK = 500
/** Entries in which one action is looked for, from when it was named on. */
const AROUND_MAX = 5_000
/** How much earlier than it was named an action may stand in the log: clocks of points lie apart. */
const APART_MS = 120_000

export interface ActionFilter extends Wanted, UnderFilter {
  /** Calls that a point made to itself (ENF-9): alone, or left out. */
  readonly canary: boolean
}

export interface Action {
  readonly action: string
  /** Index of the receipt of the decision. */
  readonly entry: number
  /** By the clock of the point. */
  readonly time: string
  readonly agent: string | null
  readonly point: string
  readonly server: string
  readonly tool: string
  readonly decision: DecisionReceipt['decision']
  readonly reasons: readonly string[]
  /** Null: not logged where it was looked for. */
  readonly outcome: OutcomeReceipt['outcome'] | null
  readonly approval: string | null
  /** Under which delegation of ours. */
  readonly delegation: string | null
  readonly canary: boolean
}

export interface ActionView extends Action {
  readonly receipt: DecisionReceipt
  readonly ended: { readonly entry: number; readonly receipt: OutcomeReceipt } | null
  /** From the root to who called. */
  readonly chain: readonly SegmentView[]
}

type Reading = { readonly crypto: Crypto; readonly db: Kysely<Schema>; readonly entries: EntrySource }

/** @param before only decisions that stand below this index */
export async function listActions(
  { db, entries }: Omit<Reading, 'crypto'>,
  filter: ActionFilter,
  page: { readonly before?: number | undefined; readonly limit: number },
): Promise<Back<Action>> {
  const words = wordsWanted(filter)
  const under = await ChainsUnder.of(db, filter)
  if (under?.isNone === true) return { found: [], next: null, size: await entries.size() }
  const ends = await outcomesFrom(entries, page.before, new TileFilters(db, words, under?.words))
  const unread = new Map<string, Buffer>()
  const wants = wantedBy(filter, unread)
  const filters = new TileFilters(db, words, under?.words)
  const back = await lookBack(entries, { ...page, wants, filters }, (index, entry) => {
    if (entry.type !== 'receipt') return null
    const receipt = entry.body
    if (receipt.kind === 'outcome') {
      ends.set(receipt.action, receipt.outcome)
      return null
    }
    return under?.mayHave(receipt.chain) !== false && isWanted(receipt, filter) ? { index, receipt } : null
  })
  const among = await under?.among(back.found.flatMap(({ receipt }) => receipt.chain ?? []))
  const found = back.found.filter(({ receipt }) => among?.has(receipt.chain ?? '') !== false)
  for (const { receipt } of found) {
    const bytes = unread.get(receipt.action)
    const entry = bytes && (JSON.parse(bytes.toString()) as AnyEntry)
    if (entry?.type === 'receipt' && entry.body.kind === 'outcome')
      ends.set(receipt.action, entry.body.outcome)
  }
  const delegations = await delegationsOf(
    db,
    found.flatMap(({ receipt }) => receipt.chain ?? []),
  )
  return {
    found: found.map(({ index, receipt }) => viewOf(index, receipt, ends, delegations)),
    next: back.next,
    size: back.size,
  }
}

/**
 * Entries that a filter may find, by their bytes. Outcomes do not say of which agent and tool they are: they are put aside,
 * by their actions, for the calls that are found.
 */
function wantedBy(
  { agent, point, server, tool, decision, reason }: ActionFilter,
  unread: Map<string, Buffer>,
): ((bytes: Buffer) => boolean) | undefined {
  const members = { agent, point, server, tool, decision }
  if (reason === undefined && Object.values(members).every((value) => value === undefined)) return undefined
  const has = having(members)
  const quoted = Buffer.from(JSON.stringify(reason ?? ''))
  return (bytes) => {
    if (!bytes.includes(OUTCOME)) return has(bytes) && (reason === undefined || bytes.includes(quoted))
    const at = bytes.indexOf(ACTION)
    const start = at + ACTION.length
    if (at >= 0) unread.set(bytes.toString('utf8', start, bytes.indexOf('"', start)), bytes)
    return false
  }
}

async function outcomesFrom(
  entries: EntrySource,
  from: number | undefined,
  filters: TileFilters,
): Promise<Map<string, OutcomeReceipt['outcome']>> {
  const ends = new Map<string, OutcomeReceipt['outcome']>()
  const size = await entries.size()
  let start = from ?? size
  for (let [read, passed] = [0, 0]; start < size && read < AHEAD && passed < AHEAD_PASSED;) {
    const tile = Math.floor(start / TILE_WIDTH)
    const end = (tile + 1) * TILE_WIDTH
    if (await filters.ruleOut(tile)) passed++
    else {
      for (const { entry } of await entriesOf(entries, start, end))
        if (entry.type === 'receipt' && entry.body.kind === 'outcome')
          ends.set(entry.body.action, entry.body.outcome)
      read += end - start
    }
    start = end
  }
  return ends
}

function isWanted(receipt: DecisionReceipt, { canary, reason, ...wanted }: ActionFilter): boolean {
  if ((receipt.canary !== undefined) !== canary) return false
  if (reason !== undefined && !receipt.reasons.includes(reason)) return false
  return (['agent', 'point', 'server', 'tool', 'decision'] as const).every(
    (name) => wanted[name] === undefined || receipt[name] === wanted[name],
  )
}

/** By segment, where it is one of a delegation of ours. */
async function delegationsOf(
  db: Kysely<Schema>,
  chains: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (chains.length === 0) return new Map()
  const rows = await db
    .selectFrom('segments')
    .innerJoin('delegations', 'delegations.jti', 'segments.subject')
    .select(['segments.id', 'segments.subject'])
    .where('segments.id', 'in', [...new Set(chains)])
    .execute()
  return new Map(rows.map(({ id, subject }) => [id, subject]))
}

function viewOf(
  entry: number,
  receipt: DecisionReceipt,
  ends: ReadonlyMap<string, OutcomeReceipt['outcome']>,
  delegations: ReadonlyMap<string, string>,
): Action {
  const { action, time, agent, point, server, tool, decision, reasons } = receipt
  return {
    action,
    entry,
    time,
    agent,
    point,
    server,
    tool,
    decision,
    reasons,
    outcome: ends.get(action) ?? null,
    approval: receipt.approval ?? null,
    delegation: delegations.get(receipt.chain ?? '') ?? null,
    canary: receipt.canary !== undefined,
  }
}

/**
 * One action with all that is known of it. A call that waited for a person has several decisions: the last is shown.
 * @param at index of its decision, where the asker knows it; else it is looked for from when it was named on
 * @throws {RegistryError} `UNKNOWN_ACTION`: not there, or not within what one request looks at
 */
export async function findAction(from: Reading, action: string, at?: number): Promise<ActionView> {
  const start = at ?? (await firstSince(from.entries, timeOf(action) - APART_MS))
  let decided: { readonly entry: number; readonly receipt: DecisionReceipt } | null = null
  let ended: ActionView['ended'] = null
  const size = await from.entries.size()
  const end = Math.min(size, start + AROUND_MAX)
  for (let next = start; next < end && ended === null; next += CHUNK)
    for (const { index, entry } of await entriesOf(from.entries, next, Math.min(next + CHUNK, end))) {
      if (entry.type !== 'receipt' || entry.body.action !== action) continue
      if (entry.body.kind === 'decision') decided = { entry: index, receipt: entry.body }
      else ended = { entry: index, receipt: entry.body }
    }
  if (decided === null) throw new RegistryError('UNKNOWN_ACTION', 'no such action is in the log')
  const { entry, receipt } = decided
  const ends = new Map(ended === null ? [] : [[action, ended.receipt.outcome]])
  const delegations = await delegationsOf(from.db, receipt.chain === null ? [] : [receipt.chain])
  const chain = receipt.chain === null ? [] : await chainOf(from, receipt.chain)
  return { ...viewOf(entry, receipt, ends, delegations), receipt, ended, chain }
}

function timeOf(action: string): number {
  if (!isId(action, 'act')) throw new RegistryError('UNKNOWN_ACTION', 'that is no identifier of an action')
  return timeOfId(action)
}

/** The first entry that is not older: entries stand in the order of their times. */
async function firstSince(entries: EntrySource, time_ms: number): Promise<number> {
  let [low, high] = [0, await entries.size()]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    // What was pruned is older than all that is kept.
    const [one] = await entriesOf(entries, middle, middle + 1)
    if (one === undefined || Date.parse(one.entry.time) < time_ms) low = middle + 1
    else high = middle
  }
  return low
}

export interface TimelineEntry {
  readonly index: number
  readonly entry: AnyEntry
}

/** What the log says about an agent: entries that name it as their subject, and its decisions. */
export function timelineOf(
  { db, entries }: Omit<Reading, 'crypto'>,
  agent: string,
  page: { readonly before?: number | undefined; readonly limit: number },
): Promise<Back<TimelineEntry>> {
  const filters = new TileFilters(db, [wordOfSubject(agent)])
  const about = { ...page, wants: having({ subject: agent }), filters }
  return lookBack(entries, about, (index, entry) => (entry.subject === agent ? { index, entry } : null))
}
