/** What of its limits the fleet has spent. spec/telemetry.md (TEL-11). @module */
import type { Kysely } from 'kysely'
import { slidingMs } from '../../src/core/period.ts'
import type { Schema } from '../../src/ports/schema.ts'
import { balanceOf } from '../../src/registry/ledgers.ts'

type Db = Kysely<Schema>

/** Limits that are looked at. */
const LIMITS_MAX = 20_000

/** Of each agent the fullest limit of a delegation that stands, but for those of sliding periods. */
export async function sharesOf(db: Db, iss: string, now_ms: number): Promise<Map<string, number>> {
  const agents = await standing(db, now_ms)
  const rows = await db.selectFrom('budgets').selectAll().orderBy('key').limit(LIMITS_MAX).execute()
  const shares = new Map<string, number>()
  for (const { key, max, spent } of rows) {
    const [issuer, jti] = JSON.parse(key) as string[]
    const agent = issuer === iss ? agents.get(jti ?? '') : undefined
    if (agent === undefined || max === 0) continue
    shares.set(agent, Math.max(shares.get(agent) ?? 0, spent / max))
  }
  return shares
}

/** Agents by their delegations. */
async function standing(db: Db, now_ms: number, agent?: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('delegations')
    .select(['jti', 'agent'])
    .where('revoked', '=', 0)
    .where('exp', '>', Math.floor(now_ms / 1000))
    .$if(agent !== undefined, (all) => all.where('agent', '=', agent ?? ''))
    .limit(LIMITS_MAX)
    .execute()
  return new Map(rows.map((row) => [row.jti, row.agent]))
}

export interface LimitHealth {
  readonly delegation: string
  readonly measure: string
  readonly unit: string
  readonly per: string
  readonly period: string
  readonly spent: number
  readonly max: number
}

/** Limits of the delegations of one agent that stand: leased counts as spent (LIM-4). */
export async function limitsOf(db: Db, iss: string, agent: string, now_ms: number): Promise<LimitHealth[]> {
  const limits: LimitHealth[] = []
  for (const jti of (await standing(db, now_ms, agent)).keys()) {
    const prefix = JSON.stringify([iss, jti]).slice(0, -1)
    const rows = await db
      .selectFrom('budgets')
      .select('key')
      .where('key', '>=', `${prefix},`)
      .where('key', '<', `${prefix}-`)
      .execute()
    for (const { key } of rows) {
      const [, , , measure = '', unit = '', per = '', period = ''] = JSON.parse(key) as string[]
      const balance = await balanceOf(db, key, slidingMs(per), now_ms)
      if (balance === null) continue
      limits.push({ delegation: jti, measure, unit, per, period, spent: balance.taken, max: balance.max })
    }
  }
  return limits
}
