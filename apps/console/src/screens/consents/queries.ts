/** What these screens read, and the shapes of it. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type SubjectView =
  paths['/v1/data-subjects/{id}']['get']['responses'][200]['content']['application/json']
export type ConsentView = SubjectView['consents'][number]
export type RequestView = SubjectView['requests'][number]
export type Cascade =
  paths['/v1/data-subjects/{id}/cascades']['get']['responses'][200]['content']['application/json']['cascades'][number]

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
