/** The report for people: each figure with its target. @module */
import type { FleetFigures, Spread } from './fleet.ts'
import type { Report } from './revoke.ts'

const NAME_CHARS = 62
const COLUMN_CHARS = 14

export function tableOf(report: Report): string {
  const { limits, machine, partition, points_1000, points_10000 } = report
  return [
    `revoke, ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.os}`,
    `Node ${machine.node}, countersign ${report.countersign}, load ${machine.load_1m} at the start`,
    '',
    row('', ['measured', 'target', 'met']),
    ...fleet('1,000 points', points_1000, 50),
    ...('not_measured' in points_10000
      ? [row(`10,000 points: ${points_10000.not_measured}`, [])]
      : fleet('10,000 points', points_10000, 200)),
    ...against(
      `partitioned: the last allow after acknowledgement, ${partition.points} points, ms`,
      partition.worst_allow_after_ms,
      partition.bound_ms,
    ),
    ...Object.entries(partition.worst_by_network_ms).map(([network, ms]) =>
      row(`  network ${network}`, [ms.toFixed(1)]),
    ),
    row('memory of the server by subscriber, bytes', [
      report.memory_per_subscriber_bytes === null ? '-' : count(report.memory_per_subscriber_bytes),
    ]),
    ...spread('a plain fsync where the server keeps its data, ms', report.fsync),
    row('processor time of the server by acknowledgement of a point, us', [
      count(report.acks.cpu_us_per_ack),
    ]),
    row('revocations/s, acknowledged, with 1,000 points', [count(report.revocations_per_s)]),
    row('  and denied by every one', [count(report.revocations_denied_per_s)]),
    row('calls/s of one point under a cap, leased', [count(limits.leased_calls_per_s)]),
    row('calls/s of one point under a cap, central counter', [count(limits.central_calls_per_s)]),
    '',
  ].join('\n')
}

function fleet(name: string, figures: FleetFigures, target_ms: number): string[] {
  const { acknowledged, bare, complete, last, last_allow, meanwhile } = figures
  return [
    ...against(`${name}: from request to denial, p99, ms`, figures.p99_ms, target_ms),
    ...spread('  all', figures),
    ...spread('  the last of all, by round', last),
    ...spread(`  ${complete.points} complete points: first denied call`, complete),
    ...spread('  complete points: last call handed over', last_allow),
    ...spread(`  ${count(bare.subscribers)} bare subscribers`, bare),
    ...spread('  answer to the request', acknowledged),
    ...spread('  requests of others meanwhile', meanwhile),
  ]
}

function spread(name: string, { p50_ms, p99_ms, max_ms }: Spread): string[] {
  return [row(`${name}: p50, p99, max`, [p50_ms.toFixed(1), p99_ms.toFixed(1), max_ms.toFixed(1)])]
}

function against(name: string, value: number, target: number): string[] {
  return [row(name, [value.toFixed(1), `<= ${count(target)}`, value <= target ? 'yes' : 'no'])]
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function row(name: string, figures: readonly string[]): string {
  return `${name.padEnd(NAME_CHARS)}${figures.map((text) => text.padStart(COLUMN_CHARS)).join('')}`.trimEnd()
}
