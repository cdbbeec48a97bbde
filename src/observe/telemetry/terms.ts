/** What is counted, by what, in which buckets. spec/telemetry.md (TEL-6 to TEL-8). @module */
import type { CallCounts } from '../../ports/observe-tables.ts'

/** Which dimensions a place has. Its index is stored: add at the end. */
export const VIEWS = ['fleet', 'agent', 'point', 'tool', 'all'] as const
export type View = (typeof VIEWS)[number]

export const DIMENSIONS = ['agent', 'point', 'server', 'tool'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** What is counted by a name. Its index is stored: add at the end. */
export const KINDS = ['reason', 'debit'] as const
export type Kind = (typeof KINDS)[number]

export const GRAINS = ['minute', 'hour', 'day'] as const
export type Grain = (typeof GRAINS)[number]

export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
export const GRAIN_MS: Readonly<Record<Grain, number>> = { minute: 60_000, hour: HOUR_MS, day: DAY_MS }
/** How long buckets are kept. */
export const KEPT_MS: Readonly<Record<Grain, number>> = {
  minute: 2 * DAY_MS,
  hour: 35 * DAY_MS,
  day: 1_100 * DAY_MS,
}

/** In the order of the columns. */
export const COLUMNS = [
  'allowed',
  'denied',
  'asked',
  'finished',
  'failed',
  'stopped',
  'unknown',
  'latency_ms',
  'latencies',
  'within_100ms',
  'within_1s',
  'within_10s',
] as const satisfies readonly (keyof CallCounts)[]
export type Column = (typeof COLUMNS)[number]

/** By index in {@link COLUMNS}. */
export const AT = Object.fromEntries(COLUMNS.map((name, at) => [name, at])) as Readonly<
  Record<Column, number>
>

/** The view that has these dimensions and the fewest others. */
export function viewWith(dimensions: ReadonlySet<Dimension>): View {
  const has = (...names: readonly Dimension[]): boolean => names.some((name) => dimensions.has(name))
  const [agent, point, tool] = [has('agent'), has('point'), has('server', 'tool')]
  if (Number(agent) + Number(point) + Number(tool) > 1) return 'all'
  return agent ? 'agent' : point ? 'point' : tool ? 'tool' : 'fleet'
}

/** Upper bounds of latencies, in seconds: those that OpenTelemetry advises for `mcp.server.operation.duration`. */
export const LATENCY_BOUNDS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const

/** Which bound is the least that a latency does not exceed; past the last for one that exceeds all. */
export function boundOf(latency_ms: number): number {
  let at = 0
  while (at < LATENCY_BOUNDS_S.length && latency_ms > (LATENCY_BOUNDS_S[at] ?? 0) * 1_000) at++
  return at
}

/** In the place of what is counted no further apart (TEL-9). */
export const OTHER = '*'
