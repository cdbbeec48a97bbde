/**
 * `npm run bench -- observe`: how many receipts a second the folds take, what questions about a fleet cost once they have
 * taken millions, and how soon a finding is an alert.
 * @module
 */
import { machine, ownCommit, type Machine } from '../machine.ts'
import type { Percentiles } from '../measure.ts'
import { measureAlerts } from './alerts.ts'
import { measurePostgres, measureSqlite, type Questions } from './questions.ts'
import { tableOf } from './report.ts'
import { measureThroughput, type Throughput } from './throughput.ts'

/** `--json` prints it as it is. */
export interface Report {
  readonly benchmark: 'observe'
  readonly machine: Machine
  readonly countersign: string
  /** Through the observer as `countersign start` composes it, from SQLite, saves included. */
  readonly throughput: Throughput
  readonly sqlite: Questions
  readonly postgres: Questions | { readonly not_measured: string }
  /** Milliseconds from the commit of what is found to the commit of its alert, while receipts come in. */
  readonly alert_ms: Percentiles & { readonly max: number }
}

export interface ObserveOptions {
  readonly json: boolean
  /** A tenth of everything. */
  readonly short: boolean
}

const SQLITE_RECEIPTS = 1_000_000
const POSTGRES_RECEIPTS = 10_000_000
const THROUGHPUT_RECEIPTS = 500_000
const ALERTS = 200

export async function observe({ json, short }: ObserveOptions): Promise<void> {
  const share = short ? 0.1 : 1
  const ran_on = machine()
  const throughput = await measureThroughput(THROUGHPUT_RECEIPTS * share)
  const alert_ms = await measureAlerts(ALERTS * share)
  const sqlite = await measureSqlite(SQLITE_RECEIPTS * share)
  const postgres = await measurePostgres(POSTGRES_RECEIPTS * share)
  const report: Report = {
    benchmark: 'observe',
    machine: ran_on,
    countersign: ownCommit(),
    throughput,
    sqlite,
    postgres,
    alert_ms,
  }
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}
