/** What the screens of incidents ask for. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type Incidents = paths['/v1/incidents']['get']['responses'][200]['content']['application/json']
export type Listed = Incidents['incidents'][number]
export type IncidentView = paths['/v1/incidents/{id}']['get']['responses'][200]['content']['application/json']
export type Timeline =
  paths['/v1/incidents/{id}/timeline']['get']['responses'][200]['content']['application/json']

export const CONTAINED_BY = ['isolated', 'suspended', 'revoked', 'killed', 'fixed', 'not_needed'] as const
export const PHASES = ['note', 'cause', 'lessons'] as const

export const incidentsQuery = {
  queryKey: ['incidents'],
  queryFn: () => said(api.GET('/v1/incidents')),
} as const

export function incidentQuery(id: string) {
  return {
    queryKey: ['incidents', 'one', id],
    queryFn: () => said(api.GET('/v1/incidents/{id}', { params: { path: { id } } })),
  } as const
}

export function timelineQuery(id: string) {
  return {
    queryKey: ['incidents', 'timeline', id],
    queryFn: () => said(api.GET('/v1/incidents/{id}/timeline', { params: { path: { id } } })),
  } as const
}

/** Indices as somebody types them. @returns null: something else stands there */
export function indicesIn(text: string): number[] | null {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  return parts.length <= 64 && parts.every((part) => /^\d{1,12}$/.test(part)) ? parts.map(Number) : null
}
