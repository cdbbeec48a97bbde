/**
 * Rows of cumulative limits: what each entry does to them, once for who writes the entry and for the fold that reads it
 * (REG-2). spec/limits.md. Nothing is judged here.
 * Invariant: what a key has taken is what was leased or reserved of it, less what was settled.
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize } from '../core/json.ts'
import { slidingMs } from '../core/period.ts'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Debit, Lease, Receipt } from '../log/receipt.ts'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>
export type LeaseRow = Schema['leases']

/** The ledger key (NRW-4). Issuers are namespaces: what one signs spends nothing of another's. */
export function ledgerKey(debit: Omit<Debit, 'amount' | 'lease'>): string {
  const { iss, jti, grant, measure, unit, per, period } = debit
  return canonicalize([iss, jti, grant, measure, unit, per, period])
}

/** Usage of a sliding period is kept in at most about this many rows a key; what is added up counts a little longer. */
const BUCKETS_MAX = 1024
/** Milliseconds. */
const BUCKET_MIN_MS = 1000

/** LIM-3: until when an amount counts that can last have been debited at `expires_ms`. */
function countsUntil(expires_ms: number, window_ms: number): number {
  const bucket_ms = Math.max(BUCKET_MIN_MS, Math.ceil(window_ms / BUCKETS_MAX))
  return Math.ceil((expires_ms + window_ms) / bucket_ms) * bucket_ms
}

export interface Balance {
  /** The maximum first seen. */
  readonly max: number
  readonly taken: number
  readonly near: boolean
}

export async function balanceOf(
  db: Db,
  key: string,
  window_ms: number | null,
  now_ms: number,
): Promise<Balance | null> {
  const row = await db.selectFrom('budgets').selectAll().where('key', '=', key).executeTakeFirst()
  if (!row) return null
  const taken = window_ms === null ? row.spent : await takenInWindow(db, key, now_ms)
  return { max: row.max, taken, near: row.near === 1 }
}

async function takenInWindow(db: Db, key: string, now_ms: number): Promise<number> {
  const leased = await db
    .selectFrom('leases')
    .select((eb) => eb.fn.sum<number | string | null>('amount').as('sum'))
    .where('key', '=', key)
    .where((eb) => eb(eb('expires', '+', eb.ref('window_ms')), '>', now_ms))
    .executeTakeFirst()
  const used = await db
    .selectFrom('usages')
    .select((eb) => eb.fn.sum<number | string | null>('amount').as('sum'))
    .where('key', '=', key)
    .where('until', '>', now_ms)
    .executeTakeFirst()
  return Number(leased?.sum ?? 0) + Number(used?.sum ?? 0)
}

async function take(db: Db, key: string, max: number, amount: number): Promise<void> {
  await db
    .insertInto('budgets')
    .values({ key, max, spent: amount, near: 0 })
    .onConflict((on) => on.column('key').doUpdateSet((eb) => ({ spent: eb('budgets.spent', '+', amount) })))
    .execute()
}

/** `budget.reserved`: before there were leases. */
export async function recordReserved(db: Db, body: EntryBody<'budget.reserved'>): Promise<void> {
  for (const debit of body.debits) await take(db, ledgerKey(debit), debit.max, debit.amount)
}

/** `lease.granted`. @param stream where the point's receipts stand: what it debits comes later */
export async function recordGranted(
  db: Db,
  { point, seq, epoch, now_ms }: { point: string; seq: number; epoch: number; now_ms: number },
  leases: readonly Lease[],
): Promise<void> {
  for (const lease of leases) {
    const key = ledgerKey(lease)
    const window_ms = slidingMs(lease.per)
    if (window_ms !== null) await forget(db, key, now_ms)
    // A window has no sum for good: what is in it is asked each time.
    await take(db, key, lease.max, window_ms === null ? lease.amount : 0)
    const expires = parseRfc3339(lease.expires)
    await db
      .insertInto('leases')
      .values({
        id: lease.id,
        key,
        point,
        epoch,
        from_seq: seq,
        amount: lease.amount,
        debited: 0,
        expires,
        window_ms: window_ms ?? 0,
        recalled: 0,
      })
      .execute()
  }
}

/** What lies before any window that is still to come. */
async function forget(db: Db, key: string, now_ms: number): Promise<void> {
  await db.deleteFrom('usages').where('key', '=', key).where('until', '<=', now_ms).execute()
  await db
    .deleteFrom('leases')
    .where('key', '=', key)
    .where((eb) => eb(eb('expires', '+', eb.ref('window_ms')), '<=', now_ms))
    .execute()
}

/** `receipt`: what its allow debited. */
export async function recordDebits(db: Db, receipts: readonly Receipt[]): Promise<void> {
  const sums = new Map<string, { point: string; epoch: number; amount: number }>()
  for (const receipt of receipts) {
    if (receipt.kind !== 'decision' || receipt.decision !== 'allow') continue
    const { point, epoch } = receipt
    for (const { lease, amount } of receipt.debits) {
      if (lease === undefined) continue
      sums.set(lease, { point, epoch, amount: (sums.get(lease)?.amount ?? 0) + amount })
    }
  }
  for (const [id, { point, epoch, amount }] of sums) {
    await db
      .updateTable('leases')
      .set((eb) => ({ debited: eb('debited', '+', amount) }))
      .where('id', '=', id)
      .where('point', '=', point)
      .where('epoch', '=', epoch)
      .execute()
  }
}

/** `lease.recalled`. */
export async function recordRecalled(db: Db, ids: readonly string[]): Promise<void> {
  await db.updateTable('leases').set({ recalled: 1 }).where('id', 'in', ids).execute()
}

/** `lease.settled`. */
export async function recordSettled(db: Db, settled: EntryBody<'lease.settled'>['leases']): Promise<void> {
  for (const { id, debited, credited } of settled) {
    const row = await db.selectFrom('leases').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) continue
    await close(db, row, debited, credited)
  }
}

/** `point.epoch_opened`: no receipt of an earlier epoch comes any more, so what is leased in it stays spent (LIM-8). */
export async function recordEpochEnd(db: Db, point: string): Promise<void> {
  const rows = await db.selectFrom('leases').selectAll().where('point', '=', point).execute()
  for (const row of rows) await close(db, row, row.amount, 0)
}

async function close(db: Db, row: LeaseRow, debited: number, credited: number): Promise<void> {
  await db.deleteFrom('leases').where('id', '=', row.id).execute()
  if (row.window_ms === 0) {
    await db
      .updateTable('budgets')
      .set((eb) => ({ spent: eb('spent', '-', credited) }))
      .where('key', '=', row.key)
      .execute()
  } else if (debited > 0) {
    const until = countsUntil(row.expires, row.window_ms)
    await db
      .insertInto('usages')
      .values({ key: row.key, until, amount: debited })
      .onConflict((on) =>
        on.columns(['key', 'until']).doUpdateSet((eb) => ({ amount: eb('usages.amount', '+', debited) })),
      )
      .execute()
  }
}

/** `alert.raised` with `LIMIT_NEAR`. */
export async function recordNear(db: Db, key: string): Promise<void> {
  await db.updateTable('budgets').set({ near: 1 }).where('key', '=', key).execute()
}

/** `topup.requested`. */
export async function recordTopUp(
  db: Db,
  id: string,
  time_ms: number,
  iss: string,
  { agent, delegation, grant, limit, asked }: EntryBody<'topup.requested'>,
): Promise<void> {
  const { max, ...name } = limit
  const key = ledgerKey({ iss, jti: delegation, grant, ...name })
  await db
    .insertInto('topups')
    .values({
      id,
      key,
      agent,
      delegation,
      grant_digest: grant,
      limit_json: canonicalize({ ...name, max }),
      asked,
      status: 'open',
      requested: time_ms,
      answer: null,
    })
    .execute()
}

/** `topup.granted`, `topup.declined`. */
export async function recordAnswer(
  db: Db,
  id: string,
  status: 'granted' | 'declined',
  answer: string,
): Promise<void> {
  await db.updateTable('topups').set({ status, answer }).where('id', '=', id).execute()
}
