/**
 * What the control plane does by itself about a finding: in the transaction that raises its alert, the agent is overseen or
 * isolated. spec/isolation.md (ISO-3 to ISO-6). Invariants: a canary does nothing; what a person lifted is not begun again
 * by what was found before.
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { ResponsePolicy } from '../core/response-policy.ts'
import type { AnyEntry } from '../log/entries.ts'
import { NAMED_MAX } from '../log/response-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { SYSTEM, type RegistryContext } from '../registry/context.ts'
import { findEntry } from '../registry/incident-rows.ts'
import { isolateTx } from '../registry/isolations.ts'
import { beginOversightTx, findOversight } from '../registry/oversight.ts'
import { responsePolicyInForce } from '../registry/response-policies.ts'
import { isChainOf } from '../registry/segments.ts'
import {
  DRIFT_ALARM,
  DRIFT_WATCH,
  LEVELS,
  responseTo,
  TASK_CLASS_UNSEEN,
  type Level,
  type Sign,
} from './levels.ts'

const OF_DRIFT: ReadonlySet<string> = new Set([DRIFT_ALARM, DRIFT_WATCH, TASK_CLASS_UNSEEN])

export interface Found {
  readonly rule: string
  /** The agent, where it is about one. */
  readonly subject: string | null
  /** Indices of the entries that say so. */
  readonly entries: readonly number[]
  /** Of the alert. */
  readonly alert: string
}

/** @returns what was begun: an incident, a step-up, or nothing */
export async function respondTo(
  ctx: Pick<RegistryContext, 'crypto' | 'frame' | 'vault'>,
  tx: Tx,
  { rule, subject, entries, alert }: Found,
): Promise<{ readonly incident?: string; readonly step_up?: number }> {
  const policy = await responsePolicyInForce(tx.db)
  if (subject === null || !isKey(policy, rule) || !(await isAgent(tx, subject))) return {}
  const sign = await signOf(tx, subject, rule, entries)
  if (sign === null) return {}
  await noteSign(tx, subject, sign)
  const { level, keys, because, entries: why } = responseTo(policy, await signsOf(tx.db, subject), tx.now)
  if (level === 'isolated') {
    const isolated = await isolateTx(ctx, tx, SYSTEM, subject, { keys, alerts: [alert], title: null })
    return isolated === null ? {} : { incident: isolated.incident }
  }
  if (level !== 'step_up' || because === null) return {}
  const begun = await beginOversightTx(ctx, tx, SYSTEM, subject, because, why)
  return begun === null ? {} : { step_up: begun.n }
}

function isKey({ signs }: ResponsePolicy, rule: string): boolean {
  return OF_DRIFT.has(rule) || signs.includes(rule)
}

async function isAgent(tx: Tx, id: string): Promise<boolean> {
  const row = await tx.db.selectFrom('agents').select('status').where('id', '=', id).executeTakeFirst()
  return row !== undefined && row.status !== 'retired'
}

/**
 * The sign that entries are, as of the last of them (ISO-3). What was pruned since it was found counts as it is.
 * @returns null: none of them shows that it was this agent (ISO-4)
 */
async function signOf(tx: Tx, agent: string, rule: string, named: readonly number[]): Promise<Sign | null> {
  const entries: number[] = []
  const times: number[] = []
  for (const index of named.slice(0, NAMED_MAX)) {
    const entry = await findEntry(tx, index)
    if (entry !== null && !OF_DRIFT.has(rule) && !(await isOf(tx, entry, agent))) continue
    entries.push(index)
    if (entry !== null) times.push(Date.parse(entry.time))
  }
  if (entries.length === 0 && named.length > 0) return null
  return { rule, time: times.length === 0 ? tx.now : Math.max(...times), entries }
}

/** A receipt is of an agent when it came with a chain of ours that ends there: a point can write any name. */
async function isOf(tx: Tx, entry: AnyEntry, agent: string): Promise<boolean> {
  if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return true
  const { chain, agent: named } = entry.body
  return named === agent && chain !== null && (await isChainOf(tx, chain, agent))
}

async function noteSign(tx: Tx, agent: string, { rule, time, entries }: Sign): Promise<void> {
  const entries_json = canonicalize(entries.slice(0, NAMED_MAX))
  await tx.db
    .insertInto('signs')
    .values({ agent, rule, time, entries_json })
    .onConflict((on) =>
      on.columns(['agent', 'rule']).doUpdateSet({ time, entries_json }).where('signs.time', '<=', time),
    )
    .execute()
}

async function signsOf(db: Kysely<Schema>, agent: string): Promise<Sign[]> {
  const rows = await db.selectFrom('signs').selectAll().where('agent', '=', agent).execute()
  return rows.map(({ rule, time, entries_json }) => ({
    rule,
    time,
    entries: parseJson(entries_json) as number[],
  }))
}

export interface Standing {
  readonly agent: string
  readonly level: Level
  /** Which step-up it is in, or was in last. */
  readonly step_up: number
  readonly because: string | null
  /** Index of the `isolation.begun` entry, while it is isolated. */
  readonly isolated: number | null
  /** What counts now. */
  readonly signs: readonly Sign[]
}

/** ISO-1. */
export async function standingOf(db: Kysely<Schema>, agent: string, now_ms: number): Promise<Standing> {
  const policy = await responsePolicyInForce(db)
  const { n, begun, because, isolated } = await findOversight(db, agent)
  const signs = (await signsOf(db, agent)).filter(({ time }) => now_ms - time <= policy.window_s * 1000)
  const found = responseTo(policy, signs, now_ms).level
  // What was found does not make a level by itself: what was begun does.
  const watched: Level = found === 'none' ? 'none' : 'watch'
  const level: Level = isolated !== null ? 'isolated' : begun !== null ? 'step_up' : watched
  return { agent, level, step_up: n, because, isolated, signs }
}

/** Every agent that is at a level but `none`, the highest first. */
export async function listStandings(db: Kysely<Schema>, now_ms: number): Promise<Standing[]> {
  const overseen = db.selectFrom('oversight').select('agent')
  const rows = await overseen.union(db.selectFrom('signs').select('agent')).execute()
  const all: Standing[] = []
  for (const { agent } of rows) all.push(await standingOf(db, agent, now_ms))
  return all
    .filter(({ level }) => level !== 'none')
    .toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || (a.agent < b.agent ? -1 : 1))
}
