/** Two nodes on one PostgreSQL database: one observes, the other takes over where it left off. spec/telemetry.md (TEL-2). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { Observer } from '../../src/observe/observer.ts'
import { TelemetryFold } from '../../src/observe/telemetry/fold.ts'
import { countsOf, namedOf } from '../../src/observe/telemetry/query.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { raise } from '../../src/registry/alerts.ts'
import { fleetReceipts, take } from '../fixtures/observed.ts'
import { Postgres } from '../fixtures/postgres.ts'

const TERMS = { agents: 3, points: 2, tools: 2, start_ms: 1_772_000_000_000, apart_ms: 1_000, seed: 4 }
const receipts = take(fleetReceipts(TERMS), 400)

let postgres: Postgres
let stores: [Store, Store]

beforeAll(async () => {
  postgres = await Postgres.start()
  const url = await postgres.database()
  stores = [await openPostgresStore({ url }), await openPostgresStore({ url })]
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await postgres.remove()
})

function observerOn(store: Store, holder: string): Observer {
  const report = (error: unknown): never => {
    throw error
  }
  return new Observer({ store, clock: systemClock, folds: [new TelemetryFold()], raise, holder, report })
}

async function append(from: number, to: number): Promise<void> {
  await stores[0].write(async (tx) => {
    for (const body of receipts.slice(from, to))
      await tx.append({ type: 'receipt', actor: { kind: 'point', id: body.point }, body })
  })
}

test('one node observes at a time, and the other goes on from what it saved', async () => {
  const [one, other] = [observerOn(stores[0], 'one'), observerOn(stores[1], 'other')]
  await append(0, 250)
  expect(await one.hold()).toBe(true)
  expect(await other.hold()).toBe(false)
  await one.catchUp()
  await one.stop()
  await append(250, receipts.length)
  expect(await other.hold()).toBe(true)
  expect(await other.behind()).toBe(150)
  await other.catchUp()
  await other.stop()

  const now_ms = await stores[1].now()
  const range = { from_ms: now_ms - 3_600_000, to_ms: now_ms, step: 'all' as const, where: {} }
  const decisions = receipts.filter(({ kind }) => kind === 'decision')
  const { rows } = await stores[1].query((db) => countsOf(db, { ...range, by: ['agent'] }))
  expect(rows.reduce((sum, { allowed, denied }) => sum + allowed + denied, 0)).toBe(decisions.length)
  const debits = await stores[1].query((db) => namedOf(db, { ...range, by: [], kind: 'debit' }))
  const spent = decisions.flatMap((one) => (one.kind === 'decision' ? one.debits : []))
  expect(debits.rows[0]?.total).toBe(spent.reduce((sum, { amount }) => sum + amount, 0))
})
