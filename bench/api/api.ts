/**
 * `npm run bench -- api`: what the screens of the console wait for with ten thousand agents and millions of receipts, and
 * what a thousand who watch cost the enforcement path.
 * @module
 */
import { Postgres } from '../../test/fixtures/postgres.ts'
import type { NotMeasured } from '../log/postgres.ts'
import { machine, ownCommit, type Machine } from '../machine.ts'
import { plant } from './plant.ts'
import { tableOf } from './report.ts'
import { measureScreens, type Asked } from './screens.ts'
import { measureViewers, type Viewed } from './viewers.ts'

export interface Screens {
  readonly agents: number
  readonly receipts: number
  /** From the start of the control plane until it had folded and published all of it, in milliseconds. */
  readonly caught_up_ms: number
  readonly asked: readonly Asked[]
}

export interface Report {
  readonly benchmark: 'api'
  readonly machine: Machine
  readonly countersign: string
  readonly sqlite: Screens
  readonly postgres: Screens | NotMeasured
  /** On SQLite. */
  readonly viewers: Viewed
}

const AGENTS = 10_000
const SQLITE_RECEIPTS = 1_000_000
const POSTGRES_RECEIPTS = 10_000_000

export async function api({ json, short }: { json: boolean; short: boolean }): Promise<void> {
  const share = short ? 0.1 : 1
  const ran_on = machine()
  const { screens: sqlite, viewers } = await onSqlite(SQLITE_RECEIPTS * share)
  const report: Report = {
    benchmark: 'api',
    machine: ran_on,
    countersign: ownCommit(),
    sqlite,
    postgres: await onPostgres(POSTGRES_RECEIPTS * share),
    viewers,
  }
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}

async function onSqlite(receipts: number): Promise<{ screens: Screens; viewers: Viewed }> {
  const company = await plant({ agents: AGENTS, receipts })
  try {
    const asked = await measureScreens(company)
    const screens = { agents: AGENTS, receipts, caught_up_ms: company.caught_up_ms, asked }
    return { screens, viewers: await measureViewers(company) }
  } finally {
    await company.guard.close()
    await company.stage.remove()
  }
}

async function onPostgres(receipts: number): Promise<Screens | NotMeasured> {
  let server: Postgres
  try {
    server = await Postgres.start()
  } catch (cause) {
    return { not_measured: cause instanceof Error ? cause.message : 'PostgreSQL does not start here' }
  }
  try {
    const company = await plant({ agents: AGENTS, receipts }, await server.database())
    try {
      const asked = await measureScreens(company)
      return { agents: AGENTS, receipts, caught_up_ms: company.caught_up_ms, asked }
    } finally {
      await company.guard.close()
      await company.stage.remove()
    }
  } finally {
    await server.remove()
  }
}
