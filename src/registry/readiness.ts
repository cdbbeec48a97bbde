/**
 * What the registers and the log have to say of how ready an installation is. spec/readiness.md (RDY-2).
 * Counted when it is asked for. Nothing is judged here: the plan is src/evidence/readiness.
 * @module
 */
import { sql, type Kysely } from 'kysely'
import type { ReadinessFacts } from '../core/readiness.ts'
import { rfc3339, seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { coverage } from './coverage.ts'
import { KEY_STANDS } from './points.ts'
import {
  anchorFacts,
  DAY_MS,
  drillFacts,
  restoreFacts,
  revocationFacts,
  startOf,
  toldOf,
} from './readiness-log.ts'

type Db = Kysely<Schema>

const MONTH_MS = 30 * DAY_MS
/** A point of which nothing was heard for so long is silent, in milliseconds (CAP-1). */
const SILENT_MS = 60_000
/** Kinds of the inventory that act by themselves. */
const ACTS = ['account', 'agent', 'app'] as const
const POLICY_TABLES = {
  alert: 'alert_policies',
  drift: 'drift_policies',
  flow: 'flow_policies',
  output: 'output_policies',
  response: 'response_policies',
} as const

/** @param bound_ms how stale a point's revocation state may be before it denies (REV-8) */
export async function readinessFacts(
  { separation, store }: Pick<RegistryContext, 'separation' | 'store'>,
  { bound_ms, simulated }: { readonly bound_ms: number; readonly simulated: boolean },
): Promise<ReadinessFacts> {
  const now = await store.now()
  return store.query(async (db) => {
    const started = await startOf(db, now)
    const narratives = await toldOf(db, 'narrative.approved')
    const previews = await toldOf(db, 'preview.granted')
    const packs = await toldOf(db, 'evidence.built')
    return {
      now,
      started,
      simulated,
      people: { ...(await peopleOf(db)), isAlone: separation === 'after' },
      agents: await agentsOf(db),
      points: await pointsOf(db, now),
      delegated: await delegatedOf(db, now),
      revocation: { ...(await revocationFacts(db, now - MONTH_MS)), bound_ms },
      anchors: await anchorFacts(db, { now, started }),
      channels: await channelsOf(db),
      detectors: await detectorsOf(db),
      policies: await policiesOf(db),
      restore: await restoreFacts(db),
      drills: await drillFacts(db),
      outputs: await outputsOf(db, now),
      alerts: await alertsOf(db, now),
      accessReview: await accessReviewOf(db),
      narratives: { approved: narratives.n, last: narratives.last },
      previews: { given: previews.n, last: previews.last },
      packs: { built: packs.n, last: packs.last },
    }
  })
}

/** How many rows of a query fulfil a condition. */
function rowsWhere(condition: ReturnType<typeof sql>) {
  return sql<number | string>`count(case when ${condition} then 1 end)`
}

async function peopleOf(db: Db): Promise<{ enrolled: number; endorsed: number }> {
  const { enrolled, endorsed } = await db
    .selectFrom('people')
    .where('status', '=', 'enrolled')
    .select((eb) => [
      eb.fn.countAll<number | string>().as('enrolled'),
      eb.fn.count<number | string>('endorsed').as('endorsed'),
    ])
    .executeTakeFirstOrThrow()
  return { enrolled: Number(enrolled), endorsed: Number(endorsed) }
}

async function agentsOf(db: Db): Promise<ReadinessFacts['agents']> {
  const owned = sql`people.id is not null and people.status != 'left'`
  const purposed = sql`trim(agents.purpose) != ''`
  const placed = sql`agents.systems_json != '[]'`
  const counts = await db
    .selectFrom('agents')
    .leftJoin('people', 'people.id', 'agents.owner')
    .where('agents.status', '!=', 'retired')
    .select((eb) => [
      eb.fn.countAll<number | string>().as('registered'),
      rowsWhere(owned).as('owned'),
      rowsWhere(purposed).as('purposed'),
      rowsWhere(placed).as('placed'),
      rowsWhere(sql`${owned} and ${purposed} and ${placed}`).as('mapped'),
    ])
    .executeTakeFirstOrThrow()
  const { n } = await db
    .selectFrom('inventory')
    .where('status', '=', 'present')
    .where('kind', 'in', [...ACTS])
    .where('agent', 'is', null)
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  const { registered, mapped } = counts
  return {
    registered: Number(registered),
    owned: Number(counts.owned),
    purposed: Number(counts.purposed),
    placed: Number(counts.placed),
    mapped: Number(mapped),
    unregistered: Number(n),
  }
}

async function pointsOf(db: Db, now: number): Promise<ReadinessFacts['points']> {
  const { enrolled, recording, silent } = await db
    .selectFrom('points')
    .leftJoin('heard', 'heard.point', 'points.id')
    .where(KEY_STANDS)
    .select((eb) => [
      eb.fn.countAll<number | string>().as('enrolled'),
      // A stream that was opened anew has recorded before.
      rowsWhere(sql`points.seq > 0 or points.epoch > 1`).as('recording'),
      rowsWhere(sql`heard.time is null or heard.time < ${now - SILENT_MS}`).as('silent'),
    ])
    .executeTakeFirstOrThrow()
  return { enrolled: Number(enrolled), recording: Number(recording), silent: Number(silent) }
}

async function delegatedOf(db: Db, now: number): Promise<ReadinessFacts['delegated']> {
  const { active, delegated } = await db
    .selectFrom('agents')
    .where('status', '=', 'active')
    .select((eb) => [
      eb.fn.countAll<number | string>().as('active'),
      rowsWhere(sql`exists (
        select 1 from delegations
        where delegations.agent = agents.id and delegations.revoked = 0 and delegations.exp > ${seconds(now)}
      )`).as('delegated'),
    ])
    .executeTakeFirstOrThrow()
  return { active: Number(active), delegated: Number(delegated) }
}

async function channelsOf(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('channels')
    .where('removed', 'is', null)
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

async function detectorsOf(db: Db): Promise<ReadinessFacts['detectors']> {
  const last = await db
    .selectFrom('canaries')
    .groupBy('day')
    .orderBy('day', 'desc')
    .select((eb) => [
      'day',
      eb.fn.countAll<number | string>().as('tried'),
      rowsWhere(sql`ok = 0`).as('silent'),
    ])
    .executeTakeFirst()
  return { day: last?.day ?? null, tried: Number(last?.tried ?? 0), silent: Number(last?.silent ?? 0) }
}

async function policiesOf(db: Db): Promise<string[]> {
  const inForce: string[] = []
  for (const [name, table] of Object.entries(POLICY_TABLES)) {
    const row = await db.selectFrom(table).select('id').where('status', '=', 'active').executeTakeFirst()
    if (row !== undefined) inForce.push(name)
  }
  return inForce
}

async function outputsOf(db: Db, now: number): Promise<ReadinessFacts['outputs']> {
  const dayOf = (time_ms: number): string => rfc3339(time_ms).slice(0, 10)
  const rows = await coverage(db, 'day', { from: dayOf(now - MONTH_MS), to: dayOf(now + DAY_MS) })
  return rows.reduce(
    (sum, { released, uncovered }) => ({
      released: sum.released + released,
      attested: sum.attested + released - uncovered,
    }),
    { released: 0, attested: 0 },
  )
}

async function alertsOf(db: Db, now: number): Promise<ReadinessFacts['alerts']> {
  const { raised, late } = await db
    .selectFrom('alerts')
    .where('canary', '=', 0)
    .where('first', '>=', now - MONTH_MS)
    .select((eb) => [
      eb.fn.countAll<number | string>().as('raised'),
      rowsWhere(sql`coalesce(acknowledged, closed, ${now}) - first > triage_min * 60000`).as('late'),
    ])
    .executeTakeFirstOrThrow()
  return { raised: Number(raised), late: Number(late) }
}

async function accessReviewOf(db: Db): Promise<ReadinessFacts['accessReview']> {
  const { closed, open } = await db
    .selectFrom('access_reviews')
    .where('list', '=', 'access')
    .select((eb) => [
      eb.fn.max<number | string | null>('closed').as('closed'),
      rowsWhere(sql`closed is null`).as('open'),
    ])
    .executeTakeFirstOrThrow()
  return { closed: closed === null ? null : Number(closed), open: Number(open) }
}
