/** What the screens of outputs ask for. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { duration } from '../../parts/duration.ts'
import { words } from '../../words/words.ts'

const t = words.outputs
const WAITING_EVERY_MS = 5_000

export type Outputs = paths['/v1/outputs']['get']['responses'][200]['content']['application/json']
export type OutputView = Outputs['outputs'][number]
export type About = paths['/v1/outputs/{id}']['get']['responses'][200]['content']['application/json']
export type ReviewView = paths['/v1/reviews/{id}']['get']['responses'][200]['content']['application/json']
export type Coverage =
  paths['/v1/outputs/coverage']['get']['responses'][200]['content']['application/json']['rows'][number]
export const COVERAGE_BY = ['kind', 'agent', 'day', 'system'] as const

export const waitingQuery = {
  queryKey: ['outputs', 'waiting'],
  queryFn: () => said(api.GET('/v1/outputs', { params: { query: { waiting: 'true' } } })),
  refetchInterval: WAITING_EVERY_MS,
} as const

export const outputsQuery = {
  queryKey: ['outputs', 'all'],
  queryFn: ({ pageParam }: { readonly pageParam: number | null }) =>
    said(api.GET('/v1/outputs', { params: { query: pageParam === null ? {} : { before: pageParam } } })),
  initialPageParam: null as number | null,
  getNextPageParam: ({ next }: Outputs) => next,
} as const

export function outputQuery(id: string) {
  return {
    queryKey: ['outputs', 'one', id],
    queryFn: () => said(api.GET('/v1/outputs/{id}', { params: { path: { id } } })),
  } as const
}

export function kindText(kind: string): string {
  return kind.replaceAll('_', ' ')
}

/** How it stands, in words. @param now milliseconds */
export function standingOf({ held_until, flagged, refusals }: OutputView, now: number): string {
  const parts: string[] = []
  if (held_until !== null) parts.push(t.heldUntil(duration(Math.max(1_000, Date.parse(held_until) - now))))
  if (flagged > 0) parts.push(t.flagged)
  if (refusals > 0) parts.push(t.refused(refusals))
  return parts.length === 0 ? t.waits : parts.join('; ')
}
