/** What questions about the counts cost, once a fold has taken millions of receipts over months. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { TelemetryFold } from '../../src/observe/telemetry/fold.ts'
import {
  countsOf,
  namedOf,
  type CountsQuestion,
  type NamedQuestion,
} from '../../src/observe/telemetry/query.ts'
import { DAY_MS } from '../../src/observe/telemetry/terms.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { loggedReceipts } from '../../test/fixtures/observed.ts'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { percentiles, type Percentiles } from '../measure.ts'

const START_MS = Date.parse('2026-01-01T00:00:00.000Z')
/** What the receipts are spread over. */
const DAYS = 30
const ROUNDS = 15

export interface Questions {
  readonly receipts: number
  readonly agents: number
  readonly days: number
  /** Rows of the table of counts. */
  readonly counts: number
  readonly places: number
  readonly questions: readonly {
    readonly question: string
    readonly rows: number
    readonly ms: Percentiles
  }[]
}

/** What a fold made of so many receipts, in SQLite: its tables are then those of any database. */
interface Filled {
  readonly store: Store
  readonly end_ms: number
  readonly agents: number
  remove(): Promise<void>
}

export async function measureSqlite(receipts: number): Promise<Questions> {
  const filled = await fill(receipts, 200)
  try {
    return await measured(filled.store, filled, receipts)
  } finally {
    await filled.remove()
  }
}

/** The tables are made in SQLite and copied: what is measured is the questions. */
export async function measurePostgres(receipts: number): Promise<Questions | { not_measured: string }> {
  let postgres: Postgres
  try {
    postgres = await Postgres.start()
  } catch (cause) {
    return { not_measured: String(cause) }
  }
  const filled = await fill(receipts, 500)
  try {
    const url = await postgres.database()
    const store = await openPostgresStore({ url })
    try {
      await copy(filled.store, url)
      return await measured(store, filled, receipts)
    } finally {
      await store.close()
    }
  } finally {
    await filled.remove()
    await postgres.remove()
  }
}

async function fill(receipts: number, agents: number): Promise<Filled> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
  // A call has 1.9 receipts.
  const apart_ms = Math.floor((DAYS * DAY_MS) / (receipts / 1.9))
  const terms = { agents, points: 20, tools: 5, start_ms: START_MS, apart_ms, seed: 9 }
  const fold = new TelemetryFold()
  await store.query((db) => fold.load(db))
  let end_ms = START_MS
  for (const logged of loggedReceipts(terms)) {
    fold.take(logged)
    end_ms = logged.time_ms
    const next = logged.index + 1
    if (next === receipts || (next % 2_000 === 0 && fold.isFull()))
      await store.write((tx) => fold.save(tx, next))
    if (next === receipts) break
  }
  const remove = async (): Promise<void> => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { store, end_ms, agents, remove }
}

const COPIED = ['places', 'counts', 'named_counts'] as const
/** In the order of their keys, so that the copy is written from front to back. */
const KEYS = {
  places: ['id'],
  counts: ['view', 'grain', 'bucket', 'place'],
  named_counts: ['view', 'kind', 'grain', 'bucket', 'place', 'name'],
} as const
const TEXTS = new Set(['agent', 'point', 'server', 'tool', 'totals_json', 'name'])
const CHUNK = 20_000

async function copy(from: Store, url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const table of COPIED) {
      const all = from.query((db) => {
        let rows = db.selectFrom(table).selectAll()
        for (const key of KEYS[table]) rows = rows.orderBy(key as never)
        return rows.execute()
      })
      const rows: readonly Readonly<Record<string, unknown>>[] = await all
      const columns = Object.keys(rows[0] ?? {})
      for (let at = 0; at < rows.length; at += CHUNK) {
        const some = rows.slice(at, at + CHUNK)
        const values = columns.map((column) => some.map((row) => row[column]))
        const types = columns.map((column, i) => `$${i + 1}::${TEXTS.has(column) ? 'text' : 'bigint'}[]`)
        const text = `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM unnest(${types.join(', ')})`
        await client.query(text, values)
      }
    }
    await client.query('VACUUM ANALYZE')
  } finally {
    await client.end()
  }
}

async function measured(
  store: Store,
  { end_ms, agents }: Pick<Filled, 'end_ms' | 'agents'>,
  receipts: number,
): Promise<Questions> {
  const questions: { question: string; rows: number; ms: Percentiles }[] = []
  for (const [question, asked] of Object.entries(questionsAt(end_ms))) {
    const took: number[] = []
    let rows = 0
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      const counts = await store.query<{ rows: readonly unknown[] }>((db) =>
        'kind' in asked ? namedOf(db, asked) : countsOf(db, asked),
      )
      rows = counts.rows.length
      took.push(performance.now() - start)
    }
    questions.push({ question, rows, ms: percentiles(took) })
  }
  const [counts, places] = await store.query(async (db) => {
    const count = async (table: 'counts' | 'places'): Promise<number> => {
      const row = await db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirst()
      return Number(row?.n)
    }
    return [await count('counts'), await count('places')]
  })
  return { receipts, agents, days: DAYS, counts, places, questions }
}

function questionsAt(to_ms: number): Record<string, CountsQuestion | NamedQuestion> {
  const asked = (days: number, over: Partial<NamedQuestion> = {}): CountsQuestion => {
    const from_ms = to_ms - days * DAY_MS
    return { by: [], where: {}, step: null, from_ms, to_ms, ...over }
  }
  const where = { agent: 'agt_7' }
  return {
    'all, a minute of the last 6 hours': asked(1 / 4),
    'all, an hour of the last 16 days': asked(16),
    'all, a day of the last 30 days': asked(30),
    'by agent, a minute of the last hour': asked(1 / 24, { by: ['agent'] }),
    'by agent, an hour of the last day': asked(1, { by: ['agent'], step: 'hour' }),
    'by agent, in all of the last 16 days': asked(16, { by: ['agent'], step: 'all' }),
    'by agent, in all of the last 30 days': asked(30, { by: ['agent'], step: 'all' }),
    'by tool, an hour of the last 16 days': asked(16, { by: ['server', 'tool'] }),
    'by reason, a day of the last 30 days': asked(30, { kind: 'reason' }),
    'one agent by tool, an hour of the last 16 days': asked(16, { by: ['tool'], where }),
    'one agent, debits a day of the last 30 days': asked(30, { kind: 'debit', where }),
    'one tool by agent, in all of the last day': asked(1, {
      by: ['agent'],
      where: { tool: 'tool_3' },
      step: 'all',
    }),
    'one point, an hour of the last 16 days': asked(16, { where: { point: 'pnt_3' } }),
  }
}
