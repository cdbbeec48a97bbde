/** The report for people: each figure with its target and, where there is one, what the plain database did. @module */
import type { GrowthStep } from './growth.ts'
import type { Report } from './log.ts'

const NAME_CHARS = 62
const COLUMN_CHARS = 14

export function tableOf(report: Report): string {
  const { embedded, machine, plain, postgres, verify_1m: verify, verify_1m_tree: tree } = report
  const sqlite = plain.sqlite_rows_per_s
  return [
    `log, ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.os}`,
    `Node ${machine.node}, countersign ${report.countersign}, load ${machine.load_1m} at the start`,
    '',
    row(`entries of ${report.entry_bytes} bytes, ${report.in_flight} in flight`, [
      'measured',
      'target',
      'met',
    ]),
    ...against('embedded: appends/s, durable and under a checkpoint', embedded.appends_per_s, 80_000, 'min'),
    row('  of those rounds, slowest and fastest', range(embedded.rounds)),
    row('  acknowledged/s', [count(embedded.acks_per_s)]),
    row('  with a publisher thread, appends/s', [count(report.embedded_thread.appends_per_s)]),
    row('  processor time an entry, all threads, us', [embedded.cpu_us_per_entry.toFixed(2)]),
    row('yardstick: rows/s, plain batched INSERT, node:sqlite', [count(sqlite)]),
    row('  of those rounds, slowest and fastest', range(plain.sqlite_rounds)),
    row('  ours by the yardstick', [(embedded.appends_per_s / sqlite).toFixed(2)]),
    ...('not_measured' in postgres
      ? [row(`PostgreSQL: ${postgres.not_measured}`, [])]
      : [
          ...against(
            'PostgreSQL: appends/s, durable and under a checkpoint',
            postgres.appends_per_s,
            60_000,
            'min',
          ),
          row('  of those rounds, slowest and fastest', range(postgres.rounds)),
          row('  ack of one append when idle, p50 and p99, ms', [
            postgres.ack_idle_ms.p50.toFixed(2),
            postgres.ack_idle_ms.p99.toFixed(2),
          ]),
          row('yardstick: rows/s, plain batched INSERT, PostgreSQL', [count(postgres.plain_rows_per_s)]),
          row('  ours by the yardstick', [(postgres.appends_per_s / postgres.plain_rows_per_s).toFixed(2)]),
        ]),
    ...against('embedded: ack of one append when idle, p50, ms', embedded.ack_idle_ms.p50, 1, 'max'),
    row('  p99, ms', [embedded.ack_idle_ms.p99.toFixed(2)]),
    ...against(
      `verifying ${count(verify.entries)} entries, each by its schema, seconds`,
      verify.seconds,
      4,
      'max',
    ),
    ...against('  memory of that process, MB', verify.rss_mb, 300, 'max'),
    row('  the tree alone, seconds and MB', [tree.seconds.toFixed(2), count(tree.rss_mb)]),
    '',
    ...growthLines(report.growth),
    '',
  ].join('\n')
}

function growthLines(steps: readonly GrowthStep[]): string[] {
  const columns: readonly (readonly [string, (step: GrowthStep) => string])[] = [
    ['appends/s on the way there', ({ appends_per_s }) => count(appends_per_s)],
    ['ack when idle, p50, ms', ({ ack_idle_p50_ms }) => ack_idle_p50_ms.toFixed(2)],
    ['ack when idle, p99, ms', ({ ack_idle_p99_ms }) => ack_idle_p99_ms.toFixed(2)],
    ['database, bytes an entry', ({ database_bytes_per_entry: bytes }) => bytes.toFixed(0)],
    ['tiles, bytes an entry', ({ tile_bytes_per_entry: bytes }) => bytes.toFixed(0)],
    ['taking the signer’s place again, ms', ({ restart_ms }) => count(restart_ms)],
  ]
  return [
    row(
      'growth, embedded: entries',
      steps.map(({ size }) => count(size)),
    ),
    ...columns.map(([name, figure]) => row(name, steps.map(figure))),
  ]
}

function against(name: string, value: number, target: number, is: 'min' | 'max'): string[] {
  const met = is === 'min' ? value >= target : value <= target
  const shown = Number.isInteger(value) ? count(value) : value.toFixed(2)
  return [row(name, [shown, `${is === 'min' ? '>=' : '<='} ${count(target)}`, met ? 'yes' : 'no'])]
}

function range(values: readonly number[]): string[] {
  return [count(Math.min(...values)), count(Math.max(...values))]
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function row(name: string, figures: readonly string[]): string {
  return `${name.padEnd(NAME_CHARS)}${figures.map((text) => text.padStart(COLUMN_CHARS)).join('')}`.trimEnd()
}
