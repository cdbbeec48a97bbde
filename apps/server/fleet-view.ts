/**
 * How the fleet is: who was heard last, what it does, how long it takes, what it has spent, who waits for a person.
 * spec/telemetry.md (TEL-11). Read from the counts and the registers alone, so that every node says the same.
 * @module
 */
import type { Kysely } from 'kysely'
import { countsOf, type Counted } from '../../src/observe/telemetry/query.ts'
import { HOUR_MS, VIEWS, type View } from '../../src/observe/telemetry/terms.ts'
import type { Schema } from '../../src/ports/schema.ts'
import { sharesOf } from './fleet-limits.ts'

type Db = Kysely<Schema>

/** Agents and points of one answer. */
export const FLEET_MAX = 10_000
const MINUTE_MS = 60_000
/** A frame that a point should have applied by then. */
const BEHIND_MS = 60_000
/** Nothing was heard of a point for so long. */
const QUIET_MS = 15 * 60_000

export interface Activity {
  readonly allowed: number
  readonly denied: number
  readonly asked: number
  readonly failed: number
  /** Null without a call that ended. */
  readonly latency_ms_mean: number | null
  /** Share of latencies that are at most a second. */
  readonly within_1s: number | null
}

export interface AgentHealth {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly status: Schema['agents']['status']
  /** Time of its last receipt, milliseconds since 1970. */
  readonly seen: number | null
  readonly last_hour: Activity
  /** Approvals that wait for a person. */
  readonly waiting: number
  /** The fullest of its limits, as a share of what it may take. */
  readonly spent: number | null
}

export interface PointHealth {
  readonly id: string
  readonly name: string
  readonly placement: string
  readonly seen: number | null
  /** When it said last which frame it had applied, by its own clock. */
  readonly acknowledged: number | null
  /** Frames that it has not applied. */
  readonly behind: number
  /** `behind`: of a frame older than a minute. `quiet`: not heard for a quarter of an hour. */
  readonly state: 'live' | 'behind' | 'quiet' | 'never'
  readonly last_hour: Activity
}

export interface Fleet {
  readonly time: number
  readonly last_hour: Activity
  /** Decisions of the last whole minute. */
  readonly last_minute_n: number
  /** Alerts that nobody took, but for those of canaries. */
  readonly alerts_n: number
  /** Approvals that wait for a person. */
  readonly waiting_n: number
  /** Of all agents, whether they are shown or not. */
  readonly agents_n: number
  readonly active_n: number
  readonly agents: readonly AgentHealth[]
  readonly points: readonly PointHealth[]
}

/** @param agents_max those that need a look: denied most, waiting for people, heard last */
export async function fleetOf(db: Db, iss: string, now_ms: number, agents_max = FLEET_MAX): Promise<Fleet> {
  const [all] = (await lastHour(db, now_ms, [])).values()
  const { n, active } = await db
    .selectFrom('agents')
    .select((eb) => [
      eb.fn.countAll().as('n'),
      eb.fn.countAll().filterWhere('status', '=', 'active').as('active'),
    ])
    .executeTakeFirstOrThrow()
  return {
    time: now_ms,
    last_hour: activityOf(all),
    last_minute_n: await lastMinute(db, now_ms),
    alerts_n: await openAlerts(db),
    waiting_n: [...(await waitingOf(db, now_ms)).values()].reduce((sum, n) => sum + n, 0),
    agents_n: Number(n),
    active_n: Number(active),
    agents: await agentsOf(db, iss, now_ms, Number(n) > agents_max ? { max: agents_max } : {}),
    points: await pointsOf(db, now_ms),
  }
}

/** @param which so many that need a look, or one; all of them unless told otherwise */
export async function agentsOf(
  db: Db,
  iss: string,
  now_ms: number,
  { max, id: one }: { readonly max?: number; readonly id?: string },
): Promise<AgentHealth[]> {
  const counts = await lastHour(db, now_ms, ['agent'])
  const waiting = await waitingOf(db, now_ms)
  const spent = await sharesOf(db, iss, now_ms)
  const some = max === undefined ? null : await troubled(db, max, { counts, waiting })
  const ids = one === undefined ? some : [one]
  const rows = await db
    .selectFrom('agents')
    .select(['id', 'name', 'owner', 'status'])
    .$if(ids !== null, (agents) => agents.where('id', 'in', ids ?? []))
    .orderBy('id')
    .limit(FLEET_MAX)
    .execute()
  const seen = await seenOf(db, 'agent', ids)
  return rows.map(({ id, name, owner, status }) => ({
    id,
    name,
    owner,
    status,
    seen: seen.get(id) ?? null,
    last_hour: activityOf(counts.get(id)),
    waiting: waiting.get(id) ?? 0,
    spent: spent.get(id) ?? null,
  }))
}

/** So many agents, those first that were denied most, wait for people most, or were heard last. */
async function troubled(
  db: Db,
  max: number,
  { counts, waiting }: { counts: ReadonlyMap<string, Counted>; waiting: ReadonlyMap<string, number> },
): Promise<string[]> {
  const denied = (id: string): number => counts.get(id)?.denied ?? 0
  const asked = (id: string): number => waiting.get(id) ?? 0
  const noticed = [...new Set([...counts.keys(), ...waiting.keys()])]
    .filter((id) => denied(id) > 0 || asked(id) > 0)
    .sort((a, b) => denied(b) - denied(a) || asked(b) - asked(a))
  const heard = await db
    .selectFrom('places')
    .select('agent')
    .where('view', '=', VIEWS.indexOf('agent'))
    .orderBy('seen', 'desc')
    .limit(max)
    .execute()
  return [...new Set([...noticed, ...heard.map(({ agent }) => agent)])].slice(0, max)
}

async function pointsOf(db: Db, now_ms: number): Promise<PointHealth[]> {
  const rows = await db.selectFrom('points').selectAll().orderBy('id').limit(FLEET_MAX).execute()
  const seen = await seenOf(db, 'point')
  const counts = await lastHour(db, now_ms, ['point'])
  const acks = new Map((await db.selectFrom('acks').selectAll().execute()).map((ack) => [ack.point, ack]))
  const [last] = await db.selectFrom('frames').select('seq').orderBy('seq', 'desc').limit(1).execute()
  const head = last?.seq ?? 0
  const health: PointHealth[] = []
  for (const { id, name, placement } of rows) {
    const ack = acks.get(id)
    const heard = Math.max(seen.get(id) ?? 0, ack?.t ?? 0)
    const behind = ack === undefined ? 0 : Math.max(0, head - ack.head)
    const isBehind = behind > 0 && (await frameTime(db, (ack?.head ?? 0) + 1)) <= now_ms - BEHIND_MS
    const isQuiet = heard <= now_ms - QUIET_MS
    health.push({
      id,
      name,
      placement,
      seen: seen.get(id) ?? null,
      acknowledged: ack?.t ?? null,
      behind,
      state: heard === 0 ? 'never' : isBehind ? 'behind' : isQuiet ? 'quiet' : 'live',
      last_hour: activityOf(counts.get(id)),
    })
  }
  return health
}

async function frameTime(db: Db, seq: number): Promise<number> {
  const row = await db.selectFrom('frames').select('frame_json').where('seq', '=', seq).executeTakeFirst()
  return row === undefined ? Number.POSITIVE_INFINITY : (JSON.parse(row.frame_json) as { t: number }).t
}

/** Time of the last receipt, by agent or point. @param ids null: of all */
export async function seenOf(
  db: Db,
  by: Extract<View, 'agent' | 'point'>,
  ids: readonly string[] | null = null,
): Promise<Map<string, number>> {
  if (ids?.length === 0) return new Map()
  const rows = await db
    .selectFrom('places')
    .select([`places.${by} as id`, 'seen'])
    .where('view', '=', VIEWS.indexOf(by))
    .$if(ids !== null, (all) => all.where(`places.${by}`, 'in', ids ?? []))
    .execute()
  return new Map(rows.map(({ id, seen }) => [id, seen]))
}

async function lastHour(
  db: Db,
  now_ms: number,
  by: readonly ('agent' | 'point')[],
): Promise<Map<string, Counted>> {
  const range = { from_ms: now_ms - HOUR_MS, to_ms: now_ms }
  const { rows } = await countsOf(db, { by, where: {}, step: 'all', ...range })
  return new Map(rows.map((row) => [by.map((name) => row[name] ?? '').join(''), row]))
}

/** Of everything at once no minutes are kept (TEL-8): it is summed over the points. */
async function lastMinute(db: Db, now_ms: number): Promise<number> {
  const to_ms = Math.floor(now_ms / MINUTE_MS) * MINUTE_MS
  const range = { from_ms: to_ms - MINUTE_MS, to_ms, step: 'minute' as const }
  const { rows } = await countsOf(db, { by: ['point'], where: {}, ...range })
  return rows.reduce((sum, { allowed, denied, asked }) => sum + allowed + denied + asked, 0)
}

async function openAlerts(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('alerts')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('status', '=', 'open')
    .where('canary', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(n)
}

function activityOf(counted: Counted | undefined): Activity {
  const { allowed = 0, denied = 0, asked = 0, failed = 0, latencies = 0 } = counted ?? {}
  const { latency_ms = 0, within_1s = 0 } = counted ?? {}
  const share = (n: number): number | null => (latencies === 0 ? null : n / latencies)
  return { allowed, denied, asked, failed, latency_ms_mean: share(latency_ms), within_1s: share(within_1s) }
}

async function waitingOf(db: Db, now_ms: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('approvals')
    .select((eb) => ['agent', eb.fn.countAll().as('n')])
    .where('status', '=', 'open')
    .where('expires', '>', now_ms)
    .groupBy('agent')
    .execute()
  return new Map(rows.map(({ agent, n }) => [agent, Number(n)]))
}
