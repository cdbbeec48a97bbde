/**
 * How long coverage takes to ask for over a million outputs: a year of 40 agents over 5 systems, one in ten without an
 * attestation. spec/attestation.md (ATT-27).
 * @module
 */
import { sql } from 'kysely'
import { openScratch } from '../../src/adapters/sqlite/offline.ts'
import { coverage, COVERAGE_BY, deviations } from '../../src/registry/coverage.ts'

const OUTPUTS = 1_000_000
const [DAYS, AGENTS, SYSTEMS] = [365, 40, 5]
const YEAR_MS = Date.parse('2026-01-01T00:00:00.000Z')
const ROUNDS = 11

export interface CoverageFigures {
  readonly outputs: number
  /** Rows of the table of counters. */
  readonly counters: number
  /** Milliseconds, medians: a whole year by kind, agent, system and day. */
  readonly ms: Readonly<Record<(typeof COVERAGE_BY)[number], number>>
  readonly deviations_ms: number
}

export async function benchCoverage(outputs = OUTPUTS): Promise<CoverageFigures> {
  const scratch = openScratch()
  const { db } = scratch
  // As the registers would have left them (test: coverage.test.ts), put there by the database itself.
  await sql`
    INSERT INTO outputs SELECT 'out_' || value, value, 'letter', '{}', 'agt_' || (value / ${DAYS} % ${AGENTS}),
      'sys_' || (value / ${DAYS * AGENTS} % ${SYSTEMS}), 'pnt_a', ${YEAR_MS} + value % ${DAYS} * 86400000,
      ${YEAR_MS} + value % ${DAYS} * 86400000, CASE WHEN value % 10 = 0 THEN NULL ELSE 'att_' || value END, 0, '', NULL
    FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < ${outputs - 1})
      SELECT value FROM n)`.execute(db)
  await sql`
    INSERT INTO coverage SELECT kind, agent, system, strftime('%Y-%m-%d', released / 1000, 'unixepoch') AS day,
      count(*), 0, 0, count(attestation) FROM outputs GROUP BY day, kind, agent, system`.execute(db)
  const { n } = await db
    .selectFrom('coverage')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  const year = { from: '2026-01-01', to: '2027-01-01' }
  const ms = { kind: 0, agent: 0, system: 0, day: 0 }
  for (const by of COVERAGE_BY) ms[by] = await median(() => coverage(db, by, year))
  const deviations_ms = await median(() => deviations(db))
  scratch.close()
  return { outputs, counters: n, ms, deviations_ms }
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    await work()
    took.push(performance.now() - start)
  }
  return Math.round((took.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0) * 10) / 10
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchCoverage())}\n`)
