/** What the parts of this screen read. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'

export type Labelled =
  paths['/v1/labels']['get']['responses'][200]['content']['application/json']['labels'][number]
export type Proposal =
  paths['/v1/labels/proposals']['get']['responses'][200]['content']['application/json']['proposals'][number]
export type ToolChange =
  paths['/v1/tools/changes']['get']['responses'][200]['content']['application/json']['changes'][number]

export const labelsQuery = { queryKey: ['labels'], queryFn: () => said(api.GET('/v1/labels')) } as const
export const changesQuery = {
  queryKey: ['tools', 'changes'],
  queryFn: () => said(api.GET('/v1/tools/changes')),
} as const
export const proposalsQuery = {
  queryKey: ['labels', 'proposals'],
  queryFn: () => said(api.GET('/v1/labels/proposals')),
} as const
