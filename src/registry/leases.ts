/**
 * Leases: the right of one point to debit up to an amount of cumulative limits by itself. spec/limits.md (LIM-4 to
 * LIM-11). Invariant: what is leased of a key, less what was given back, never passes the cap.
 * @module
 */
import { newId } from '../core/ids.ts'
import { periodEnd, periodOf, slidingMs } from '../core/period.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { Lease, SpoolHead } from '../log/receipt.ts'
import { ALERT_KEY_CHARS_MAX } from '../log/alert-bodies.ts'
import type { LeaseAnswer, LeaseNeed } from '../ports/control-plane.ts'
import type { Tx } from '../ports/store.ts'
import { raise } from './alerts.ts'
import { SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import {
  balanceOf,
  ledgerKey,
  recordGranted,
  recordNear,
  recordRecalled,
  recordSettled,
  type LeaseRow,
} from './ledgers.ts'
import { assertTerms } from './lease-terms.ts'
import { findPoint, type PointRow } from './points.ts'
import { requestTopUp } from './topups.ts'

/** Milliseconds: how long a crash or a partition keeps what a point held, at least. */
export const LEASE_MS = 10_000
/** Of a sliding period, so that what is counted too long (LIM-3) is little. */
const SLIDING_SHARE = 10
/** LIM-9: of what is left. */
const REST_SHARE = 8
/** LIM-11: of the cap. */
const NEAR_SHARE = 10
/** LIM-10: a point that is away so much longer than its lease is not waited for. Milliseconds. */
const AWAY_MS = 60_000
/** Leases that one entry settles or recalls. */
const BATCH_MAX = 256

/** A need with the place where it counts. */
interface Priced {
  readonly need: LeaseNeed
  readonly key: string
  readonly period: string
  readonly window_ms: number | null
  readonly left: number
  readonly near: boolean
}

/**
 * Leases that cover every need, or none. A need of 0 asks ahead: it gets something, or nothing, and is never refused.
 * @throws {RegistryError} `RECEIPT_EPOCH`: the point goes by another epoch; `BUDGET_MISMATCH`: a maximum above the one
 * first seen, so one of the two is not the grant's, a limit that is asked for twice, or none of a root of ours (LIM-15)
 */
export async function grantLeases(
  ctx: RegistryContext,
  point: string,
  epoch: number,
  needs: readonly LeaseNeed[],
): Promise<LeaseAnswer> {
  const asked_ms = await ctx.store.now()
  return ctx.store.write(async (tx) => {
    const row = await findPoint(tx.db, point)
    if (row.epoch !== epoch)
      throw new RegistryError('RECEIPT_EPOCH', `the open epoch is ${row.epoch}: ask for a new one`)
    const priced: Priced[] = []
    for (const need of needs) {
      await assertTerms(ctx, tx, point, need)
      priced.push(await price(tx, need))
    }
    if (new Set(priced.map(({ key }) => key)).size < priced.length)
      throw new RegistryError('BUDGET_MISMATCH', 'a limit is asked for twice')
    const short = priced.filter(({ need, left }) => need.need > left)
    if (short.length > 0) return { denied: await refuse(ctx, tx, point, short) }
    // A transaction may be of a group that began before it was asked for, and the point counts from when it asked.
    const from_ms = Math.max(tx.now, asked_ms)
    return { leases: await lease(ctx, tx, row, { priced, from_ms }) }
  })
}

async function price(tx: Tx, need: LeaseNeed): Promise<Priced> {
  const period = periodOf(need.per, tx.now)
  const key = ledgerKey({ ...need, period })
  const window_ms = slidingMs(need.per)
  const balance = await balanceOf(tx.db, key, window_ms, tx.now)
  if (balance !== null && need.max > balance.max)
    throw new RegistryError('BUDGET_MISMATCH', 'the maximum is above the one first seen for this limit')
  const left = Math.max(0, need.max - (balance?.taken ?? 0))
  return { need, key, period, window_ms, left, near: balance?.near ?? false }
}

/** LIM-9. */
function sizeOf({ need: { need, want }, left }: Priced): number {
  return Math.max(need, Math.min(Math.floor(left / REST_SHARE), want))
}

/** LIM-4: never past the end of its period. */
function expiryOf({ need, window_ms }: Priced, now_ms: number): number {
  const lasts_ms = window_ms === null ? LEASE_MS : Math.min(LEASE_MS, Math.floor(window_ms / SLIDING_SHARE))
  return Math.min(now_ms + lasts_ms, periodEnd(need.per, now_ms))
}

async function lease(
  ctx: RegistryContext,
  tx: Tx,
  row: PointRow,
  { priced, from_ms }: { readonly priced: readonly Priced[]; readonly from_ms: number },
): Promise<Extract<LeaseAnswer, { leases: unknown }>['leases']> {
  const granted: (Lease & { ttl_ms: number })[] = []
  for (const one of priced) {
    const amount = sizeOf(one)
    if (amount === 0) continue // asked ahead, and there is little left
    const { iss, jti, grant, measure, unit, per, max } = one.need
    const expires_ms = expiryOf(one, tx.now)
    const id = newId(ctx.crypto, 'lse', tx.now)
    const name = { iss, jti, grant, measure, unit, per, period: one.period }
    granted.push({ ...name, id, max, amount, expires: rfc3339(expires_ms), ttl_ms: expires_ms - from_ms })
  }
  if (granted.length === 0) return []
  const leases = granted.map(({ ttl_ms: _ttl_ms, ...each }) => each)
  const actor: Actor = { kind: 'point', id: row.id }
  await tx.append({ type: 'lease.granted', actor, subject: row.id, body: { epoch: row.epoch, leases } })
  await recordGranted(tx.db, { point: row.id, seq: row.seq, epoch: row.epoch, now_ms: tx.now }, leases)
  for (const one of priced) await alertNear(tx, one)
  return granted
}

/** LIM-11. */
async function alertNear(tx: Tx, { need, key, period, near, left }: Priced): Promise<void> {
  const rest = left - sizeOf({ need, left } as Priced)
  if (near || rest * NEAR_SHARE >= need.max) return
  const { iss, jti, grant, measure, unit, per, max } = need
  const detail = { iss, jti, grant, measure, unit, per, period, max, left: rest }
  const name = `near/${tx.now}/${grant}/${measure}/${unit}/${per}/${period}`.slice(0, ALERT_KEY_CHARS_MAX)
  const about = { rule: 'LIMIT_NEAR', subject: jti, detail, entries: [] } as const
  await raise(tx, { ...about, key: name, isEveryLogged: true })
  await recordNear(tx.db, key)
}

/** LIM-10. */
async function refuse(
  ctx: RegistryContext,
  tx: Tx,
  point: string,
  short: readonly Priced[],
): Promise<'LIMIT_EXCEEDED' | 'LIMIT_LEASED'> {
  const recall: string[] = []
  const over: Priced[] = []
  for (const one of short) {
    const held = await heldOf(tx, one.key)
    const hidden = held.reduce((sum, { amount, debited }) => sum + Math.max(0, amount - debited), 0)
    if (one.need.need > one.left + hidden) over.push(one)
    else recall.push(...held.filter(({ recalled }) => recalled === 0).map(({ id }) => id))
  }
  if (over.length > 0) {
    for (const { need, key, period } of over) await requestTopUp(ctx, tx, point, { need, key, period })
    return 'LIMIT_EXCEEDED'
  }
  const ids = recall.slice(0, BATCH_MAX)
  if (ids.length > 0) {
    await tx.append({ type: 'lease.recalled', actor: SYSTEM, body: { leases: ids } })
    await recordRecalled(tx.db, ids)
  }
  return 'LIMIT_LEASED'
}

/** Leases of a key that may still give something back. */
function heldOf(tx: Tx, key: string): Promise<LeaseRow[]> {
  return tx.db
    .selectFrom('leases')
    .selectAll()
    .where('key', '=', key)
    .where('expires', '>', tx.now - AWAY_MS)
    .orderBy('id')
    .execute()
}

/** Which leases a head accounts for, once every receipt up to it is there. LIM-7, LIM-8. */
export async function accountedFor(tx: Tx, row: PointRow, head: SpoolHead): Promise<LeaseRow[]> {
  const { settles, returns = [] } = head
  if (settles === undefined && returns.length === 0) return []
  const until = settles === undefined ? 0 : parseRfc3339(settles)
  const named = new Set(returns)
  const open = await tx.db
    .selectFrom('leases')
    .selectAll()
    .where('point', '=', row.id)
    .where('epoch', '=', head.epoch)
    .orderBy('id')
    .execute()
  const over = open.filter(({ id, expires }) => expires <= until || named.has(id)).slice(0, BATCH_MAX)
  if (over.length === 0) return []
  // What a lease debited stands behind the receipts that were there when it was granted: a gap before does not matter.
  const from = Math.min(...over.map(({ from_seq }) => from_seq))
  return (await isWhole(tx, row, from, head)) ? over : []
}

async function isWhole(tx: Tx, row: PointRow, from: number, head: SpoolHead): Promise<boolean> {
  const found = await tx.db
    .selectFrom('receipts')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('point', '=', row.id)
    .where('epoch', '=', head.epoch)
    .where('seq', '>', from)
    .where('seq', '<=', head.seq)
    .executeTakeFirst()
  return Number(found?.n ?? 0) === Math.max(0, head.seq - from)
}

/** Gives back what the receipts left. @param at index of the head's entry */
export async function settle(tx: Tx, point: string, over: readonly LeaseRow[], at: number): Promise<void> {
  if (over.length === 0) return
  const leases = over.map(({ id, amount, debited }) => ({
    id,
    debited,
    credited: Math.max(0, amount - debited),
  }))
  await tx.append({ type: 'lease.settled', actor: SYSTEM, subject: point, body: { head: at, leases } })
  await recordSettled(tx.db, leases)
}

/** What the point is asked to return (LIM-10). */
export async function recalledOf(tx: Tx, point: string): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('leases')
    .select('id')
    .where('point', '=', point)
    .where('recalled', '=', 1)
    .orderBy('id')
    .limit(BATCH_MAX)
    .execute()
  return rows.map(({ id }) => id)
}
