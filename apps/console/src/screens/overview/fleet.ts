/** The fleet as the control plane tells it: once as a whole, then what changed. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type Fleet = paths['/v1/fleet']['get']['responses'][200]['content']['application/json']

/** As many as the stream tells of. */
const AGENTS = 200

export const fleetQuery = {
  queryKey: ['fleet'],
  queryFn: () => said(api.GET('/v1/fleet', { params: { query: { agents: AGENTS } } })),
} as const

/** The fleet after an event of `/v1/fleet/stream`. */
export function applyFleet(
  old: Fleet | undefined,
  kind: 'fleet' | 'agent' | 'point',
  data: unknown,
): Fleet | undefined {
  if (kind === 'fleet') return { ...old, ...(data as Fleet) }
  if (old === undefined) return old
  if (kind === 'agent') return { ...old, agents: withOne(old.agents, data as Fleet['agents'][number]) }
  return { ...old, points: withOne(old.points, data as Fleet['points'][number]) }
}

function withOne<T extends { readonly id: string }>(all: readonly T[], one: T): T[] {
  return all.some(({ id }) => id === one.id)
    ? all.map((old) => (old.id === one.id ? one : old))
    : [...all, one]
}
