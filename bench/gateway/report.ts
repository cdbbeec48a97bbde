/** What `bench -- gateway` says, as JSON and as a table. @module */
import type { Machine } from '../machine.ts'
import type { Percentiles } from '../measure.ts'
import type { PeerRow } from './peers.ts'
import type { Spread } from './rounds.ts'

export interface RowFigures {
  /** One call after another. */
  readonly ms: Spread
  readonly calls_per_s_32: number
}

export type Rows = Record<string, RowFigures>

interface Rounds {
  readonly sequential: number
  readonly together: number
}

export interface StdioFigures {
  /** More than direct. */
  readonly added_ms: Readonly<Record<'durable' | 'not_durable' | 'noop', Spread>>
  readonly calls_per_s_32: number
  readonly ratio_32_to_direct: number
  readonly ratio_32_to_noop_proxy: number
  readonly ratio_32_not_durable_to_direct: number
  readonly ratio_32_noop_proxy_to_direct: number
  readonly rounds: Rounds
  readonly rows: Readonly<Rows>
}

export interface HttpFigures {
  readonly ratio_to_noop_proxy: number
  readonly ratio_to_direct: number
  readonly rounds: Rounds
  readonly rows: Readonly<Rows>
}

export interface PeerFigures {
  readonly rows: readonly (PeerRow & RowFigures & { readonly ratio_of_ours_to_it: number })[]
  readonly failed: Readonly<Record<string, string>>
}

export interface MemoryFigures {
  /** Through ours over stdio, durable, besides those that were timed before. */
  readonly calls: number
  readonly rss_mib_before: number | null
  readonly rss_mib_max: number
  readonly rss_mib_after: number | null
}

export interface Report {
  readonly benchmark: 'gateway'
  readonly machine: Machine
  readonly load_1m_at_the_end: number
  readonly countersign: string
  readonly server_everything: string
  /** Of the disk, before the rounds. */
  readonly fdatasync_ms: Spread
  /** A function behind a point in the process of its caller, durable: `bench -- protect`. */
  readonly protect_us: Percentiles
  readonly stdio: StdioFigures
  readonly http: HttpFigures
  readonly peers: PeerFigures
  readonly memory: MemoryFigures
}

export function tableOf(report: Report): string {
  const { machine, stdio, http, peers, memory } = report
  return [
    `gateway, ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.os}`,
    `Node ${machine.node}, countersign ${report.countersign}, server-everything ${report.server_everything}, load ${machine.load_1m} at the start, ${report.load_1m_at_the_end} at the end`,
    '',
    `${''.padEnd(56)}${['p50 ms', 'p99 ms', 'calls/s, 32'].map((text) => text.padStart(14)).join('')}`,
    row('stdio: direct', stdio.rows.direct),
    row('  through a proxy that does nothing', stdio.rows.noop),
    row('  through ours, durable', stdio.rows.durable),
    row('  through ours, without fdatasync', stdio.rows.unsynced),
    row('HTTP: direct', http.rows.direct),
    row('  through a proxy that does nothing', http.rows.noop),
    row('  through ours, durable', http.rows.durable),
    ...peers.rows.map((peer) => row(`  ${peer.name} ${peer.version}, before ${peer.in_front_of}`, peer)),
    ...Object.entries(peers.failed).map(([name, why]) => `  ${name}: not measured: ${why}`),
    '',
    figure('one append and fdatasync by itself, p50 / p99 ms', both(report.fdatasync_ms)),
    figure('protect, in process, p50 / p99 us', both(report.protect_us)),
    figure('stdio, added by ours, durable, p50 / p99 ms', both(stdio.added_ms.durable), '<= 0.30'),
    figure('  without fdatasync', both(stdio.added_ms.not_durable), '<= 0.10'),
    figure('  by the proxy that does nothing', both(stdio.added_ms.noop)),
    figure('stdio, 32 in flight, ours durable to direct', String(stdio.ratio_32_to_direct), '>= 0.75'),
    figure('  to the proxy that does nothing', String(stdio.ratio_32_to_noop_proxy)),
    figure('  ours without fdatasync to direct', String(stdio.ratio_32_not_durable_to_direct)),
    figure('  the proxy that does nothing to direct', String(stdio.ratio_32_noop_proxy_to_direct)),
    figure(
      'HTTP, 32 in flight, ours to the proxy that does nothing',
      String(http.ratio_to_noop_proxy),
      '>= 0.8',
    ),
    figure('  to direct', String(http.ratio_to_direct)),
    ...peers.rows.map((peer) => figure(`  to ${peer.name}`, String(peer.ratio_of_ours_to_it))),
    figure(
      `memory of ours, MiB: before, most, after ${memory.calls} calls`,
      `${memory.rss_mib_before} / ${memory.rss_mib_max} / ${memory.rss_mib_after}`,
    ),
    '',
  ].join('\n')
}

function row(name: string, figures: RowFigures | undefined): string {
  const { ms, calls_per_s_32 } = figures ?? { ms: { p50: Number.NaN, p99: Number.NaN }, calls_per_s_32: 0 }
  const values = [ms.p50.toFixed(3), ms.p99.toFixed(3), String(calls_per_s_32)]
  return name.padEnd(56) + values.map((value) => value.padStart(14)).join('')
}

function figure(name: string, value: string, target = ''): string {
  return `${name.padEnd(62)}${value.padStart(20)}  ${target}`.trimEnd()
}

function both({ p50, p99 }: Spread): string {
  return `${p50} / ${p99}`
}
