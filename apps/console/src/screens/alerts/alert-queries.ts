/** What the screens of alerts ask for. @module */
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type AlertView = paths['/v1/alerts/{id}']['get']['responses'][200]['content']['application/json']
export const STATUSES = ['open', 'acknowledged', 'closed'] as const
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
/** What the control plane sends at once. */
const PAGE = 200
const EVERY_MS = 15_000

export function alertsQuery(status: AlertView['status'] | undefined, canaries: boolean) {
  return infiniteQueryOptions({
    queryKey: ['alerts', 'list', status ?? '', canaries],
    queryFn: ({ pageParam }: { pageParam: number | null }) =>
      said(
        api.GET('/v1/alerts', {
          params: {
            query: {
              ...(status === undefined ? {} : { status }),
              ...(canaries ? { canaries: 'true' as const } : {}),
              ...(pageParam === null ? {} : { before: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null,
    getNextPageParam: ({ alerts }) =>
      alerts.length < PAGE ? undefined : (alerts.at(-1)?.entry ?? undefined),
    refetchInterval: EVERY_MS,
  })
}
