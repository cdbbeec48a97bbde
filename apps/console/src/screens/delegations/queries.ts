/** Delegations and drafts as the control plane tells them. @module */
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

type Ok<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer T } } }
}
  ? T
  : never

export type DelegationRow = Ok<'/v1/delegations', 'get'>['delegations'][number]
export type DraftRow = Ok<'/v1/delegations/drafts', 'get'>['drafts'][number]
export type DraftAnswer = Ok<'/v1/delegations/drafts/{jti}', 'get'>
export type Drafted = Ok<'/v1/delegations/drafts', 'post'>

const PAGE = 100
export const STATUSES = ['in_force', 'expired', 'revoked'] as const
export type Status = (typeof STATUSES)[number]

export function isStatus(text: string | undefined): text is Status {
  return STATUSES.some((status) => status === text)
}

/** @param now_ms by the control plane's clock, where it is known */
export function statusOf({ revoked, exp }: DelegationRow, now_ms: number): Status {
  if (revoked) return 'revoked'
  return exp * 1000 > now_ms ? 'in_force' : 'expired'
}

export function useDelegations({
  status,
  agent,
}: {
  status?: string | undefined
  agent?: string | undefined
}) {
  const filter = { ...(isStatus(status) && { status }), ...(agent !== undefined && { agent }) }
  return useInfiniteQuery({
    queryKey: ['delegations', 'list', filter],
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/delegations', {
          params: { query: { limit: PAGE, ...filter, ...(pageParam !== null && { before: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ delegations }) =>
      delegations.length < PAGE ? null : (delegations.at(-1)?.jti ?? null),
  })
}

export const draftsQuery = {
  queryKey: ['delegations', 'drafts'],
  queryFn: () => said(api.GET('/v1/delegations/drafts')),
} as const
