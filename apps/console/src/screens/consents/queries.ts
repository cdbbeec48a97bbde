/** What these screens read, and the shapes of it. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type SubjectView =
  paths['/v1/data-subjects/{id}']['get']['responses'][200]['content']['application/json']
export type ConsentView = SubjectView['consents'][number]
export type RequestView = SubjectView['requests'][number]
export type Cascade =
  paths['/v1/data-subjects/{id}/cascades']['get']['responses'][200]['content']['application/json']['cascades'][number]

type Register = paths['/v1/consents']['get']['responses'][200]['content']['application/json']
export type ListedConsent = Register['consents'][number]

export function registerQuery({
  state,
  notice,
}: {
  readonly state: ListedConsent['state'] | undefined
  readonly notice: string | undefined
}) {
  const filter = { ...(state && { state }), ...(notice !== undefined && { notice }) }
  return {
    queryKey: ['consents', filter],
    queryFn: ({ pageParam }: { readonly pageParam: number | null }) =>
      said(
        api.GET('/v1/consents', {
          params: { query: { ...filter, ...(pageParam !== null && { before: pageParam }) } },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }: Register) => next,
  } as const
}

export const requestsQuery = {
  queryKey: ['subject-requests'],
  queryFn: () => said(api.GET('/v1/subject-requests')),
} as const

export function subjectQuery(id: string) {
  return {
    queryKey: ['subject', id],
    queryFn: () => said(api.GET('/v1/data-subjects/{id}', { params: { path: { id } } })),
  } as const
}

/** Read again while points are still to acknowledge. */
export function cascadesQuery(id: string) {
  return {
    queryKey: ['subject', id, 'cascades'],
    queryFn: () => said(api.GET('/v1/data-subjects/{id}/cascades', { params: { path: { id } } })),
  } as const
}
