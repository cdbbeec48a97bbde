/** The figures as text. @module */
import type { Report } from './observe.ts'
import type { Questions } from './questions.ts'

export function tableOf(report: Report): string {
  const { throughput, alert_ms, machine, postgres } = report
  const { receipts_per_s, rounds, folds, cpu_us, stall_ms_max } = throughput
  return [
    `observe, countersign ${report.countersign}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}, load ${machine.load_1m}`,
    '',
    `receipts a second through ${folds.join(', ')}: ${receipts_per_s} (rounds ${rounds.join(', ')}; ${cpu_us} us of processor each; event loop held up ${stall_ms_max} ms at most)`,
    `from cause to alert: ${alert_ms.p50} ms p50, ${alert_ms.p99} ms p99, ${alert_ms.max} ms at most`,
    '',
    ...questionLines('SQLite', report.sqlite),
    '',
    ...('not_measured' in postgres
      ? [`PostgreSQL not measured: ${postgres.not_measured}`]
      : questionLines('PostgreSQL', postgres)),
    '',
  ].join('\n')
}

function questionLines(
  title: string,
  { receipts, agents, days, counts, places, questions }: Questions,
): string[] {
  return [
    `${title}: ${receipts} receipts of ${agents} agents over ${days} days, ${places} places, ${counts} rows of counts; ms p50, p99`,
    ...questions.map(
      ({ question, rows, ms }) =>
        `  ${question.padEnd(52)} ${String(ms.p50).padStart(8)} ${String(ms.p99).padStart(8)}  ${rows} rows`,
    ),
  ]
}
