/** What is counted, by what, in which buckets. spec/telemetry.md (TEL-6 to TEL-8). @module */

/** What a series is of. Its place here is part of a stored scope: add at the end. */
export const KINDS = ['decision', 'reason', 'outcome', 'latency', 'debit'] as const
export type Kind = (typeof KINDS)[number]

/** Which dimensions a series has. Its place here is part of a stored scope: add at the end. */
export const VIEWS = ['fleet', 'agent', 'point', 'tool', 'all'] as const
export type View = (typeof VIEWS)[number]

export const DIMENSIONS = ['agent', 'point', 'server', 'tool'] as const
export type Dimension = (typeof DIMENSIONS)[number]

export const GRAINS = ['minute', 'hour', 'day'] as const
export type Grain = (typeof GRAINS)[number]

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
export const GRAIN_MS: Readonly<Record<Grain, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS }
/** How long buckets are kept. */
export const KEPT_MS: Readonly<Record<Grain, number>> = {
  minute: 2 * DAY_MS,
  hour: 35 * DAY_MS,
  day: 1_100 * DAY_MS,
}

const KINDS_MAX = 16

/** One number for view and kind, by which rows that are asked for together lie together. */
export function scopeOf(view: View, kind: Kind): number {
  return VIEWS.indexOf(view) * KINDS_MAX + KINDS.indexOf(kind)
}

export function viewOf(scope: number): View {
  return VIEWS[Math.floor(scope / KINDS_MAX)] ?? 'all'
}

export function kindOf(scope: number): Kind {
  return KINDS[scope % KINDS_MAX] ?? 'decision'
}

/** The view that has these dimensions and the fewest others. */
export function viewWith(dimensions: ReadonlySet<Dimension>): View {
  const has = (...names: readonly Dimension[]): boolean => names.some((name) => dimensions.has(name))
  const [agent, point, tool] = [has('agent'), has('point'), has('server', 'tool')]
  if (Number(agent) + Number(point) + Number(tool) > 1) return 'all'
  return agent ? 'agent' : point ? 'point' : tool ? 'tool' : 'fleet'
}

/** Upper bounds of latencies, in seconds: those that OpenTelemetry advises for `mcp.server.operation.duration`. */
export const LATENCY_BOUNDS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const
const NAMES = [...LATENCY_BOUNDS_S.map(String), '+Inf']

/** The name of a latency's series: the least bound that it does not exceed. */
export function boundOf(latency_ms: number): string {
  let at = 0
  while (at < LATENCY_BOUNDS_S.length && latency_ms > (LATENCY_BOUNDS_S[at] ?? 0) * 1_000) at++
  return NAMES[at] ?? '+Inf'
}

/** In the place of what is counted no further apart (TEL-9). */
export const OTHER = '*'
