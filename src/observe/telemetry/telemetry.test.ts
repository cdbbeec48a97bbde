import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fleetReceipts, loggedReceipts, take, type FleetTerms } from '../../../test/fixtures/observed.ts'
import { openSqliteStore } from '../../adapters/sqlite/sqlite-store.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { systemClock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { Logged } from '../fold.ts'
import { TelemetryFold } from './fold.ts'
import { countsOf, namedOf, type Counted, type Counts, type CountsQuestion, type Named } from './query.ts'
import { boundOf, DAY_MS, HOUR_MS, OTHER, type Kind } from './terms.ts'

const START = Date.parse('2026-03-01T22:00:00.000Z')
/** Four hours over a midnight. */
const TERMS: FleetTerms = { agents: 7, points: 3, tools: 4, start_ms: START, apart_ms: 4_000, seed: 1 }
const entries = take(loggedReceipts(TERMS), 6_800)
const RANGE = { from_ms: START, to_ms: START + 4 * HOUR_MS }

let folder: string
let store: Store

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-telemetry-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
})
beforeEach(clear)
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Folds what is not folded yet, saving after each of so many. */
async function fold(all: readonly Logged[], every = Infinity): Promise<TelemetryFold> {
  const one = new TelemetryFold()
  const start = await store.query((db) => one.load(db))
  let next = start
  for (const logged of all.slice(start)) {
    one.take(logged)
    next = logged.index + 1
    if (next % every === 0) await store.write((tx) => one.save(tx, next))
  }
  await store.write((tx) => one.save(tx, next))
  return one
}

type Asked = Partial<CountsQuestion>

function ask(asked: Asked): Promise<Counts<Counted>> {
  return store.query((db) => countsOf(db, { by: [], where: {}, step: null, ...RANGE, ...asked }))
}

function askNamed(kind: Kind, asked: Asked): Promise<Counts<Named>> {
  return store.query((db) => namedOf(db, { kind, by: [], where: {}, step: null, ...RANGE, ...asked }))
}

/** Decisions. */
function sumOf({ allowed, denied, asked }: Counted): number {
  return allowed + denied + asked
}

const decisions = entries.filter(
  (one): one is Logged & { entry: { body: DecisionReceipt } } =>
    one.entry.type === 'receipt' && one.entry.body.kind === 'decision',
)

const TABLES = ['cursors', 'places', 'counts', 'named_counts', 'open_calls'] as const

async function everything(): Promise<unknown> {
  return store.query((db) =>
    Promise.all(
      TABLES.map(async (table) => {
        const rows: object[] = await db.selectFrom(table).selectAll().execute()
        return rows.map((row) => JSON.stringify(row)).toSorted()
      }),
    ),
  )
}

function clear(): Promise<void> {
  return store.write(async ({ db }) => {
    for (const table of TABLES) await db.deleteFrom(table).execute()
  })
}

describe('what is counted', () => {
  test('adds up to the receipts, by whatever is asked', async () => {
    await fold(entries, 3_000)
    for (const by of [['agent'], ['point'], ['server', 'tool'], ['agent', 'tool'], []] as const) {
      const expected = new Map<string, number>()
      for (const { entry } of decisions) {
        const { agent, point, server, tool } = entry.body
        const labels: Record<string, string | null> = { agent, point, server, tool }
        const key = by.map((one) => labels[one]).join(' ')
        expected.set(key, (expected.get(key) ?? 0) + 1)
      }
      const { rows } = await ask({ by, step: 'all' })
      expect(new Map(rows.map((row) => [by.map((one) => row[one]).join(' '), sumOf(row)]))).toEqual(expected)
      const inTime = await ask({ by, step: 'hour' })
      expect(new Set(inTime.rows.map(({ t }) => t)).size).toBe(4)
      expect(inTime.rows.reduce((sum, row) => sum + sumOf(row), 0)).toBe(decisions.length)
    }
  })

  test('lies in the minute, hour and day of its entry', async () => {
    await fold(entries)
    for (const [step, size] of [
      ['minute', 60_000],
      ['hour', HOUR_MS],
      ['day', DAY_MS],
    ] as const) {
      const expected = new Map<number, number>()
      for (const { time_ms, entry } of decisions) {
        if (entry.body.decision !== 'deny') continue
        const t = time_ms - (time_ms % size)
        expected.set(t, (expected.get(t) ?? 0) + 1)
      }
      const { rows } = await ask({ step })
      const denied = rows.filter((row) => row.denied > 0).map((row) => [row.t, row.denied] as const)
      expect(new Map(denied)).toEqual(expected)
    }
  })

  test('is the same however often it was saved and taken up again', async () => {
    await fold(entries)
    const whole = await everything()
    await clear()
    for (let upTo = 0; upTo < entries.length; upTo += 777) await fold(entries.slice(0, upTo), 500)
    await fold(entries)
    expect(await everything()).toEqual(whole)
  })

  test('has latencies, reasons and debits of each agent', async () => {
    await fold(entries)
    const agent = 'agt_3'
    const mine = decisions.filter(({ entry }) => entry.body.agent === agent)
    const spent = mine.flatMap(({ entry }) => entry.body.debits).reduce((sum, { amount }) => sum + amount, 0)
    const debits = await askNamed('debit', { where: { agent }, step: 'all' })
    expect(debits.rows.map(({ name, total }) => ({ name, total }))).toEqual([
      { name: 'amount USD', total: spent },
    ])
    const denied = mine.filter(({ entry }) => entry.body.decision === 'deny').length
    const reasons = await askNamed('reason', { where: { agent }, step: 'all' })
    expect(reasons.rows).toMatchObject([{ name: 'SCOPE_VIOLATION', n: denied }])
    const [row] = (await ask({ where: { agent }, step: 'all' })).rows
    expect(row).toMatchObject({ denied, allowed: mine.length - denied, stopped: 0, unknown: 0 })
    expect(row?.latencies).toBe((row?.finished ?? 0) + (row?.failed ?? 0))
    expect(row?.within_1s).toBe(row?.latencies)
    expect(row?.within_100ms).toBeLessThan(row?.latencies ?? 0)
  })
})

describe('names that callers choose', () => {
  test('are counted apart up to a limit for each agent, and alike after a restart', async () => {
    const [first] = take(fleetReceipts(TERMS), 1)
    const flood = Array.from({ length: 700 }, (_, index): Logged => {
      const body = { ...first, action: `act_${index}`, seq: index + 1, tool: `made_up_${index}` }
      return { ...entries[0]!, index, entry: { ...entries[0]!.entry, body } as Logged['entry'] }
    })
    await fold(flood.slice(0, 600))
    await fold(flood)
    const { rows } = await ask({ by: ['tool'], step: 'all' })
    expect(rows).toHaveLength(513)
    expect(rows[0]).toMatchObject({ tool: OTHER, allowed: 188 })
  })
})

test('a latency belongs to the least bound that it does not exceed', () => {
  expect([0, 10, 11, 300_000, 300_001].map(boundOf)).toEqual([0, 0, 1, 13, 14])
})
