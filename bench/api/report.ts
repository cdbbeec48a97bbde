/** The figures as text. @module */
import type { Report, Screens } from './api.ts'

export function tableOf({ countersign, machine, sqlite, postgres, viewers }: Report): string {
  const { without_us, with_us } = viewers
  return [
    `api, countersign ${countersign}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}, load ${machine.load_1m}`,
    '',
    ...linesOf('SQLite', sqlite),
    '',
    ...('not_measured' in postgres
      ? [`PostgreSQL not measured: ${postgres.not_measured}`]
      : linesOf('PostgreSQL', postgres)),
    '',
    `a call through a point, ${viewers.calls_per_s} a second: ${without_us.p50} us p50, ${without_us.p99} us p99; with ${viewers.viewers} viewers: ${with_us.p50} us p50, ${with_us.p99} us p99 (${viewers.events} events sent)`,
    '',
  ].join('\n')
}

function linesOf(title: string, { agents, receipts, caught_up_ms, asked }: Screens): string[] {
  return [
    `${title}: ${agents} agents, ${receipts} receipts, caught up after ${Math.round(caught_up_ms / 1000)} s; ms p50, p99, bytes`,
    ...asked.map(
      ({ screen, ms, bytes }) =>
        `  ${screen.padEnd(24)} ${String(ms.p50).padStart(8)} ${String(ms.p99).padStart(8)} ${String(bytes).padStart(9)}`,
    ),
  ]
}
